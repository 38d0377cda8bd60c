"""A case is everything known about one generation: the fold of its events, and nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from core.assets import Asset
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
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate, Ruling, Verdict

FAILURES_BEFORE_REVIEW = 3
_LOST_JOBS = ("EngineFault", "BadMedia", "PictureTooLarge")  # the job is spent: a new order helps, not another look
WAITED_TOO_LONG = "WaitedTooLong"
"""The kind of a StageFailed that asks a person at once: what is needed was away for as long as the settings allow."""


class Phase(StrEnum):
    """Where a case is: what has been done. ROUTE says what comes next."""

    NEW = "new"
    SUBMITTED = "submitted"
    SCREENED = "screened"
    ADMITTED = "admitted"
    COMMISSIONED = "commissioned"
    RENDERED = "rendered"
    INSPECTED = "inspected"
    CLEARED = "cleared"
    SEALED = "sealed"
    PUBLISHED = "published"
    HELD = "held"
    REFUSED = "refused"
    FAILED = "failed"
    RECALLED = "recalled"
    WITHDRAWN = "withdrawn"


class RecallAppeal(StrEnum):
    """Where an appeal of a recall stands. One that is granted reverses the recall, and is no more."""

    NONE = ""
    OPEN = "open"
    UPHELD = "upheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One generation.

    `revision` counts its events, `orders` what was ordered from engines; `held_at` is the phase to go
    back to from HELD. A case is HELD either because a verdict says so, or, with `last_failure` set, because
    a stage broke three times. `waiting` says what the next stage waits for, while that is away. `words` are texts: what
    is said and written in what was measured last. `view_seal` is what a person said last of who may view it.
    `language` is the prompt's (ISO 639-1), empty where it is not known. `recall_appeal` is of an appeal of the recall.
    """

    id: str
    phase: Phase = Phase.NEW
    revision: int = 0
    submitted: Submitted | None = None
    signals: tuple[Signal, ...] = ()
    words: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    commissioned: Commissioned | None = None
    orders: int = 0
    rendered: Rendered | None = None
    declined: EngineDeclined | None = None
    failed: EngineFailed | None = None
    sealed: Sealed | None = None
    published: Published | None = None
    recalled: Recalled | None = None
    held_at: Phase | None = None
    failures: int = 0
    last_failure: StageFailed | None = None
    waiting: Waiting | None = None
    view_seal: ViewSealed | None = None
    language: str = ""
    recall_appeal: RecallAppeal = RecallAppeal.NONE

    def apply(self, events: Iterable[Event]) -> Case:
        """The case once these events have happened to it."""
        case = self
        for event in events:
            waiting = event if isinstance(event, Waiting) and event.reason else None
            case = replace(_after(case, event), revision=case.revision + 1, waiting=waiting)
        return case

    @property
    def verdict(self) -> Verdict | None:
        """The last verdict."""
        return self.verdicts[-1] if self.verdicts else None

    @property
    def held_by_failure(self) -> bool:
        """Whether a stage that broke, or that waited for too long, holds it, and no verdict."""
        return self.phase is Phase.HELD and self.last_failure is not None

    @property
    def request(self) -> Submitted:
        """What was asked for. Every stored case begins with it."""
        if self.submitted is None:
            raise ValueError(f"case {self.id} was never submitted")
        return self.submitted

    def assets(self) -> tuple[Asset, ...]:
        """All bytes of the vault that this case refers to."""
        found = [*self.submitted.references, *self.submitted.references_sent] if self.submitted else []
        if self.rendered:
            found.append(self.rendered.asset)
        if self.sealed:
            found += [self.sealed.asset, self.sealed.manifest]
        return tuple(found)


def new_case() -> Case:
    """A case to which nothing has happened. Its id is 64 random bits, which the watermark carries."""
    return Case(id=secrets.token_hex(8))


def _after(case: Case, event: Event) -> Case:
    match event:
        case StageFailed():
            return _stage_failed(case, event)
        case Recalled():
            return _recalled(case, event)
        case Ruled() if case.phase is Phase.WITHDRAWN:  # about the recall: it is no evidence for a gate
            return replace(case, recall_appeal=RecallAppeal.UPHELD)
        case Appealed() if case.phase is Phase.WITHDRAWN:
            return replace(case, recall_appeal=RecallAppeal.OPEN)
        case Ruled():
            return replace(_back(case), rulings=(*case.rulings, event.ruling))
        case Resumed():
            return _back_to_measuring(case) if event.again else _back(case)
        case Commissioned():  # an order is not yet progress: an engine that fails for ever must end at a person
            return replace(case, phase=Phase.COMMISSIONED, commissioned=event, orders=case.orders + 1)
        case Reversed():
            return _reversed(case)
        case ViewSealed():
            return replace(case, view_seal=event)
        case Waiting() | Claimed():
            return case
    return replace(_onward(case, event), failures=0, last_failure=None)


def _recalled(case: Case, event: Recalled) -> Case:
    stopped = replace(case, phase=Phase.RECALLED, recalled=event, recall_appeal=RecallAppeal.NONE)
    return replace(stopped, held_at=None, failures=0, last_failure=None)


