"""The mark of another installation of Assay that a file's credentials name: kept as the parent, and named as such.

Its bits can be read with that installation's key alone, so the credentials are what tells of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from provenance.c2pa.credentials_report import CredentialsReport
from provenance.watermark.payload import Payload

_TELLING = ("trusted", "valid")  # credentials whose signature does not hold tell nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierMark:
    """A mark that another installation made: its issuer number (6 hex digits), its case there, and who signed."""

    issuer: str
    case_id: str
    signer: str

    def describe(self) -> str:
        """As a sentence's part, for the manifest and the operator."""
        return (
            f"marked by another installation of Assay (issuer {self.issuer}, signed by {self.signer or 'nobody known'})"
        )


def find_earlier_mark(report: CredentialsReport, *, algorithm: str, issuer: int) -> EarlierMark | None:
    """The mark of another issuer than this one in a file's own manifest, or else in the nearest of its history."""
    if report.credentials.state not in _TELLING:
        return None
    for binding in sorted(report.soft_bindings, key=lambda one: one.depth):
        payload = _payload(binding.value) if binding.algorithm == algorithm else None
        if payload is not None and payload.issuer != issuer:
            signer = report.credentials.signer if binding.depth == 0 else _signer_at(report, binding.depth)
            return EarlierMark(issuer=f"{payload.issuer:06x}", case_id=payload.case_id, signer=signer)
    return None


def _signer_at(report: CredentialsReport, depth: int) -> str:
    return next((step.signer for step in report.lineage if step.depth == depth), "")


def _payload(value: str) -> Payload | None:
    try:
        return Payload.from_hex(value)
    except ValueError:
        return None
