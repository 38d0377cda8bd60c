"""All marks of a file at once: in its picture, second by second, and in its sound. What has only one is fine too."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from core.errors import BadMedia
from core.finding import Mark, MarkedSpan, SoundMark
from provenance.watermark.audio.files import detect_sound
from provenance.watermark.effort import Effort
from provenance.watermark.files import find_in_file
from provenance.watermark.key import WatermarkKey


def find_marks(
    path: Path, *, keys: Sequence[WatermarkKey], effort: Effort = "quick", issued: Sequence[str] = ()
) -> Mark:
    """The mark of a video, an image or a sound file. Raises BadMedia for what is none of them.

    `issued` are the payloads (hex) among which a damaged one is looked for.
    """
    with ThreadPoolExecutor(max_workers=1) as listening:
        heard = listening.submit(_heard, path, keys, issued)
        try:
            found = find_in_file(path, keys=keys, effort=effort, issued=issued)
        except BadMedia:
            sound = heard.result()
            if sound is None:
                raise
            return Mark(detected=False, note="no picture", audio=sound)
        spans = tuple(
            MarkedSpan(start=one.start, end=one.end, payload=one.payload, p_value=one.p_value) for one in found.segments
        )
        return replace(found.mark, segments=spans, audio=heard.result())


def _heard(path: Path, keys: Sequence[WatermarkKey], issued: Sequence[str]) -> SoundMark | None:
    """None for what has no sound, or is no media at all."""
    try:
        found = detect_sound(path, keys=keys, issued=issued)
    except BadMedia:
        return None
    if found.seconds <= 0:
        return None
    return SoundMark(
        detected=found.detected,
        payload=found.payload.hex if found.payload else None,
        p_value=found.p_value,
        seconds=found.seconds,
        note=found.note,
        among=found.among,
    )
