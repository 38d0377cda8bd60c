"""What pages show of a case: sorted, in words, and with what this person may do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from console import words
from console.telling import Line, told
from core.case import Case, Phase
from core.ports import Entry
from core.signals import Signal, Subject
from core.verdicts import Decision
from pipeline.actions import Action
from pipeline.people import Person, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A held case in the queue. `waits` in seconds; `because` is one sentence; `actions`: what this person may do."""

    case: Case
    waits: float
    gate: str
    because: str
    rules: tuple[str, ...]
    people: str
    signals: tuple[Signal, ...]
    actions: frozenset[Action]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The signals of one subject: what could not be measured, then by score; `low` are those below a tenth."""

    subject: Subject
    signals: tuple[Signal, ...]
    low: tuple[Signal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A case as its page shows it."""

    case: Case
    state: str
    tone: str
    gate: str
    lines: tuple[Line, ...]
    readings: tuple[Reading, ...]
    actions: frozenset[Action]
    watch: bool


def waiting(case: Case, history: Sequence[Entry], actions: frozenset[Action]) -> Waiting:
    """A held case as the queue shows it to somebody who may do `actions` now."""
    verdict = None if case.faltered else case.verdict
    return Waiting(
        case=case,
        waits=(datetime.now(UTC) - history[-1].at).total_seconds(),
        gate=_gate(case),
        because=_because(case),
        rules=verdict.rules if verdict else (),
        people=words.people_needed(verdict) if verdict else "",
        signals=_sorted(s for s in case.signals if s.score is None or s.score >= 0.2)[:4],
        actions=actions,
    )


def view(case: Case, history: Sequence[Entry], who: Person, actions: frozenset[Action]) -> View:
    """A case as its page shows it to this person, who may do `actions` now."""
    return View(
        case=case,
        state=words.PHASES[case.phase],
        tone=_tone(case),
        gate=_gate(case),
        lines=tuple(told(entry) for entry in reversed(history)),
        readings=_readings(case),
        actions=actions,
        watch=case.phase is Phase.PUBLISHED or (who.has(Role.MODERATOR) and case.rendered is not None),
    )


def marked(prompt: str, signals: Iterable[Signal]) -> tuple[tuple[str, bool], ...]:
    """The prompt in pieces, each with whether a classifier pointed at it. The pieces together are the prompt."""
    pointing = (s for s in signals if s.subject is Subject.PROMPT and (s.score or 0.0) >= 0.5)
    spans = [s.at for s in pointing if s.at and s.at.unit == "chars"]
    hit = [any(span.start <= i < span.end for span in spans) for i in range(len(prompt))]
    pieces = groupby(range(len(prompt)), key=hit.__getitem__)
    return tuple(("".join(prompt[i] for i in piece), pointed) for pointed, piece in pieces)


def _readings(case: Case) -> tuple[Reading, ...]:
    found = {subject: _sorted(s for s in case.signals if s.subject is subject) for subject in Subject}
    return tuple(
        Reading(
            subject=subject,
            signals=tuple(s for s in signals if s.score is None or s.score >= 0.1),
            low=tuple(s for s in signals if s.score is not None and s.score < 0.1),
        )
        for subject, signals in found.items()
        if signals
    )


def _sorted(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    return tuple(sorted(signals, key=lambda s: (s.score is not None, -(s.score or 0.0), s.label)))


def _gate(case: Case) -> str:
    if case.held_at is None:
        return ""
    if case.faltered:
        return f"after “{case.held_at.value}”"
    return "before the public" if case.held_at is Phase.INSPECTED else "before the engine"


def _because(case: Case) -> str:
    if case.faltered:
        return f"A part broke three times: {case.faltered.error}"
    if case.verdict is None:
        return "A person has to look at it."
    if case.verdict.decision is Decision.REFUSE:
        return f"The author appealed. It was refused: {case.verdict.reason}"
    return case.verdict.reason or "A person has to look at it."


def _tone(case: Case) -> str:
    match case.phase:
        case Phase.PUBLISHED | Phase.SEALED | Phase.CLEARED:
            return "allow"
        case Phase.HELD:
            return "hold"
        case Phase.REFUSED | Phase.RECALLED | Phase.WITHDRAWN:
            return "refuse"
    return "plain"
