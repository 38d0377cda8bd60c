"""The log of exposure in the memory of one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pipeline.moderation.exposure import ExposureStep, Step


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryExposure:
    """ExposureLog for one process. `clock` gives aware datetimes."""

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock
        self._steps: dict[tuple[str, str, Step, datetime], ExposureStep] = {}

    def record(self, person: str, case_id: str, step: Step, severity: int) -> None:
        """As ExposureLog.record."""
        at = self._clock()
        hour = at.replace(minute=0, second=0, microsecond=0)
        made = ExposureStep(person=person, case_id=case_id, step=step, severity=severity, at=at)
        self._steps.setdefault((person, case_id, step, hour), made)

    def since(self, moment: datetime, *, person: str = "") -> Sequence[ExposureStep]:
        """As ExposureLog.since."""
        found = [one for one in self._steps.values() if one.at > moment and person in ("", one.person)]
        return tuple(sorted(found, key=lambda one: one.at))

    def erase(self, person: str) -> int:
        """As ExposureLog.erase."""
        return self._remove([key for key, one in self._steps.items() if one.person == person])

    def remove_before(self, moment: datetime) -> int:
        """As ExposureLog.remove_before."""
        return self._remove([key for key, one in self._steps.items() if one.at < moment])

    def _remove(self, keys: Sequence[tuple[str, str, Step, datetime]]) -> int:
        for key in keys:
            del self._steps[key]
        return len(keys)
