"""How far a takedown has come: which videos are down, which are coming down, which are still up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.case import Phase
from registry.consent.takedown import TakedownService
from registry.consent.takedown_store import Takedown


class TakedownState(StrEnum):
    """Where a video of a takedown stands."""

    UP = "up"
    COMING_DOWN = "coming_down"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class TakedownStep:
    """One case of a takedown."""

    case_id: str
    state: TakedownState


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownProgress:
    """A takedown and all of its cases, those that are still up first."""

    takedown: Takedown
    steps: tuple[TakedownStep, ...]

    @property
    def total(self) -> int:
        """How many videos and orders it is about."""
        return len(self.steps)

    @property
    def down(self) -> int:
        """How many of them are down."""
        return sum(step.state is TakedownState.DOWN for step in self.steps)

    @property
    def left(self) -> int:
        """How many are not down yet."""
        return self.total - self.down

    @property
    def done(self) -> bool:
        """Whether nothing is left, for good."""
        return self.takedown.done is not None


def takedown_progress(service: TakedownService, takedown: Takedown) -> TakedownProgress:
    """As it is at this moment. What has to come down is looked up anew, as the takedown itself does."""
    recorded = [item.case_id for item in service.cascades.items(takedown.id)]
    due = [] if takedown.done else service.due(takedown)
    phases = service.bulk.phases(sorted({*recorded, *due}))
    steps = [TakedownStep(case_id, _state(phase)) for case_id, phase in phases]
    return TakedownProgress(takedown=takedown, steps=tuple(sorted(steps, key=_urgency)))


def _state(phase: Phase) -> TakedownState:
    if phase in (Phase.WITHDRAWN, Phase.REFUSED):
        return TakedownState.DOWN
    return TakedownState.COMING_DOWN if phase is Phase.RECALLED else TakedownState.UP


def _urgency(step: TakedownStep) -> tuple[int, str]:
    order: Sequence[TakedownState] = (TakedownState.UP, TakedownState.COMING_DOWN, TakedownState.DOWN)
    return order.index(step.state), step.case_id
