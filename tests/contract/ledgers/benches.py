"""A ledger on its bench, and one event of every kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.types.json import Jsonb

from core.assets import Asset
from core.case import Case, new_case
from core.codec import dump_event
from core.events import (
    Appealed,
    Claimed,
    Commissioned,
    EngineDeclined,
    EngineFailed,
    Event,
    Judged,
    Measured,
    Published,
    Recalled,
    Rendered,
    Resumed,
    Reversed,
    Ruled,
    Sealed,
    StageFailed,
    Submitted,
    ViewSealed,
    Waiting,
    Withdrawn,
)
from core.ports import Ledger, RecordedEvent
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Ruling, Verdict
from pipeline.ledgers.author_facts import PostgresAuthorFacts
from pipeline.ledgers.database import Database
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.ledgers.postgres_review_queue import PostgresReviewQueue
from pipeline.ledgers.rebuild_cases import rebuild_cases
from pipeline.moderation.postgres_bulk_reviews import PostgresBulkReviews, PostgresSavedSearches
from pipeline.moderation.postgres_exposure import PostgresExposure
from pipeline.testing.memory_bulk_reviews import MemoryBulkReviews, MemorySavedSearches
from pipeline.testing.memory_exposure import MemoryExposure
from pipeline.testing.memory_ledger import MemoryLedger
from pipeline.testing.memory_ledger_views import MemoryAuthorFacts
from pipeline.testing.memory_review_queue import MemoryReviewQueue

VIDEO = Asset(digest="a1" * 32, media_type="video/mp4", size=7)
PHOTO = Asset(digest="b2" * 32, media_type="image/png", size=5)
LATER = timedelta(minutes=1)

SUBMITTED = Submitted(author="ana", prompt="t1", references=(PHOTO,), cameos=("mira",), seconds=4.0)
MEASURED = Measured(
    signals=(
        Signal(subject=Subject.PROMPT, label="violence", score=0.25, source="terms/1", at=Span(start=0, end=4)),
        Signal(subject=Subject.PROMPT, label="person", score=None, source="people/2", note="no model"),
    ),
    seconds={"terms/1": 0.001},
)
EVERY_EVENT: tuple[Event, ...] = (
    SUBMITTED,
    MEASURED,
    Judged(
        verdict=Verdict(gate=Gate.PROMPT, decision=Decision.ALLOW, rules=("r",), policy="p1", reason="fine"),
        facts={"has_reference": False, "author_day": 3, "seconds": 5.0, "region": "DE"},
    ),
    Commissioned(engine="e", engine_version="1", job="j"),
    EngineDeclined(engine="e", code="policy"),
    Appealed(by="ana"),
    Ruled(ruling=Ruling(gate=Gate.PROMPT, decision=Decision.ALLOW, moderator="m", over=(), code="context")),
    Judged(verdict=Verdict(gate=Gate.PROMPT, decision=Decision.ALLOW, policy="p1")),
    Commissioned(engine="e", engine_version="1", job="k", at=datetime(2026, 11, 1, 12, tzinfo=UTC)),
    Waiting(phase="commissioned", reason="the engine is away", since=datetime(2026, 11, 1, 13, tzinfo=UTC)),
    Rendered(asset=VIDEO, engine="e", engine_version="1", duration=5.3, width=1280, height=720),
    Measured(signals=(Signal(subject=Subject.VIDEO, label="violence", score=0.5, source="frames/1"),)),
    Judged(verdict=Verdict(gate=Gate.VIDEO, decision=Decision.REFUSE, rules=("r",), policy="p1")),
    Appealed(by="ana", note="t2"),
    Ruled(ruling=Ruling(gate=Gate.VIDEO, decision=Decision.ALLOW, moderator="m", over=("r",), code="context")),
    Judged(verdict=Verdict(gate=Gate.VIDEO, decision=Decision.ALLOW, lifted=("r",), policy="p1")),
    Sealed(asset=VIDEO, payload="00ff", manifest_id="urn:x", manifest=PHOTO, soft_binding="b", fingerprint=("f",)),
    *[StageFailed(phase="sealed", kind="Unavailable", error="a line")] * 3,
    Resumed(by="op"),
    Published(url="https://example.org/v"),
    Recalled(by="m", code="mistake", note="t3"),
    Withdrawn(),
    ViewSealed(by="m", code="illegal_to_view", note="t5"),
    Claimed(claim="C", kind="copyright", law="us_dmca_512", step="decided", by="m", decision="upheld", code="mark"),
    Reversed(by="m", code="mistake", note="t6"),
)
FAILED_STORY: tuple[Event, ...] = (*EVERY_EVENT[:3], EngineFailed(engine="e", code="out_of_memory", reason="t4"))
"""A story that ends where the one above goes on."""
RENDERED = EVERY_EVENT[: [type(event) for event in EVERY_EVENT].index(Rendered) + 1]


@dataclass(frozen=True)
class Bench:
    """A ledger under test; `dsn` where it has one."""

    ledger: MemoryLedger | PostgresLedger
    facts: MemoryAuthorFacts | PostgresAuthorFacts
    reviews: MemoryReviewQueue | PostgresReviewQueue
    bulk: MemoryBulkReviews | PostgresBulkReviews
    searches: MemorySavedSearches | PostgresSavedSearches
    exposure: MemoryExposure | PostgresExposure
    dsn: str = ""
    database: Database | None = None


def the_time() -> datetime:
    return datetime.now(UTC)


def submit(ledger: Ledger, author: str = "ana") -> Case:
    return ledger.append(new_case(), [replace(SUBMITTED, author=author)])


def judged(decision: Decision, gate: Gate = Gate.PROMPT) -> Judged:
    return Judged(verdict=Verdict(gate=gate, decision=decision, policy="p"))


def insert(bench: Bench, case_id: str, revision: int, body: dict[str, object]) -> None:
    with psycopg.connect(bench.dsn) as connection:
        connection.execute("INSERT INTO events VALUES (%s, %s, %s)", [case_id, revision, Jsonb(body)])


def mark(writer: str) -> StageFailed:
    """An event that may follow a submission, once or twice, and says who wrote it."""
    return StageFailed(phase="submitted", kind="X", error=writer)


def already_stored(bench: Bench, case: Case, event: Event) -> None:
    """Past the ledger: this event stands in it, as it may in one that was written before there was a law."""
    if isinstance(bench.ledger, MemoryLedger):
        bench.ledger._entries[case.id].append(RecordedEvent(revision=case.revision + 1, at=the_time(), event=event))
        bench.ledger._cases[case.id] = case.apply([event])
        return
    insert(bench, case.id, case.revision + 1, dump_event(event))
    with psycopg.connect(bench.dsn) as connection:
        rebuild_cases(connection)
