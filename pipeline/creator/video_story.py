"""What happened to a video, step by step, for whoever wanted it: what was decided and when, by nobody in particular.

A step is a code, which the page says in the reader's language. No rule, no score and no name of anybody is in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.case import Case, Phase
from core.events import (
    Appealed,
    Commissioned,
    EngineDeclined,
    EngineFailed,
    Event,
    Judged,
    Published,
    Recalled,
    Rendered,
    Resumed,
    Reversed,
    Ruled,
    Sealed,
    StageFailed,
    Submitted,
    Withdrawn,
)
from core.ports import RecordedEvent
from core.recalls import APPEAL_GRANTED
from core.verdicts import Decision, Gate

STEP_CODES = (
    "asked",
    "prompt_checked",
    "prompt_held",
    "prompt_refused",
    "prompt_allowed_by_person",
    "prompt_refused_by_person",
    "ordered",
    "made",
    "engine_declined",
    "engine_failed",
    "video_checked",
    "video_held",
    "video_refused",
    "video_allowed_by_person",
    "video_refused_by_person",
    "second_person",
    "broke",
    "went_on",
    "marked",
    "published",
    "published_again",
    "appealed",
    "appeal_won",
    "appeal_lost",
    "decision_undone",
    "recalled_consent_withdrawn",
    "recalled_rights",
    "recalled_intimate_image",
    "recalled_illegal",
    "recalled_author",
    "recalled_mistake",
    "recalled_policy",
    "recalled",
    "gone",
)
"""Everything that can be told of a video."""

_PLAIN: Mapping[type[Event], str] = {
    Submitted: "asked",
    Rendered: "made",
    EngineDeclined: "engine_declined",
    EngineFailed: "engine_failed",
    Sealed: "marked",
    Resumed: "went_on",
    Appealed: "appealed",
    Withdrawn: "gone",
}
"""Events of which always the same is told."""

_ENDED = (Phase.REFUSED, Phase.FAILED, Phase.RECALLED, Phase.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class VideoStep:
    """Something that happened, and when."""

    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the next event is read against: what a person said that its gate has not weighed yet, and the appeal."""

    case: Case
    ruled: bool = False
    appealed: bool = False
    published: bool = False


def video_steps(history: Sequence[RecordedEvent]) -> tuple[VideoStep, ...]:
    """The steps, in order. A ruling is told once its gate has weighed it: until then it may be taken back."""
    return tuple(VideoStep(code, at) for code, at in _steps(history))


def appeal_outcome(steps: Iterable[VideoStep]) -> str:
    """Of the last appeal: `won`, `lost`, `runs`; empty where nobody appealed."""
    outcomes = {"appealed": "runs", "appeal_won": "won", "appeal_lost": "lost"}
    return next((outcomes[step.code] for step in reversed(tuple(steps)) if step.code in outcomes), "")


def _steps(history: Iterable[RecordedEvent]) -> Iterator[tuple[str, datetime]]:
    now = _Standing(Case(id=""))
    for entry in history:
        event, case = entry.event, now.case.apply([entry.event])
        for code in _codes(event, now, case):
            yield code, entry.at
        now = _Standing(
            case=case,
            ruled=(isinstance(event, Ruled) and case.phase is not Phase.WITHDRAWN)
            or (now.ruled and not isinstance(event, Judged | Reversed)),
            appealed=isinstance(event, Appealed) or (now.appealed and not _settles(event)),
            published=now.published or isinstance(event, Published),
        )


def _settles(event: Event) -> bool:
    """Whether an appeal is over with this."""
    if isinstance(event, Reversed) and event.code == APPEAL_GRANTED:
        return True
    return isinstance(event, Judged) and event.verdict.decision is not Decision.HOLD


def _codes(event: Event, now: _Standing, case: Case) -> Iterator[str]:
    """What is told of an event, where it is told at all."""
    if type(event) in _PLAIN:
        yield _PLAIN[type(event)]
        return
    match event:
        case Judged():
            yield from _judged(event, now)
        case Commissioned() if case.orders == 1:
            yield "ordered"
        case Published():
            yield "published_again" if now.published else "published"
        case StageFailed() if case.phase is Phase.HELD:
            yield "broke"
        case Ruled() if now.case.phase is Phase.WITHDRAWN:
            yield "appeal_lost"
        case Reversed(code=code) if code == APPEAL_GRANTED:
            yield "appeal_won"
        case Reversed() if now.case.phase in _ENDED:
            yield "decision_undone"
        case Recalled():
            code = f"recalled_{event.code}"
            yield code if code in STEP_CODES else "recalled"


def _judged(event: Judged, now: _Standing) -> Iterator[str]:
    verdict, settled = event.verdict, now.appealed and _settles(event)
    if verdict.gate is Gate.ENROL:
        return
    gate = "prompt" if verdict.gate is Gate.PROMPT else "video"
    match verdict.decision:
        case Decision.ALLOW:
            yield "appeal_won" if settled else f"{gate}_allowed_by_person" if now.ruled else f"{gate}_checked"
        case Decision.REFUSE:
            yield "appeal_lost" if settled else f"{gate}_refused_by_person" if now.ruled else f"{gate}_refused"
        case Decision.HOLD:
            yield "second_person" if verdict.awaiting and now.ruled else f"{gate}_held"
