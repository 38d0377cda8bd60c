"""A ledger on its bench, and one event of every kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.types.json import Jsonb

from core.assets import Asset
from core.case import Case, new_case
from core.events import (
    Appealed,
    Commissioned,
    EngineDeclined,
    Event,
    Faltered,
    Judged,
    Measured,
    Published,
    Recalled,
    Rendered,
    Resumed,
    Ruled,
    Sealed,
    Submitted,
    Withdrawn,
)
from core.ports import Ledger
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Ruling, Verdict
from pipeline.ledgers.facts import MemoryFacts, PostgresFacts
from pipeline.ledgers.memory import MemoryLedger
from pipeline.ledgers.postgres import PostgresLedger

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
    Rendered(asset=VIDEO, engine="e", engine_version="1", duration=5.3, width=1280, height=720),
    Judged(verdict=Verdict(gate=Gate.VIDEO, decision=Decision.HOLD, policy="p1")),
    Ruled(ruling=Ruling(gate=Gate.VIDEO, decision=Decision.ALLOW, moderator="m", over=("r",), code="context")),
    Sealed(asset=VIDEO, payload="00ff", manifest_id="urn:x", manifest=PHOTO, soft_binding="b", fingerprint=("f",)),
    Published(url="https://example.org/v"),
    Faltered(phase="sealed", kind="Unavailable", error="a line"),
    Resumed(by="op"),
    Appealed(by="ana", note="t2"),
    Recalled(by="m", code="likeness", note="t3"),
    Withdrawn(),
    EngineDeclined(engine="e", code="policy"),
)


@dataclass(frozen=True)
class Bench:
    """A ledger under test; `dsn` where it has one."""

    ledger: MemoryLedger | PostgresLedger
    facts: MemoryFacts | PostgresFacts
    dsn: str = ""


def the_time() -> datetime:
    return datetime.now(UTC)


def submit(ledger: Ledger, author: str = "ana") -> Case:
    return ledger.append(new_case(), [replace(SUBMITTED, author=author)])


def judged(decision: Decision, gate: Gate = Gate.PROMPT) -> Judged:
    return Judged(verdict=Verdict(gate=gate, decision=decision, policy="p"))


def insert(bench: Bench, case_id: str, revision: int, body: dict[str, object]) -> None:
    with psycopg.connect(bench.dsn) as connection:
        connection.execute("INSERT INTO events VALUES (%s, %s, %s)", [case_id, revision, Jsonb(body)])
