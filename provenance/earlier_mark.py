"""The mark of another installation that the engine's file, or what it started from, came with: kept, and named as such.

Credentials tell of it; its bits can be read with that installation's key alone, where that is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from provenance.c2pa.credentials_report import CredentialsReport
from provenance.other_installations import NO_OTHER_INSTALLATIONS, OtherInstallations, payload_of_binding

_TELLING = ("trusted", "valid")  # credentials whose signature does not hold tell nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierMark:
    """A mark that another installation made: its issuer number (6 hex digits), its case there, and who signed.

    `name` is what the settings call it, if they do; `by_key` says that the mark itself was found, with its key. Then
    issuer and case are empty where they cannot be read.
    """

    issuer: str
    case_id: str
    signer: str = ""
    name: str = ""
    by_key: bool = False

    def describe(self) -> str:
        """As a sentence's part, for the manifest and the operator."""
        who = self.name or "another installation of Assay"
        if self.by_key:
            return f"marked by {who} (found with its key{f', case {self.case_id}' if self.case_id else ''})"
        return f"marked by {who} (issuer {self.issuer}, signed by {self.signer or 'nobody known'})"


def find_earlier_mark(
    report: CredentialsReport, *, algorithm: str, issuer: int, others: OtherInstallations = NO_OTHER_INSTALLATIONS
) -> EarlierMark | None:
    """The mark of another issuer than this one in a file's own manifest, or else in the nearest of its history."""
    if report.credentials.state not in _TELLING:
        return None
    for binding in sorted(report.soft_bindings, key=lambda one: one.depth):
        payload = payload_of_binding(binding.value) if binding.algorithm == algorithm else None
        if payload is not None and payload.issuer != issuer:
            signer = report.credentials.signer if binding.depth == 0 else _signer_at(report, binding.depth)
            known = others.with_issuer(payload.issuer)
            return EarlierMark(
                issuer=f"{payload.issuer:06x}",
                case_id=payload.case_id,
                signer=signer,
                name=known.name if known else "",
            )
    return None


def search_earlier_mark(path: Path, others: OtherInstallations) -> tuple[EarlierMark | None, str]:
    """The mark of a known installation in a file, found with its key; and in words what was not looked for."""
    found, unexamined = others.search(path)
    note = unexamined[0].says if unexamined else ""
    if found is None:
        return None, note
    return EarlierMark(issuer=found.issuer, case_id=found.case_id or "", name=found.name, by_key=True), note


def _signer_at(report: CredentialsReport, depth: int) -> str:
    return next((step.signer for step in report.lineage if step.depth == depth), "")
