"""All marks of a file at once: in its picture, second by second, and in its sound. What has only one is fine too."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path

from core.errors import BadMedia, OverBudget
from core.finding import AudioWatermarkFinding, UnexaminedPart, WatermarkedSpan, WatermarkFinding
from media.audio_decode import decode_mono_audio
from media.container import ACCEPTED_CONTAINERS, NO_PICTURE
from media.probe import probe
from media.still_image import is_image, sample_image
from provenance.unexamined import unexamined_part
from provenance.verification.evaluate import NO_WATERMARK_KEY, pictures_not_decoded
from provenance.watermark.audio.files import detect_audio_file
from provenance.watermark.effort import Effort
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload
from provenance.watermark.video.files import FileDetection, locate_in_file
from provenance.watermark.video.likely_files import find_likely_in_file

_SMALL_SIDE = 64
"""Pixels: an image whose mark nobody looks for is only read to see that it is one."""


def detect_watermarks(
    path: Path, *, keys: Sequence[WatermarkKey], effort: Effort = "deep", issued: Sequence[str] = ()
) -> WatermarkFinding:
    """The mark of a video, an image or a sound file. Raises BadMedia for what is none of them.

    A quick search comes first; where it finds nothing, turned, filmed and strongly cropped pictures are searched too,
    unless `effort` says otherwise.

    `issued` are the payloads (hex) among which a damaged one is looked for. What takes more than the
    budget of a scan (media.sandbox.scan) is named in `unexamined`.
    """
    with ThreadPoolExecutor(max_workers=1) as listening:
        audio_future = listening.submit(copy_context().run, _detect_in_sound, path, keys, issued)
        try:
            in_picture = locate_in_file(path, keys=keys, effort=effort, issued=issued)
        except OverBudget as error:
            sound, unheard = audio_future.result()
            unexamined = (unexamined_part("picture", error), *unheard)
            return replace(pictures_not_decoded(path, error), audio=sound, unexamined=unexamined)
        except BadMedia as error:
            sound, unheard = audio_future.result()
            if sound is None and not unheard:
                raise
            if str(error).endswith(NO_PICTURE) or ACCEPTED_CONTAINERS in str(error):  # sound, and no video at all
                return WatermarkFinding(detected=False, note="no picture", audio=sound, unexamined=unheard)
            return replace(pictures_not_decoded(path, error), audio=sound, unexamined=unheard)
        sound, unheard = audio_future.result()
        return replace(_in_picture(in_picture), segments=_spans(in_picture), audio=sound, unexamined=unheard)


def detect_likely_marks(
    path: Path, found: WatermarkFinding, *, keys: Sequence[WatermarkKey], likely: Sequence[str]
) -> WatermarkFinding:
    """`found`, with what is found of the `likely` payloads (hex): those of sealed videos that the file looks like.

    For where no payload could be read in the picture. A mark that is known is found at half the strength.
    """
    try:
        in_picture = find_likely_in_file(path, keys=keys, likely=likely)
    except (BadMedia, OverBudget):  # the first look said so already
        return found
    if not in_picture.mark.payload:
        return found
    return replace(in_picture.mark, segments=_spans(in_picture), audio=found.audio, unexamined=found.unexamined)


def check_media_without_key(path: Path, *, keys: Sequence[WatermarkKey] = ()) -> WatermarkFinding:
    """A finding without a mark for a video, an image or a sound file. Raises BadMedia for other files.

    For where there is no key: a detector that looks for nothing, says so, and still refuses what is no media.
    """
    del keys
    if is_image(path):
        sample_image(path, max_side=_SMALL_SIDE)
        return NO_WATERMARK_KEY
    try:
        probe(path)
    except OverBudget as error:
        return replace(NO_WATERMARK_KEY, unexamined=(unexamined_part("picture", error),))
    except BadMedia:
        if decode_mono_audio(path, seconds=1.0) is None:
            raise
    return NO_WATERMARK_KEY


def _in_picture(found: FileDetection) -> WatermarkFinding:
    """The mark of the whole file; of a compilation in which nothing was read as a whole, that of its surest seconds."""
    surest = min(found.segments, key=lambda segment: segment.p_value, default=None)
    if found.mark.detected or surest is None:
        return found.mark
    return WatermarkFinding(
        detected=True,
        payload=surest.payload,
        case_id=Payload.from_hex(surest.payload).case_id,
        p_value=surest.p_value,
        note=f"key {surest.key_id}; in some of the seconds",
    )


def _spans(in_picture: FileDetection) -> tuple[WatermarkedSpan, ...]:
    return tuple(
        WatermarkedSpan(start=segment.start, end=segment.end, payload=segment.payload, p_value=segment.p_value)
        for segment in in_picture.segments
    )


def _detect_in_sound(
    path: Path, keys: Sequence[WatermarkKey], issued: Sequence[str]
) -> tuple[AudioWatermarkFinding | None, tuple[UnexaminedPart, ...]]:
    """None for what has no sound, or is no media at all; and the sound as left out where it takes too much."""
    try:
        detection = detect_audio_file(path, keys=keys, issued=issued)
    except OverBudget as error:
        return None, (unexamined_part("sound", error),)
    except BadMedia:
        return None, ()
    if detection.seconds <= 0:
        return None, ()
    finding = AudioWatermarkFinding(
        detected=detection.detected,
        payload=detection.payload.hex if detection.payload else None,
        p_value=detection.p_value,
        seconds=detection.seconds,
        note=detection.note,
        among=detection.among,
    )
    return finding, ()
