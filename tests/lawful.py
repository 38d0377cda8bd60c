"""Lawful stories for tests: the way of a case, event by event, as the ledger demands it (core.transitions)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

from core.assets import Asset
from core.case import WAITED_TOO_LONG, Case, Phase
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
from core.ports import Ledger
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate, Ruling, Verdict

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
VIDEO = Asset(digest="a" * 64, media_type="video/mp4", size=1)
OTHER = Asset(digest="b" * 64, media_type="video/mp4", size=2)


def judged(gate: Gate, decision: Decision = Decision.ALLOW, *rules: str, **more: tuple[str, ...]) -> Judged:
    return Judged(verdict=Verdict(gate=gate, decision=decision, rules=rules, policy="ab" * 32, **more))


def ruled(gate: Gate, decision: Decision = Decision.ALLOW, *over: str, by: str = "m") -> Ruled:
    return Ruled(ruling=Ruling(gate=gate, decision=decision, moderator=by, over=over, code="context"))


def upheld_on_appeal(by: str = "m") -> Ruled:
    ruling = Ruling(gate=Gate.VIDEO, decision=Decision.REFUSE, moderator=by, over=(), code="confirmed", on_appeal=True)
    return Ruled(ruling=ruling)


WAY: dict[Phase, Event] = {
    Phase.SUBMITTED: Submitted(author="ana", prompt="t"),
    Phase.SCREENED: Measured(signals=()),
    Phase.ADMITTED: judged(Gate.PROMPT),
    Phase.COMMISSIONED: Commissioned(engine="e", engine_version="1", job="j"),
    Phase.RENDERED: Rendered(asset=VIDEO, engine="e", engine_version="1"),
    Phase.INSPECTED: Measured(signals=()),
    Phase.CLEARED: judged(Gate.VIDEO),
    Phase.SEALED: Sealed(asset=VIDEO, payload="00", manifest_id="m", manifest=VIDEO, soft_binding="b"),
    Phase.PUBLISHED: Published(url="u"),
    Phase.RECALLED: Recalled(by="m", code="mistake"),
    Phase.WITHDRAWN: Withdrawn(),
}
"""The phases on the way through, and the event that leads to each from the one before."""


def way_to(end: Phase, *, after: Phase = Phase.NEW, **instead: Event) -> list[Event]:
    """The events that lead a case from `after` to `end`, everything allowed at each gate.

    `instead` are events that a test cares about, by the name of the phase to which they lead: `sealed=Sealed(...)`.
    """
    phases = list(WAY)
    begin = 0 if after is Phase.NEW else phases.index(after) + 1
    way = phases[begin : phases.index(end) + 1]
    assert set(instead) <= {phase.value for phase in way}, "an event that this way does not meet"
    return [instead.get(phase.value, WAY[phase]) for phase in way]


def carry(ledger: Ledger, case: Case, end: Phase, **instead: Event) -> Case:
    """The case once this ledger has led it to `end`, from wherever on the way it is."""
    return ledger.append(case, way_to(end, after=case.phase, **instead))


def sealed_again(sealed: Sealed) -> list[Event]:
    """From SEALED to SEALED: the gate held it once more, a person measured anew, and it was sealed as another file."""
    held = judged(Gate.VIDEO, Decision.HOLD, "consent")
    return [held, Resumed(by="m", again=True), *way_to(Phase.SEALED, after=Phase.RENDERED, sealed=sealed)]


def possible(case: Case) -> tuple[Event, ...]:
    """Events of every kind that differ in what a law looks at, lawful now or not."""
    return _possible(case.phase, case.verdict.rules if case.verdict else ())


@cache
def _possible(phase: Phase, over: tuple[str, ...]) -> tuple[Event, ...]:
    return tuple(_events_of_each_kind(phase, over))


def _events_of_each_kind(phase: Phase, over: tuple[str, ...]) -> Iterator[Event]:
    yield from WAY.values()
    yield Rendered(asset=OTHER, engine="e", engine_version="1", duration=2.0)
    yield from (StageFailed(phase=phase.value, kind=kind, error="") for kind in ("Unavailable", "EngineFault"))
    yield StageFailed(phase=phase.value, kind=WAITED_TOO_LONG, error="")
    yield from (Waiting(phase=phase.value, reason=reason, since=NOON) for reason in ("away", ""))
    yield from (Appealed(by="a"), EngineDeclined(engine="e", code="c"), EngineFailed(engine="e", code="engine_error"))
    yield from (Resumed(by="m"), Resumed(by="m", again=True))
    for subject in (Subject.PROMPT, Subject.VIDEO):
        yield Measured(signals=(Signal(subject=subject, label="x", score=0.0, source="t/1"),))
    yield from (Recalled(by="m", code="rights"), Recalled(by="assay:claims", code="claim"))
    yield from (Reversed(by="m", code="mistake"), Reversed(by="m", code="appeal_granted"))
    yield Reversed(by="assay:claims", code="claim_rejected")
    yield upheld_on_appeal()
    yield ViewSealed(by="m", code="illegal_to_view")
    yield Claimed(claim="C", kind="copyright", law="us_dmca_512", step="decided", by="m")
    for gate in Gate:
        yield from (judged(gate, decision, *("r" * (decision > Decision.ALLOW))) for decision in Decision)
        yield judged(gate, Decision.HOLD, "r", missing=("r",))
        yield judged(gate, Decision.HOLD, "r", two_person=("r",), awaiting=("r",))
        for by in ("m", "m2"):
            yield from (ruled(gate, decision, *over, by=by) for decision in (Decision.ALLOW, Decision.REFUSE))
