"""What duties ask of marks, and how far this release goes: stated where nothing is measured, else by the figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipeline.compliance.duties import read_compliance_table
from pipeline.compliance.evidence import FalseAlarmBound, MarkEvidence, SurvivalShare

_MOST_NAMED = 8
_WELL = 0.5
"""Share of marks below which an attack counts as lost."""


class RequirementState(StrEnum):
    """How far a release goes."""

    MET = "met"
    PARTLY = "partly"
    NOT_MET = "not_met"
    NOT_OURS = "not_ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRequirement:
    """One thing that duties ask, what this release does about it, and the files that show it.

    `figures` is what was measured, in words; `settings` are those an operator has to choose for it.
    """

    id: str
    duties: tuple[str, ...]
    asks: str
    state: RequirementState
    says: str
    figures: str = ""
    evidence: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredState:
    """What figures come to: a state, and the figures in words."""

    state: RequirementState
    figures: str


def mark_requirements(evidence: MarkEvidence) -> tuple[MarkRequirement, ...]:
    """All of them, judged by these figures."""
    return tuple(_requirement(name, row, evidence) for name, row in read_compliance_table("requirements").items())


def _requirement(name: str, row: Mapping[str, Any], evidence: MarkEvidence) -> MarkRequirement:
    measured = _COMPUTED[name](evidence) if row["state"] == "computed" else None
    return MarkRequirement(
        id=name,
        duties=tuple(row["duty"]),
        asks=row["asks"],
        state=measured.state if measured else RequirementState(row["state"]),
        says=row["says"],
        figures=measured.figures if measured else "",
        evidence=tuple(row["evidence"]),
        settings=tuple(row.get("settings", ())),
    )


def _signed_metadata(evidence: MarkEvidence) -> MeasuredState:
    whole = evidence.treatments == evidence.treatments_n
    return MeasuredState(
        state=RequirementState.MET if whole else RequirementState.PARTLY,
        figures=f"{evidence.treatments} of {evidence.treatments_n} treatments of a signed file were answered as they"
        " must be.",
    )


def _survives(layer: str) -> Callable[[MarkEvidence], MeasuredState]:
    def measured(evidence: MarkEvidence) -> MeasuredState:
        rows = evidence.of_layer(layer)
        lost = [row for row in rows if row.survived < _WELL * row.n]
        weaker = [row for row in rows if row.survived < row.n and row not in lost]
        if not rows:
            return MeasuredState(state=RequirementState.NOT_MET, figures="Nothing was measured.")
        if not lost and not weaker:
            return MeasuredState(state=RequirementState.MET, figures=f"All of {_many(rows)} survived.")
        everywhere = all(row in lost for row in rows)
        return MeasuredState(
            state=RequirementState.NOT_MET if everywhere else RequirementState.PARTLY,
            figures=f"{_many(rows)}: {len(rows) - len(lost) - len(weaker)} attacks survived by all, {len(weaker)} by"
            f" some{_named(weaker)}, {len(lost)} by less than half{_named(lost)}.",
        )

    return measured


def _many(rows: Sequence[SurvivalShare]) -> str:
    smallest, largest = min(row.n for row in rows), max(row.n for row in rows)
    samples = f"{smallest}" if smallest == largest else f"{smallest} to {largest}"
    single = sum(row.n == 1 for row in rows)
    few = f" ({single} of them on a single one, which shows little)" if single else ""
    return f"{len(rows)} attacks, {samples} samples each{few}"


def _named(rows: Sequence[SurvivalShare]) -> str:
    if not rows:
        return ""
    named = [f"{_attack(row)} {row.survived} of {row.n}" for row in rows[:_MOST_NAMED]]
    return f" ({', '.join(named)}{', …' if len(rows) > _MOST_NAMED else ''})"


def _attack(row: SurvivalShare) -> str:
    return f"{row.content}: {row.attack}" if row.content else row.attack


def _removal(evidence: MarkEvidence) -> MeasuredState:
    gone = [attempt for attempt in evidence.removal if not attempt.read]
    if not gone:
        return MeasuredState(state=RequirementState.MET, figures=f"{len(evidence.removal)} attempts: none removed it.")
    return MeasuredState(
        state=RequirementState.PARTLY if len(gone) < len(evidence.removal) else RequirementState.NOT_MET,
        figures=f"{len(evidence.removal)} attempts: {len(gone)} removed it"
        f" ({', '.join(attempt.attempt.replace('_', ' ') for attempt in gone)}).",
    )


def _reliable(evidence: MarkEvidence) -> MeasuredState:
    wrong = sum(bound.alarms for bound in evidence.false_alarms)
    unproven = [bound for bound in evidence.false_alarms if not bound.proven]
    return MeasuredState(
        state=RequirementState.NOT_MET
        if wrong
        else RequirementState.PARTLY
        if unproven or not evidence.false_alarms
        else RequirementState.MET,
        figures=" ".join(_bound(bound) for bound in evidence.false_alarms),
    )


def _bound(bound: FalseAlarmBound) -> str:
    proven = f"; at most {bound.proven:g} by proof" if bound.proven else ""
    return f"{bound.layer}: {bound.alarms} of {bound.n:,}, at most {100 * bound.high:.2f} % by counting{proven}."


_COMPUTED: Mapping[str, Callable[[MarkEvidence], MeasuredState]] = {
    "signed_metadata": _signed_metadata,
    "fingerprint": _survives("fingerprint"),
    "robust_picture": _survives("watermark_picture"),
    "robust_sound": _survives("watermark_sound"),
    "recovered_metadata": _survives("recovered_manifest"),
    "removal": _removal,
    "reliable": _reliable,
}
