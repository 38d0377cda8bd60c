"""Marking and detecting outside a case: for operators who try the watermark, or bring one of their own records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BadInput
from core.finding import Mark, SoundMark
from pipeline.settings import Settings

if TYPE_CHECKING:
    from provenance.watermark import MarkReport, Payload

_HEX = re.compile(r"[0-9a-f]+")


def mark(settings: Settings, src: Path, dst: Path, payload: str, *, growth: float | None = None) -> MarkReport:
    """Write `dst`, a marked MP4 of `src`. `payload` is hex: 24 digits, or the 16 of a case's id for this office.

    `growth` is the share of bytes that the mark may add; None is what the settings say.

    Raises BadInput for another payload, BadMedia for a file that cannot be marked; then there is no `dst`.
    """
    from provenance.keys import load_keys
    from provenance.watermark import mark_file

    keys = load_keys(settings.keys_folder)
    if dst.exists() and dst.samefile(src):
        raise BadInput("the marked file cannot take the place of its source: name another")
    grown = settings.mark_growth if growth is None else growth
    return mark_file(src, dst, payload=_payload(payload, keys.issuer), key=keys.mark_key, growth=grown)


def detect(settings: Settings, file: Path, *, deep: bool = False, among: Sequence[str] = ()) -> Mark:
    """What marks of this office a file carries: in its picture, second by second, and in its sound.

    A mark too damaged to be read is told to be one of the payloads `among`, if it is. Raises BadMedia, and BadInput for
    what is no payload.
    """
    from provenance.keys import load_keys
    from provenance.marks import find_marks

    keys = load_keys(settings.keys_folder)
    issued = [_payload(one, keys.issuer).hex for one in among]
    found = find_marks(file, keys=[keys.mark_key], effort="deep" if deep else "quick", issued=issued)
    return found if found.audio else replace(found, audio=SoundMark(detected=False, note="the file has no sound"))


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
