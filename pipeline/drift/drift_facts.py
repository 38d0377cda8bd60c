"""The fact `classifier_drift`: how far the classifiers that measured a case are from their week of reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Protocol

from core.case import Case
from core.verdicts import Facts
from pipeline.drift.score_drift import ScoreDrift
from pipeline.stages.stage_context import FactSource

_KEEP_SECONDS = 60.0  # it is measured every ten minutes


class DriftReader(Protocol):
    """Who measured it."""

    def latest(self) -> Sequence[ScoreDrift]:
        """As PostgresScoreDrift.latest."""


@dataclass(slots=True)
class _Known:
    asked: float = float("-inf")
    psi: dict[tuple[str, str], float | None] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsWithDrift:
    """The facts of `inner`, and `classifier_drift`: the greatest index among what measured this case.

    Left out, and so not known to a rule, unless it is known of each of them: of one that is too new or measures
    too little nobody can say that it is well.
    """

    inner: FactSource
    drift: DriftReader
    now: Callable[[], float] = monotonic
    known: _Known = field(default_factory=_Known)

    def facts(self, case: Case) -> Facts:
        """As FactSource.facts."""
        psi = self._psi()
        measured = [psi.get((one.source, one.label)) for one in case.signals if one.score is not None]
        known = [value for value in measured if value is not None]
        facts = dict(self.inner.facts(case))
        if measured and len(known) == len(measured):
            facts["classifier_drift"] = max(known)
        return facts

    def _psi(self) -> dict[tuple[str, str], float | None]:
        with self.known.lock:
            if self.now() - self.known.asked >= _KEEP_SECONDS:
                self.known.psi = {(one.source, one.label): one.psi for one in self.drift.latest()}
                self.known.asked = self.now()
            return self.known.psi
