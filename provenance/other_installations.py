"""Other installations whose marks are known here: found with their key, or named by credentials alone.

A mark can be read with the key that made it and no other, so each installation whose key is here is one more search,
and only where no mark of this installation was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import BadMedia, OverBudget
from core.finding import OtherInstallationMark, UnexaminedPart
from media.sandbox.scan import current_scan
from provenance.c2pa.credentials_report import CredentialsReport
from provenance.unexamined import within_budget
from provenance.verification.evaluate import is_marked, watermark_payload
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload
from provenance.watermark_ports import DetectWatermark

MAX_SEARCHED = 8
"""Installations with a key: each costs a search of every file that carries no mark of this one."""

_TELLING = ("trusted", "valid")  # credentials whose signature does not hold tell nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherInstallation:
    """One of them: name, public address, its number in watermarks (None: unknown), and its key if that is here."""

    name: str
    url: str = ""
    issuer: int | None = None
    key: WatermarkKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherInstallations:
    """All that are known here. `detect` looks for a mark with a key, quickly; without it nobody looks."""

    known: Sequence[OtherInstallation] = ()
    detect: DetectWatermark | None = None

    def search(self, path: Path) -> tuple[OtherInstallationMark | None, tuple[UnexaminedPart, ...]]:
        """The first mark that one of their keys finds, and what was not searched for want of budget.

        Nothing for a file that cannot be decoded: whoever looked for this installation's own mark has said so.
        """
        if self.detect is None:
            return None, ()
        for one in self.known:
            if one.key is None:
                continue
            try:
                found, unexamined = within_budget("other_installations", partial(self._look, path, one), _nothing)
            except BadMedia:
                return None, ()
            if found is not None or unexamined:
                return found, unexamined
        return None, ()

    def named_in(self, report: CredentialsReport, *, algorithm: str) -> OtherInstallationMark | None:
        """The installation whose mark these credentials name, in their own manifest or else the nearest of the history.

        None where they do not hold.
        """
        if report.credentials.state not in _TELLING:
            return None
        for binding in sorted(report.soft_bindings, key=lambda one: one.depth):
            payload = payload_of_binding(binding.value) if binding.algorithm == algorithm else None
            one = self.with_issuer(payload.issuer) if payload else None
            if payload is not None and one is not None:
                return _mark(one, payload, by="credentials")
        return None

    def with_issuer(self, issuer: int) -> OtherInstallation | None:
        """The one that has this number in watermarks, if it is known here."""
        return next((one for one in self.known if one.issuer == issuer), None)

    def _look(self, path: Path, one: OtherInstallation) -> OtherInstallationMark | None:
        if self.detect is None or one.key is None:
            return None
        if (scan := current_scan()) is not None:
            scan.remaining()
        found = self.detect(path, keys=[one.key])
        if not is_marked(found):
            if found.unexamined:  # the detector says so instead of raising
                raise OverBudget(found.unexamined[0].says.partition(": ")[2].rstrip("."))
            return None
        hex_payload = watermark_payload(found)
        in_sound = found.audio.p_value if found.audio is not None else 1.0
        payload = Payload.from_hex(hex_payload) if hex_payload else None
        return _mark(one, payload, p_value=min(found.p_value, in_sound))


NO_OTHER_INSTALLATIONS = OtherInstallations()
"""None is known here."""


def payload_of_binding(value: str) -> Payload | None:
    """The payload that a soft binding's value is, None where it is none of Assay's."""
    try:
        return Payload.from_hex(value)
    except ValueError:
        return None


def _mark(
    one: OtherInstallation, payload: Payload | None, *, by: str = "key", p_value: float = 1.0
) -> OtherInstallationMark:
    issuer = payload.issuer if payload else one.issuer
    return OtherInstallationMark(
        name=one.name,
        url=one.url,
        issuer="" if issuer is None else f"{issuer:06x}",
        case_id=payload.case_id if payload else None,
        p_value=p_value,
        by=by,
    )


def _nothing(_why: str) -> None:
    return None
