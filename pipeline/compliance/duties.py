"""Duties to mark what AI makes, as data: who owes what, from which day, by which source."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import BadInput

REGIONS: Mapping[str, str] = {
    "eu": "European Union",
    "california": "California",
    "china": "China",
    "india": "India",
    "korea": "South Korea",
}
"""Regions of which duties are known, by their code."""

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkingDuty:
    """A duty. `applies_from` and `looked_up` are days; `unsure` says what could not be checked at its source."""

    id: str
    region: str
    law: str
    who: str
    what: str
    applies_from: date
    source: str
    looked_up: date
    unsure: str = ""

    def applies(self, day: date) -> bool:
        """Whether it applies on a day."""
        return self.applies_from <= day


@cache
def marking_duties() -> tuple[MarkingDuty, ...]:
    """All that are known, in the file's order."""
    return tuple(MarkingDuty(id=name, **row) for name, row in read_compliance_table("duties").items())


def duties_of(regions: Sequence[str]) -> tuple[MarkingDuty, ...]:
    """Those of some regions; of all where none is named. Raises BadInput for a region that is not known."""
    asked = {region.lower() for region in regions}
    if unknown := sorted(asked - set(REGIONS)):
        raise BadInput(f"{unknown[0]!r} is no region that is known here: {', '.join(REGIONS)}")
    return tuple(duty for duty in marking_duties() if not asked or duty.region in asked)


def read_compliance_table(name: str) -> Mapping[str, Any]:
    """One of the data files beside this one."""
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
