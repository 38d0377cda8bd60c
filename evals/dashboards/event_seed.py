"""Many cases as they go, written straight into the tables: for how long panels ask, and for what they show."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import LiteralString

import psycopg
from psycopg.types.json import Jsonb

from core.assets import Asset
from core.codec import dump_event
from core.events import (
    Commissioned,
    Event,
    Judged,
    Measured,
    Published,
    Recalled,
    Rendered,
    Ruled,
    Sealed,
    StageFailed,
    Submitted,
    Withdrawn,
)
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate, Ruling, Verdict

Connection = psycopg.Connection[tuple[object, ...]]

RULES = ("prompt_gore", "prompt_hate", "prompt_sexual", "prompt_weapons", "video_gore", "video_nudity", "prompt_fraud")
_VARIANTS = 8  # of scores: cases differ
_BATCH = 20_000  # cases
_TURNS = 20  # of twenty cases in a row each has its own story
_EVENTS = """
INSERT INTO events (case_id, revision, body, at, hash)
SELECT lpad(to_hex(n), 16, '0'), %(revision)s,
       CASE WHEN %(body)s::jsonb #> '{verdict,rules,0}' IS NULL THEN %(body)s
            ELSE jsonb_set(%(body)s, '{verdict,rules,0}', to_jsonb((%(rules)s::text[])[1 + n %% 7])) END,
       now() - (%(total)s - n)::float8 / %(total)s * %(days)s * interval '1 day'
       + %(revision)s * (1 + n %% 13) * interval '0.4 s', '\\x00'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
WHERE n %% 20 = ANY(%(turns)s) AND (n / 20) %% %(variants)s = %(variant)s
"""
_CASES = """
INSERT INTO cases (id, revision, phase, author, body, digests, moved, due_at)
SELECT lpad(to_hex(n), 16, '0'), %(revision)s, %(phase)s, 'acct_' || n %% 40, %(body)s, '{}',
       now() - (%(total)s - n)::float8 / %(total)s * %(days)s * interval '1 day', now() + interval '1 hour'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
WHERE n %% 20 = ANY(%(turns)s) AND (n / 20) %% %(variants)s = %(variant)s
"""

Story = tuple[Event, ...]


def seed_events(connection: Connection, events: int, *, days: float) -> int:
    """Write about so many events over the days before now, and the cases that they make; returns how many there are.

    Of twenty cases fifteen are published, one of them at the second attempt to seal; one is taken down, two are
    refused, one is held and ruled on and one is held still. Scores are drawn with a fixed seed.
    """
    chance = random.Random(7)  # noqa: S311 - not for secrets
    variants = [_stories(chance) for _ in range(_VARIANTS)]
    each = sum(len(turns) * len(story) for turns, (_, story) in variants[0].items()) / _TURNS
    cases = round(events / each)
    connection.execute("SET statement_timeout = 0")
    _set_triggers(connection, "DISABLE")
    for first in range(0, cases, _BATCH):
        span = {"first": first, "last": min(first + _BATCH, cases) - 1, "total": cases, "days": days}
        for number, stories in enumerate(variants):
            _write(connection, stories, span | {"variants": _VARIANTS, "variant": number})
    _set_triggers(connection, "ENABLE")
    connection.execute("VACUUM ANALYZE events")
    connection.execute("VACUUM ANALYZE cases")
    row = connection.execute("SELECT count(*) FROM events").fetchone()
    return int(str(row[0])) if row else 0


def _set_triggers(connection: Connection, state: LiteralString) -> None:
    connection.execute(f"ALTER TABLE events {state} TRIGGER ALL")
    connection.execute(f"ALTER TABLE cases {state} TRIGGER ALL")


def _write(
    connection: Connection, stories: Mapping[tuple[int, ...], tuple[str, Story]], span: Mapping[str, object]
) -> None:
    for turns, (phase, story) in stories.items():
        here = {**span, "turns": list(turns), "rules": list(RULES)}
        for revision, event in enumerate(story, start=1):
            connection.execute(_EVENTS, {**here, "revision": revision, "body": Jsonb(dump_event(event))})
        verdict = {"gate": "prompt", "decision": 1, "rules": [RULES[0]]}
        verdicts = [verdict] if phase == "held" else []
        body = Jsonb({"submitted": {"seconds": 4.0, "prompt": "t" * 32}, "verdicts": verdicts})
        connection.execute(_CASES, {**here, "revision": len(story), "phase": phase, "body": body})


def _stories(chance: random.Random) -> dict[tuple[int, ...], tuple[str, Story]]:
    asked: Story = (Submitted(author="a", prompt="t" * 32), _measured(Subject.PROMPT, 12, chance))
    made = _made(chance)
    broken = StageFailed(phase="cleared", kind="SealBroken", error="the mark cannot be read back")
    ruling = Ruling(gate=Gate.PROMPT, decision=Decision.ALLOW, moderator="m", over=(RULES[0],), code="context")
    allowed, held = _judged(Gate.PROMPT, Decision.ALLOW), _judged(Gate.PROMPT, Decision.HOLD)
    return {
        tuple(range(14)): ("published", (*asked, allowed, *made)),
        (14,): ("published", (*asked, allowed, *made[:-2], broken, *made[-2:])),
        (15,): ("withdrawn", (*asked, allowed, *made, Recalled(by="m", code="likeness"), Withdrawn())),
        (16, 17): ("refused", (*asked, _judged(Gate.PROMPT, Decision.REFUSE))),
        (18,): ("published", (*asked, held, Ruled(ruling=ruling), allowed, *made)),
        (19,): ("held", (*asked, held)),
    }


def _made(chance: random.Random) -> Story:
    video = Asset(digest="a1" * 32, media_type="video/mp4", size=7)
    return (
        Commissioned(engine="e", engine_version="1", job="j"),
        Rendered(asset=video, engine="e", engine_version="1", duration=4.0),
        _measured(Subject.VIDEO, 20, chance),
        _judged(Gate.VIDEO, Decision.ALLOW),
        Sealed(asset=video, payload="00", manifest_id="m", manifest=video, soft_binding="b"),
        Published(url="u"),
    )


def _measured(subject: Subject, count: int, chance: random.Random) -> Measured:
    scores: Sequence[float | None] = [
        chance.betavariate(1, 5) if chance.random() > 0.02 else None for _ in range(count)
    ]
    signals = [
        Signal(subject=subject, label=f"label_{number}", score=score, source=f"classifier_{number % 5}/1")
        for number, score in enumerate(scores)
    ]
    return Measured(signals=tuple(signals))


def _judged(gate: Gate, decision: Decision) -> Judged:
    rules = () if decision is Decision.ALLOW else (RULES[0], "other")
    return Judged(verdict=Verdict(gate=gate, decision=decision, rules=rules, shadow=("quiet",), policy="p" * 64))
