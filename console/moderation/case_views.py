"""What pages show of a case: sorted, in words, and with what this person may do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from console.moderation.case_timeline import TimelineEntry, timeline_entry
from console.web import display_text
from core.case import Case, Phase
from core.ports import RecordedEvent
from core.roles import Principal, Role
from core.signals import Signal, Subject
from pipeline.actions import Action
from pipeline.disclosure import sees_everything
from pipeline.engines.parameter_paths import object_of_text


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectSignals:
    """The signals of one subject: what could not be measured, then by score; `low_scores` are those below a tenth."""

    subject: Subject
    signals: tuple[Signal, ...]
    low_scores: tuple[Signal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A case as its page shows it. `measured`: whether what was measured is this person's business."""

    case: Case
    state: str
    tone: str
    gate: str
    timeline: tuple[TimelineEntry, ...]
    signals_by_subject: tuple[SubjectSignals, ...]
    actions: frozenset[Action]
    watch: bool
    measured: bool = True
    conflict: str = ""


def case_view(
    case: Case, history: Sequence[RecordedEvent], who: Principal, actions: frozenset[Action], *, conflict: str
) -> CaseView:
    """A case as its page shows it to this person, who may do `actions` now. `conflict`: why they do not rule on it."""
    return CaseView(
        case=case,
        state=display_text.PHASE_TEXTS[case.phase],
        tone=_tone(case),
        gate=_gate(case),
        timeline=tuple(timeline_entry(entry) for entry in reversed(history)),
        signals_by_subject=_signals_by_subject(case),
        actions=actions,
        watch=case.phase is Phase.PUBLISHED or (who.has(Role.MODERATOR) and case.rendered is not None),
        measured=sees_everything(who),
        conflict=conflict[:1].upper() + conflict[1:],
    )


def highlight_prompt(prompt: str, signals: Iterable[Signal], field: str = "") -> tuple[tuple[str, bool], ...]:
    """A text of the order in pieces, each with whether a classifier pointed at it. The pieces together are the text.

    `field` is the parameter whose text it is, empty for the prompt. In objects nothing is pointed at: what was measured
    of them are their words, and not the JSON that is shown.
    """
    subjects = (Subject.PROMPT, Subject.NEGATIVE_PROMPT)
    pointing = (s for s in signals if s.subject in subjects and s.field == field and (s.score or 0.0) >= 0.5)
    if field and object_of_text(prompt) is not None:
        return ((prompt, False),)
    spans = [s.at for s in pointing if s.at and s.at.unit == "chars"]
    hit = [any(span.start <= i < span.end for span in spans) for i in range(len(prompt))]
    pieces = groupby(range(len(prompt)), key=hit.__getitem__)
    return tuple(("".join(prompt[i] for i in piece), pointed) for pointed, piece in pieces)


def _signals_by_subject(case: Case) -> tuple[SubjectSignals, ...]:
    by_subject = {subject: _sorted(s for s in case.signals if s.subject is subject) for subject in Subject}
    return tuple(
        SubjectSignals(
            subject=subject,
            signals=tuple(s for s in signals if s.score is None or s.score >= 0.1),
            low_scores=tuple(s for s in signals if s.score is not None and s.score < 0.1),
        )
        for subject, signals in by_subject.items()
        if signals
    )


def _sorted(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    return tuple(sorted(signals, key=lambda s: (s.score is not None, -(s.score or 0.0), s.label)))


def _gate(case: Case) -> str:
    if case.held_at is None:
        return ""
    if case.last_failure:
        return f"after “{case.held_at.value}”"
    return "before the public" if case.held_at is Phase.INSPECTED else "before the engine"


def _tone(case: Case) -> str:
    match case.phase:
        case Phase.PUBLISHED | Phase.SEALED | Phase.CLEARED:
            return "allow"
        case Phase.HELD:
            return "hold"
        case Phase.REFUSED | Phase.FAILED | Phase.RECALLED | Phase.WITHDRAWN:
            return "refuse"
    return "plain"
