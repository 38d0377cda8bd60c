"""Marking and detecting outside a case: for operators who try the watermark, or bring one of their own records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BadInput, Unavailable
from core.finding import AudioWatermarkFinding, WatermarkFinding
from pipeline.settings import Settings
from pipeline.verification.verifier import find_keys

if TYPE_CHECKING:
    from provenance.watermark import MarkReport, Payload, WatermarkKey

_HEX = re.compile(r"[0-9a-f]+")


def watermark_file(
    settings: Settings, src: Path, dst: Path, payload: str, *, growth: float | None = None
) -> MarkReport:
    """Write `dst`, a marked MP4 of `src`. `payload` is hex: 24 digits, or the 16 of a case's id for this installation.

    `growth` is the share of bytes that the mark may add; None is what the settings say.

    Raises BadInput for another payload, BadMedia for a file that cannot be marked; then there is no `dst`.
    """
    from provenance.c2pa.signers.keys_folder import load_keys

    keys = load_keys(settings.keys_folder)
    max_growth = settings.mark_growth if growth is None else growth
    marked = _payload(payload, keys.issuer)
    report = mark_with_key(src, dst, marked, keys.watermark_key, growth=max_growth)
    with _payload_log(settings).open("a") as log:
        log.write(f"{marked.hex}\n")
    return report


def detect_watermark(
    settings: Settings, file: Path, *, deep: bool = True, among: Sequence[str] = ()
) -> WatermarkFinding:
    """What marks of this installation a file carries: in its picture, second by second, and in its sound.

    A mark too damaged to be decoded is matched against the payloads `among` (without any: of those that mark() wrote
    here), if it is. Raises Unavailable where there is no key, BadMedia, and BadInput for what is no payload.
    """
    from provenance.watermark.video.likely_payload_detector import MAX_LIKELY
    from provenance.watermark_detection import detect_likely_marks, detect_watermarks
    from registry.banks.sealed_payloads import MAX_PAYLOADS

    keys = find_keys(settings)
    if keys is None:
        raise Unavailable(
            f"there is no watermark key in {settings.keys_folder}, and without the key that made it nobody can find a"
            " mark; `assay verify` reads credentials without one"
        )
    written = (
        _payload_log(settings).read_text().split()[-MAX_PAYLOADS:]
        if not among and _payload_log(settings).exists()
        else []
    )
    issued = [_payload(payload, keys.issuer).hex for payload in among or reversed(written)]
    finding = detect_watermarks(file, keys=[keys.watermark_key], effort="deep" if deep else "quick", issued=issued)
    if deep and not finding.payload and 0 < len(among) <= MAX_LIKELY:  # so few are looked for with all lines
        finding = detect_likely_marks(file, finding, keys=[keys.watermark_key], likely=issued)
    return with_sound_stated(finding)


def mark_with_key(
    src: Path, dst: Path, payload: Payload, key: WatermarkKey, *, growth: float | None = None
) -> MarkReport:
    """As watermark_file(), with a key from outside any home, and without recording the payload; `growth` None is the
    default.
    """
    from provenance.watermark import mark_file
    from provenance.watermark.video.strength_control import DEFAULT_GROWTH

    if dst.exists() and dst.samefile(src):
        raise BadInput("the marked file cannot take the place of its source: name another")
    return mark_file(src, dst, payload=payload, key=key, growth=DEFAULT_GROWTH if growth is None else growth)


def detect_with_key(file: Path, key: WatermarkKey, *, deep: bool = True) -> WatermarkFinding:
    """As detect_watermark(), with a key from outside any home."""
    from provenance.watermark_detection import detect_watermarks

    return with_sound_stated(detect_watermarks(file, keys=[key], effort="deep" if deep else "quick"))


def with_sound_stated(finding: WatermarkFinding) -> WatermarkFinding:
    """The finding; of a file without sound it says that there was none."""
    if finding.audio:
        return finding
    return replace(finding, audio=AudioWatermarkFinding(detected=False, note="the file has no sound"))


def _payload_log(settings: Settings) -> Path:
    """The payloads that mark() wrote, one a line: what is marked outside a case is in no ledger."""
    return settings.root / "marks.txt"


def parse_payload(text: str) -> Payload:
    """A payload of 24 hex digits. Raises BadInput."""
    if len(text.removeprefix("0x")) == 16:
        raise BadInput("a payload has 96 bits (24 hex digits); a case's id alone needs the issuer of an installation")
    return _payload(text, 0)


def _payload(text: str, issuer: int) -> Payload:
    from provenance.watermark import Payload

    digits = text.lower().removeprefix("0x")
    if not _HEX.fullmatch(digits):
        raise BadInput("a payload is hexadecimal: 24 digits, or 16 for a case's id")
    if len(digits) == 16:
        return Payload(issuer=issuer, case_id=digits)
    if len(digits) != 24:
        bits = 4 * len(digits)
        raise BadInput(f"a payload has 96 bits (24 hex digits), or 64 for a case's id; this one has {bits}")
    return Payload.from_hex(digits)
