"""The mark for files: both directions decode untrusted bytes, so both run in the sandbox."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core.codec import dump, load
from core.errors import BadMedia
from core.finding import WatermarkFinding
from media.arrays import LumaPlane
from media.atomic_output import sandboxed_output
from media.container import check_file
from media.sandbox import client
from media.sandbox.limits import TRANSCODE_LIMITS, InputLimits
from media.sandbox.scan import input_limits
from media.transcode import Encoding, transcode
from provenance.watermark.audio import audio_editor
from provenance.watermark.effort import ANALYSIS_SHORT_SIDE, Effort
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload
from provenance.watermark.payload_set import PayloadSet
from provenance.watermark.video.analysis import analyse_video, video_duration
from provenance.watermark.video.demodulate import demodulate, rectify
from provenance.watermark.video.detect import detect_in_frames
from provenance.watermark.video.embed import VideoWatermarker
from provenance.watermark.video.frame_accumulation import accumulate_weighted_frames
from provenance.watermark.video.frame_selection import weighted_frames
from provenance.watermark.video.pilot_detector import detect_tile
from provenance.watermark.video.segments import Segment, find_segments, segments_in_seconds
from provenance.watermark.video.strength_control import DEFAULT_GROWTH, EmbeddingPlan, at_full_strength, plan_embedding

SAMPLED_FRAMES = 64
"""How many pictures of a video the detector looks at."""


_MIN_ROWS_UNCHECKED = 480
"""Pictures with fewer rows hold little more than one tile: their mark is read back, and if it is not clear they are
marked again at full strength.
"""

_MIN_READBACK_Z = 9.5
"""The least z of the pilots in that reading."""


_MARK_IN_PROCESS = "provenance.watermark.video.files:mark_in_process"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkReport:
    """`psnr` in dB is of the mark alone, before encoding; `seconds` is CPU time, decoding and encoding included.

    `strength` was chosen for this video; `growth` is by what share the file is expected to be larger for the mark (by
    short pieces of it: give or take a half).
    """

    pictures: int
    psnr: float
    seconds: float
    payload: str
    strength: float = 1.0
    growth: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDetection:
    """The mark of the whole file, which seconds carry which (none for an image), and how the best reading lay."""

    mark: WatermarkFinding
    segments: tuple[Segment, ...] = ()
    geometry: str = ""
    z: float = 0.0


def mark_file(
    src: Path,
    dst: Path,
    *,
    payload: Payload,
    key: WatermarkKey,
    growth: float = DEFAULT_GROWTH,
    encoding: Encoding | None = None,
    limits: InputLimits | None = None,
) -> MarkReport:
    """Write `dst`, an MP4 of `src` with the mark in its pictures and its sound. Raises BadMedia and leaves no file.

    `growth` is the share of bytes that the mark in the pictures may add, as far as short pieces of the video can tell.
    Sound is re-encoded (AAC), in time with the pictures to the sample.
    """
    limits = limits or input_limits()
    check_file(src, limits)
    arguments = {
        "src": str(src.resolve()),
        "payload": payload.hex,
        "key": _key_to_dict(key),
        "growth": growth,
        "encoding": dump(encoding or Encoding()),
        "limits": dump(limits),
    }
    with sandboxed_output(dst) as made:
        arguments["dst"] = str(made)
        answer = client.run_sandboxed(
            _MARK_IN_PROCESS, arguments, reads=[src], writes=[made.parent], limits=TRANSCODE_LIMITS
        )
    report: MarkReport = load(MarkReport, answer)
    return report


def detect_file(
    path: Path,
    *,
    keys: Sequence[WatermarkKey],
    effort: Effort = "quick",
    issued: Sequence[str] = (),
    limits: InputLimits | None = None,
) -> WatermarkFinding:
    """What is found in a video, or in an image (PNG, JPEG, WebP), for any of the keys. Raises BadMedia.

    A mark that is too damaged to be decoded may still be recognised as one of those `issued` (hex, the newest first).
    """
    limits = limits or input_limits()
    check_file(path, limits)
    arguments = {"path": str(path.resolve()), "keys": [_key_to_dict(key) for key in keys], "effort": effort}
    arguments |= {"issued": list(issued), "limits": dump(limits)}
    mark: WatermarkFinding = load(
        WatermarkFinding,
        client.run_sandboxed(
            "provenance.watermark.video.files:detect_in_process", arguments, reads=[path], limits=TRANSCODE_LIMITS
        ),
    )
    return mark


def locate_in_file(
    path: Path,
    *,
    keys: Sequence[WatermarkKey],
    effort: Effort = "quick",
    issued: Sequence[str] = (),
    limits: InputLimits | None = None,
) -> FileDetection:
    """As detect_file(), and which seconds carry which mark. Raises BadMedia."""
    limits = limits or input_limits()
    check_file(path, limits)
    arguments = {"path": str(path.resolve()), "keys": [_key_to_dict(key) for key in keys], "effort": effort}
    arguments |= {"issued": list(issued), "limits": dump(limits)}
    answer = client.run_sandboxed(
        "provenance.watermark.video.files:locate_in_process", arguments, reads=[path], limits=TRANSCODE_LIMITS
    )
    detection: FileDetection = load(FileDetection, answer)
    return detection


def mark_in_process(  # noqa: PLR0917 - they come through a pipe
    src: str,
    dst: str,
    payload: str,
    key: dict[str, str],
    growth: float,
    encoding: dict[str, object],
    limits: dict[str, object],
) -> MarkReport:
    """As mark_file(), in this process, for use inside the sandbox."""
    cv2.setNumThreads(1)
    started = time.process_time()
    options, bounds = load(Encoding, encoding), load(InputLimits, limits)
    message, secret = Payload.from_hex(payload), _key_from_dict(key)
    analysis, sound = analyse_video(Path(src), options, bounds), audio_editor(message, secret)

    def written(chosen: EmbeddingPlan) -> VideoWatermarker:
        embedder = VideoWatermarker(message, secret, strength=chosen.strength, shift=chosen.shift)
        transcode(Path(src), Path(dst), edit=embedder, audio_editor=sound, encoding=options, limits=bounds)
        return embedder

    chosen = plan_embedding(analysis, message, secret, crf=options.crf, growth=growth)
    embedder = written(chosen)
    if min(analysis.sampled_frames[0].shape) < _MIN_ROWS_UNCHECKED and not _reads_back(
        Path(dst), message, secret, bounds
    ):
        chosen = at_full_strength(chosen)
        embedder = written(chosen)
    seconds = time.process_time() - started
    return MarkReport(
        pictures=embedder.pictures,
        psnr=embedder.psnr,
        seconds=seconds,
        payload=payload,
        strength=chosen.strength,
        growth=chosen.growth,
    )


def _reads_back(path: Path, payload: Payload, key: WatermarkKey, limits: InputLimits) -> bool:
    """Whether the finished file says this payload with something to spare."""
    evidence = accumulate_weighted_frames(
        same_size_frames(weighted_frames(path, SAMPLED_FRAMES, limits)), min_short_side=ANALYSIS_SHORT_SIDE
    )
    detection = detect_tile(
        demodulate(rectify(evidence.mean_frame, np.diag([evidence.scale, evidence.scale, 1.0]))), key
    )
    return detection.payload == payload and detection.z >= _MIN_READBACK_Z


def detect_in_process(
    path: str, keys: list[dict[str, str]], effort: Effort, issued: list[str], limits: dict[str, object]
) -> WatermarkFinding:
    """As detect_file(), in this process, for use inside the sandbox."""
    cv2.setNumThreads(1)
    frames = weighted_frames(Path(path), SAMPLED_FRAMES, load(InputLimits, limits))
    evidence = accumulate_weighted_frames(same_size_frames(frames), min_short_side=ANALYSIS_SHORT_SIDE)
    secrets = [_key_from_dict(key) for key in keys]
    return detect_in_frames(evidence, secrets, effort=effort, issued=_payload_sets(issued, secrets)).mark


def locate_in_process(
    path: str, keys: list[dict[str, str]], effort: Effort, issued: list[str], limits: dict[str, object]
) -> FileDetection:
    """As locate_in_file(), in this process, for use inside the sandbox."""
    cv2.setNumThreads(1)
    file, bounds, secrets = Path(path), load(InputLimits, limits), [_key_from_dict(key) for key in keys]
    frames = same_size_frames(weighted_frames(file, 2 * SAMPLED_FRAMES, bounds))
    evidence = accumulate_weighted_frames(frames, min_short_side=ANALYSIS_SHORT_SIDE, parts=True)
    whole = detect_in_frames(evidence, secrets, effort=effort, issued=_payload_sets(issued, secrets))
    return FileDetection(
        mark=whole.mark,
        segments=segments_in_seconds(find_segments(evidence, secrets, whole=whole), video_duration(file, bounds)),
        geometry=whole.geometry,
        z=whole.z,
    )


def same_size_frames(frames: Iterable[tuple[LumaPlane, float]]) -> Iterator[tuple[LumaPlane, float]]:
    """Without pictures of another size than the first."""
    shape: tuple[int, ...] | None = None
    for luma, weight in frames:
        shape = shape or luma.shape
        if luma.shape == shape:
            yield luma, weight


def _payload_sets(payloads: Sequence[str], keys: Sequence[WatermarkKey]) -> list[PayloadSet]:
    return [PayloadSet(payloads, key) for key in keys] if payloads else []


def _key_to_dict(key: WatermarkKey) -> dict[str, str]:
    return {"id": key.id, "secret": key.secret.hex()}


def _key_from_dict(key: dict[str, str]) -> WatermarkKey:
    try:
        return WatermarkKey(id=key["id"], secret=bytes.fromhex(key["secret"]))
    except ValueError as error:
        raise BadMedia("the watermark key cannot be used") from error
