"""The pack: which layers mark which outputs, what they survive, which duties apply, and what of them is met.

Everything in it comes from data files and stored results; nothing is written here by hand. It is no legal advice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from core.codec import dump
from pipeline.compliance.duties import MarkingDuty, duties_of, read_compliance_table
from pipeline.compliance.evidence import MarkEvidence, evidence_as_json, read_evidence
from pipeline.compliance.requirements import MarkRequirement, RequirementState, mark_requirements

NO_LEGAL_ADVICE = (
    "This is no legal advice. It says what this release does and what was measured of it; whether that is enough for"
    " a duty, and whether a duty is yours, is for you and your counsel to judge."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerOfOutput:
    """Whether a layer marks a kind of output: marked, by_setting, by_source or none; and how."""

    layer: str
    state: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedOutput:
    """A kind of output, its layers, and the test that reads them back."""

    id: str
    title: str
    shown_by: str
    layers: tuple[LayerOfOutput, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompliancePack:
    """The pack of one release, as of a day. `layers` are their names by code."""

    release: str
    day: date
    layers: Mapping[str, str]
    outputs: tuple[MarkedOutput, ...]
    duties: tuple[MarkingDuty, ...]
    requirements: tuple[MarkRequirement, ...]
    evidence: MarkEvidence

    def count(self, state: RequirementState) -> int:
        """How many requirements are in this state."""
        return Counter(requirement.state for requirement in self.requirements)[state]

    def asked_by(self, duty: MarkingDuty) -> tuple[MarkRequirement, ...]:
        """What a duty asks of marks."""
        return tuple(requirement for requirement in self.requirements if duty.id in requirement.duties)


def compliance_pack(
    regions: Sequence[str] = (), *, day: date | None = None, evidence: MarkEvidence | None = None
) -> CompliancePack:
    """The pack, for some regions or all. Raises BadInput where figures are missing or older than the code."""
    duties = duties_of(regions)
    known = {duty.id for duty in duties}
    figures = evidence or read_evidence()
    return CompliancePack(
        release=figures.release,
        day=day or datetime.now(UTC).date(),
        layers=read_compliance_table("outputs")["layers"],
        outputs=_marked_outputs(),
        duties=duties,
        requirements=tuple(one for one in mark_requirements(figures) if known & set(one.duties)),
        evidence=figures,
    )


def pack_as_json(pack: CompliancePack) -> dict[str, Any]:
    """For programs: days as text, duties with whether they apply on the pack's day."""
    return {
        "release": pack.release,
        "day": pack.day.isoformat(),
        "no_legal_advice": NO_LEGAL_ADVICE,
        "layers": dict(pack.layers),
        "outputs": dump(pack.outputs),
        "duties": [_duty(duty, pack.day) for duty in pack.duties],
        "requirements": dump(pack.requirements),
        "evidence": evidence_as_json(pack.evidence),
    }


def _duty(duty: MarkingDuty, day: date) -> dict[str, Any]:
    days = {"applies_from": duty.applies_from.isoformat(), "looked_up": duty.looked_up.isoformat()}
    return {**dump(duty), **days, "applies": duty.applies(day)}


def _marked_outputs() -> tuple[MarkedOutput, ...]:
    table = read_compliance_table("outputs")
    return tuple(
        MarkedOutput(
            id=name,
            title=row["title"],
            shown_by=row["shown_by"],
            layers=tuple(LayerOfOutput(layer=layer, **row[layer]) for layer in table["layers"]),
        )
        for name, row in table["outputs"].items()
    )
