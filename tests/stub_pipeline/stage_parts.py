"""Parts of a stage's context that tests put together from plain functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.case import Case
from core.errors import Unavailable
from core.permitted import NO_CAMEOS, PermittedCameos
from core.signals import Subject
from pipeline.access.usage import UsageMeter
from pipeline.stages.stage_context import Measurements
from pipeline.testing.memory_usage import MemoryUsage


def _no_text(_text: str) -> Measurements:
    raise Unavailable("this test measures no text")


def _no_video(_path: Path, _subject: Subject, _leased: PermittedCameos) -> Measurements:
    raise Unavailable("this test measures no video")


@dataclass(frozen=True)
class StubMeasurer:
    """A Measurer from functions. What is not given cannot be measured."""

    text: Callable[[str], Measurements] = _no_text
    video: Callable[[Path, Subject, PermittedCameos], Measurements] = _no_video
    check_video: Callable[[Path], tuple[float, int, int]] = lambda _path: (1.0, 2, 2)
    located: Callable[[str, Measurements], Measurements] = lambda _text, measured, _style=None: measured


@dataclass(frozen=True)
class StubPolicy:
    """A PolicyGate from a function; it explains nothing, and has the rules that it is given."""

    judge: Callable[..., Any]
    rules: Sequence[Any] = ()

    def explain(self, verdict, signals):
        return ()

    def describe(self, verdict):
        return self.rules


@dataclass(frozen=True)
class StubFacts:
    """A FactSource from a function."""

    facts: Callable[[Case], Any] = lambda _case: {}


class NobodyEnrolled:
    """A ConsentLookup of an installation in which nobody is enrolled: what is named is shown, and nobody agreed."""

    def resolve(self, prompt: str, asked: Sequence[str]) -> tuple[str, ...]:
        return tuple(asked)

    def cameos_shown(self, case: Case) -> tuple[str, ...]:
        return case.request.cameos

    def may_appear(self, case: Case) -> PermittedCameos:
        return NO_CAMEOS


@dataclass(frozen=True)
class StubVerifier:
    """A Verifier from a function."""

    verify: Callable[..., Any]


@dataclass(frozen=True)
class StubSealer:
    """A Sealer from a function."""

    seal: Callable[..., Any]


class NothingCopied:
    """A CopyFinder in an installation that never sealed anything."""

    def source_cases(self, path: Path) -> tuple[str, ...]:
        return ()


class NothingMoves:
    """Revisions where nobody else is at work."""

    def last_moved(self, case: Case) -> datetime:
        return self.now()

    def now(self) -> datetime:
        return datetime.now(UTC)


class EndlessSlots:
    """RenderSlots of an engine that takes whatever is ordered."""

    def reserve(self):
        return nullcontext(0.0)


def alone() -> dict[str, Any]:
    """The parts of a context in which nobody is enrolled, nothing was sealed and nobody else is at work."""
    return {
        "facts": StubFacts(),
        "consent": NobodyEnrolled(),
        "copies": NothingCopied(),
        "revisions": NothingMoves(),
        "render_slots": EndlessSlots(),
    }


def uncounted() -> UsageMeter:
    """A meter without limits, which counts in memory."""
    return UsageMeter(store=MemoryUsage())