def _onward(case: Case, event: Event) -> Case:
    match event:
        case Submitted():
            return replace(case, phase=Phase.SUBMITTED, submitted=event)
        case Measured():
            return _measured(case, event)
        case Judged():
            return _judged(case, event.verdict)
        case Rendered():
            # What was ruled about an earlier video says nothing about this one.
            rulings = tuple(r for r in case.rulings if r.gate is Gate.PROMPT)
            return replace(case, phase=Phase.RENDERED, rendered=event, rulings=rulings)
        case EngineDeclined():
            return replace(case, phase=Phase.REFUSED, declined=event)
        case EngineFailed():
            return replace(case, phase=Phase.FAILED, failed=event)
        case Sealed():
            return replace(case, phase=Phase.SEALED, sealed=event)
        case Published():
            return replace(case, phase=Phase.PUBLISHED, published=event)
        case Appealed():
            return replace(case, phase=Phase.HELD, held_at=_gate_phase(case))
        case Withdrawn():
            return replace(case, phase=Phase.WITHDRAWN)
        case StageFailed() | Recalled() | Ruled() | Resumed() | Commissioned() | Waiting() | Reversed() | ViewSealed():
            raise AssertionError("handled before")
        case Claimed():
            raise AssertionError("handled before")
    assert_never(event)


def _back(case: Case) -> Case:
    """Back to the phase from which the case was held; elsewhere nothing moves."""
    if case.phase is not Phase.HELD or case.held_at is None:
        return case
    return replace(case, phase=case.held_at, held_at=None, failures=0, last_failure=None)


def _reversed(case: Case) -> Case:
    if case.phase in (Phase.SCREENED, Phase.INSPECTED):  # the gate has not weighed the last ruling yet
        return replace(case, phase=Phase.HELD, held_at=case.phase, rulings=case.rulings[:-1])
    if case.phase is Phase.REFUSED:
        rulings = tuple(r for r in case.rulings if r.decision is not Decision.REFUSE)
        return replace(case, phase=_gate_phase(case), rulings=rulings)
    restored = replace(case, phase=_before_recall(case), recalled=None, published=None)
    return replace(restored, recall_appeal=RecallAppeal.NONE)


def _before_recall(case: Case) -> Phase:
    """Where a recalled case goes on: what was allowed and sealed is published again, the rest is judged or measured."""
    allowed = case.verdict is not None and (case.verdict.gate, case.verdict.decision) == (Gate.VIDEO, Decision.ALLOW)
    if case.sealed is not None and allowed:
        return Phase.SEALED
    if case.rendered is not None:
        return Phase.INSPECTED if signals_of(case, Subject.VIDEO) else Phase.RENDERED
    return Phase.SCREENED if case.signals else Phase.SUBMITTED


def _back_to_measuring(case: Case) -> Case:
    restored = _back(case)
    return replace(
        restored,
        phase={Phase.SCREENED: Phase.SUBMITTED, Phase.INSPECTED: Phase.RENDERED}.get(restored.phase, restored.phase),
    )


def _stage_failed(case: Case, event: StageFailed) -> Case:
    failures, phase = case.failures + 1, case.phase
    if phase is Phase.COMMISSIONED and event.kind in _LOST_JOBS:
        phase = Phase.ADMITTED
    asks_at_once = event.kind == WAITED_TOO_LONG
    if (failures < FAILURES_BEFORE_REVIEW and not asks_at_once) or phase in (Phase.HELD, Phase.RECALLED):
        return replace(case, phase=phase, failures=failures, last_failure=event)
    return replace(case, phase=Phase.HELD, held_at=phase, failures=failures, last_failure=event)


def _measured(case: Case, event: Measured) -> Case:
    measured = {Phase.SUBMITTED: Phase.SCREENED, Phase.COMMISSIONED: Phase.COMMISSIONED}  # there it is a preview
    phase = measured.get(case.phase, Phase.INSPECTED)
    # New measurements replace earlier ones of the same subject.
    subjects = {signal.subject for signal in event.signals}
    signals = tuple(s for s in case.signals if s.subject not in subjects)
    if event.copies and case.submitted is not None:  # in old logs they stand in the submission itself
        case = replace(case, submitted=replace(case.submitted, copies=event.copies))
    return replace(
        case,
        phase=phase,
        signals=signals + event.signals,
        words=event.words or case.words,
        language=event.language or case.language,
    )


def _judged(case: Case, verdict: Verdict) -> Case:
    if verdict.gate is Gate.ENROL:  # enrolment: no video is concerned
        return case
    phase_if_allowed = Phase.ADMITTED if verdict.gate is Gate.PROMPT else Phase.CLEARED
    phase_if_held = Phase.SCREENED if verdict.gate is Gate.PROMPT else Phase.INSPECTED
    verdicts = (*case.verdicts, verdict)
    case = replace(case, declined=None)  # it is looked at anew, and what follows is this verdict's
    match verdict.decision:
        case Decision.ALLOW:
            return replace(case, phase=phase_if_allowed, verdicts=verdicts)
        case Decision.HOLD:
            return replace(case, phase=Phase.HELD, held_at=phase_if_held, verdicts=verdicts)
        case Decision.REFUSE:
            return replace(case, phase=Phase.REFUSED, verdicts=verdicts)
    assert_never(verdict.decision)


def _gate_phase(case: Case) -> Phase:
    video = case.verdict is not None and case.verdict.gate is Gate.VIDEO
    return Phase.INSPECTED if video else Phase.SCREENED


def signals_of(case: Case, *subjects: Subject) -> tuple[Signal, ...]:
    """The case's signals about these subjects."""
    return tuple(s for s in case.signals if s.subject in subjects)
