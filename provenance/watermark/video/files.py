"""The mark for files. What decodes untrusted bytes and what holds a key are two processes.

The first, in the sandbox, sees the file and no key: it sums the pictures up and leaves the sums as plain numbers in a
folder; the second, in the sandbox too, has the keys and sees those numbers only. What writes a mark sees what the key
makes of the one payload (and the pilots, which all payloads share), from which the secret cannot be told.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.codec import dump, load
from core.errors import BadMedia
from core.finding import WatermarkFinding
from media.arrays import FloatArray, LumaPlane
from media.atomic_output import sandboxed_output
from media.container import check_file
from media.sandbox import client
from media.sandbox.limits import TRANSCODE_LIMITS, InputLimits
from media.sandbox.scan import input_limits
from media.transcode import Encoding, transcode
from provenance.watermark.audio.embed import AudioMarkPattern, AudioWatermarker, audio_mark_pattern
from provenance.watermark.effort import ANALYSIS_SHORT_SIDE, Effort
from provenance.watermark.key import WatermarkKey, key_from_json, key_to_json
from provenance.watermark.payload import Payload
from provenance.watermark.payload_set import PayloadSet
from provenance.watermark.video.analysis import analyse_video, video_duration
from provenance.watermark.video.carrier_layout import modulate
from provenance.watermark.video.demodulate import demodulate, rectify
from provenance.watermark.video.detect import detect_in_frames
from provenance.watermark.video.embed import VideoWatermarker
from provenance.watermark.video.frame_accumulation import (
    TIME_BUCKETS,
    AccumulatedFrames,
    accumulate_weighted_frames,
)
from provenance.watermark.video.frame_selection import weighted_frames
from provenance.watermark.video.pilot_detector import detect_tile
from provenance.watermark.video.segments import Segment, find_segments, segments_in_seconds
from provenance.watermark.video.strength_control import (
    DEFAULT_GROWTH,
    EmbeddingPlan,
    at_full_strength,
    plan_embedding,
)

SLOW_IMPORTS = ("scipy.fft", "scipy.ndimage")
"""What is imported where it is needed, since it takes long: processes of the sandbox are forked with it."""
SAMPLED_FRAMES = 64
"""How many pictures of a video the detector looks at."""
_COMPILATION_SECONDS = 15.0
"""From this length on a video may be pieces of several, fitted into one frame."""

_MIN_ROWS_UNCHECKED = 480
"""Pictures with fewer rows hold little more than one tile: their mark is read back, and if it is not clear they are
marked again at full strength. So are those marked weakly: smooth pictures, which the mark makes larger by much.
"""

_MIN_STRENGTH_UNCHECKED = 1.2
"""The strength below which a mark is weak."""

_MIN_READBACK_Z = 9.5
"""The least z of the pilots in that reading."""

_SUMS_FILE = "sums.f32"
_MAX_SUM_SIDE = 16_384  # pixels of a summed picture's side


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SummedPictures:
    """What the decoding process says of the sums it left: their size, that of all of them and of how many parts,
    what they were shrunk by, and the seconds of the video.
    """

    height: int
    width: int
    parts: int
    frame_count: int
    factor: int
    duration: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marked:
    """What came of writing a mark: the plan, the shorter side of the pictures, and what MarkReport says."""

    plan: EmbeddingPlan
    short_side: int
    pictures: int
    psnr: float
    seconds: float


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
    amplitudes, sound = modulate(payload, key), audio_mark_pattern(payload, key)
    arguments = {
        "src": str(src.resolve()),
        "amplitudes": [amplitudes.real.tolist(), amplitudes.imag.tolist()],
        "sound": [sound.signs.tolist(), sound.bits.tolist()],
        "growth": growth,
        "encoding": dump(encoding or Encoding()),
        "limits": dump(limits),
    }
    with sandboxed_output(dst) as made:
        arguments["dst"] = str(made)
        marked = _mark_in_sandbox(src, made, arguments, None)
        doubtful = marked.short_side < _MIN_ROWS_UNCHECKED or marked.plan.strength < _MIN_STRENGTH_UNCHECKED
        if doubtful and not _reads_back(made, payload, key, limits):
            again = _mark_in_sandbox(src, made, arguments, at_full_strength(marked.plan))
            marked = replace(again, seconds=marked.seconds + again.seconds)
    return MarkReport(
        pictures=marked.pictures,
        psnr=marked.psnr,
        seconds=marked.seconds,
        payload=payload.hex,
        strength=marked.plan.strength,
        growth=marked.plan.growth,
    )


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
    with summed_pictures(path, SAMPLED_FRAMES, limits or input_limits()) as (folder, pictures):
        answer = run_with_keys("detect_in_process", folder, pictures, keys, {"effort": effort, "issued": list(issued)})
    mark: WatermarkFinding = load(WatermarkFinding, answer)
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
    with summed_pictures(path, 2 * SAMPLED_FRAMES, limits or input_limits(), parts=True) as (folder, pictures):
        answer = run_with_keys("locate_in_process", folder, pictures, keys, {"effort": effort, "issued": list(issued)})
    detection: FileDetection = load(FileDetection, answer)
    return detection


@contextmanager
def summed_pictures(
    path: Path, count: int, limits: InputLimits, *, parts: bool = False
) -> Iterator[tuple[Path, SummedPictures]]:
    """What a process that sees the file and no key makes of it, in a folder that is there meanwhile."""
    check_file(path, limits)
    with tempfile.TemporaryDirectory(prefix="assay-sums-") as name:
        folder = Path(name)
        arguments = {"path": str(path.resolve()), "folder": name, "count": count, "parts": parts}
        answer = client.run_sandboxed(
            "provenance.watermark.video.files:sum_pictures_in_process",
            arguments | {"limits": dump(limits)},
            reads=[path],
            writes=[folder],
            limits=TRANSCODE_LIMITS,
        )
        yield folder, load(SummedPictures, answer)


def run_with_keys(
    function: str,
    folder: Path,
    pictures: SummedPictures,
    keys: Sequence[WatermarkKey],
    more: Mapping[str, object],
    module: str = __name__,
) -> Any:
    """In a process that sees the keys, and no file but the sums."""
    arguments = {"folder": str(folder), "pictures": dump(pictures), "keys": [key_to_json(key) for key in keys]}
    return client.run_sandboxed(f"{module}:{function}", {**arguments, **more}, reads=[folder], limits=TRANSCODE_LIMITS)


def _mark_in_sandbox(src: Path, made: Path, arguments: Mapping[str, object], plan: EmbeddingPlan | None) -> _Marked:
    answer = client.run_sandboxed(
        "provenance.watermark.video.files:mark_in_process",
        {**arguments, "plan": None if plan is None else dump(plan)},
        reads=[src],
        writes=[made.parent],
        limits=TRANSCODE_LIMITS,
    )
    marked: _Marked = load(_Marked, answer)
    return marked


def _reads_back(path: Path, payload: Payload, key: WatermarkKey, limits: InputLimits) -> bool:
    """Whether the finished file says this payload with something to spare."""
    with summed_pictures(path, SAMPLED_FRAMES, limits) as (folder, pictures):
        return bool(run_with_keys("reads_in_process", folder, pictures, [key], {"payload": payload.hex}))


def mark_in_process(  # noqa: PLR0917 - they come through a pipe
    src: str,
    dst: str,
    amplitudes: list[list[float]],
    sound: list[list[list[float]]],
    growth: float,
    encoding: dict[str, object],
    limits: dict[str, object],
    plan: dict[str, object] | None,
) -> _Marked:
    """Write the mark of these amplitudes, by the plan or by one that is made for the video. For use in the sandbox."""
    cv2.setNumThreads(1)
    started = time.process_time()
    options, bounds = load(Encoding, encoding), load(InputLimits, limits)
    mark = np.array(amplitudes[0]) + 1j * np.array(amplitudes[1])
    pattern = AudioMarkPattern(signs=np.array(sound[0], np.float32), bits=np.array(sound[1], np.intp))
    analysis = analyse_video(Path(src), options, bounds)
    chosen = load(EmbeddingPlan, plan) if plan else plan_embedding(analysis, mark, crf=options.crf, growth=growth)
    embedder = VideoWatermarker(mark, strength=chosen.strength, shift=chosen.shift, max_flat_rms=chosen.max_flat_rms)
    editor = partial(AudioWatermarker, pattern=pattern)
    transcode(Path(src), Path(dst), edit=embedder, audio_editor=editor, encoding=options, limits=bounds)
    return _Marked(
        plan=chosen,
        short_side=min(analysis.sampled_frames[0].shape),
        pictures=embedder.pictures,
        psnr=embedder.psnr,
        seconds=time.process_time() - started,
    )


def sum_pictures_in_process(
    path: str, folder: str, count: int, parts: bool, limits: dict[str, object]
) -> SummedPictures:
    """Decode pictures of the file, and leave their sums in `folder`. For use in the sandbox."""
    cv2.setNumThreads(1)
    file, bounds = Path(path), load(InputLimits, limits)
    frames = same_size_frames(weighted_frames(file, count, bounds))
    sums = accumulate_weighted_frames(frames, min_short_side=ANALYSIS_SHORT_SIDE, parts=parts)
    with (Path(folder) / _SUMS_FILE).open("wb") as out:
        for picture in (sums.mean_frame, *sums.parts):
            out.write(np.ascontiguousarray(picture, np.float32).data)
    height, width = sums.mean_frame.shape
    return SummedPictures(
        height=height,
        width=width,
        parts=len(sums.parts),
        frame_count=sums.frame_count,
        factor=sums.factor,
        duration=video_duration(file, bounds) if parts else 0.0,
    )


def detect_in_process(
    folder: str, pictures: dict[str, object], keys: list[dict[str, str]], effort: Effort, issued: list[str]
) -> WatermarkFinding:
    """As detect_file(), in what sum_pictures_in_process left. For use in the sandbox."""
    cv2.setNumThreads(1)
    secrets = [key_from_json(key) for key in keys]
    sums = read_sums(folder, load(SummedPictures, pictures))
    return detect_in_frames(sums, secrets, effort=effort, issued=_payload_sets(issued, secrets)).mark


def locate_in_process(
    folder: str, pictures: dict[str, object], keys: list[dict[str, str]], effort: Effort, issued: list[str]
) -> FileDetection:
    """As locate_in_file(), in what sum_pictures_in_process left. For use in the sandbox."""
    cv2.setNumThreads(1)
    known, secrets = load(SummedPictures, pictures), [key_from_json(key) for key in keys]
    sums = read_sums(folder, known)
    whole = detect_in_frames(sums, secrets, effort=effort, issued=_payload_sets(issued, secrets))
    thorough: Effort = effort if known.duration >= _COMPILATION_SECONDS else "quick"
    return FileDetection(
        mark=whole.mark,
        segments=segments_in_seconds(find_segments(sums, secrets, whole=whole, effort=thorough), known.duration),
        geometry=whole.geometry,
        z=whole.z,
    )


def reads_in_process(folder: str, pictures: dict[str, object], keys: list[dict[str, str]], payload: str) -> bool:
    """Whether the sums say this payload with something to spare. For use in the sandbox."""
    cv2.setNumThreads(1)
    sums = read_sums(folder, load(SummedPictures, pictures))
    plain = demodulate(rectify(sums.mean_frame, np.diag([sums.scale, sums.scale, 1.0])))
    detection = detect_tile(plain, key_from_json(keys[0]))
    return detection.payload == Payload.from_hex(payload) and detection.z >= _MIN_READBACK_Z


def same_size_frames(frames: Iterable[tuple[LumaPlane, float]]) -> Iterator[tuple[LumaPlane, float]]:
    """Without pictures of another size than the first."""
    shape: tuple[int, ...] | None = None
    for luma, weight in frames:
        shape = shape or luma.shape
        if luma.shape == shape:
            yield luma, weight


def read_sums(folder: str, pictures: SummedPictures) -> AccumulatedFrames:
    """The sums in a folder. Raises BadMedia for what sum_pictures_in_process would not have left: that process may
    have been taken over.
    """
    sides, path = (pictures.height, pictures.width), Path(folder) / _SUMS_FILE
    size = 4 * pictures.height * pictures.width * (1 + pictures.parts)
    if not (
        all(0 < side <= _MAX_SUM_SIDE for side in sides)
        and 0 <= pictures.parts <= 2 * TIME_BUCKETS
        and 0 < pictures.factor <= _MAX_SUM_SIDE
        and path.stat().st_size == size
    ):
        raise BadMedia("the pictures of this file cannot be summed up")
    sums: FloatArray = np.fromfile(path, np.float32).reshape(1 + pictures.parts, *sides)
    if not np.isfinite(sums).all():
        raise BadMedia("the pictures of this file cannot be summed up")
    return AccumulatedFrames(
        mean_frame=sums[0], frame_count=pictures.frame_count, factor=pictures.factor, parts=tuple(sums[1:])
    )


def _payload_sets(payloads: Sequence[str], keys: Sequence[WatermarkKey]) -> list[PayloadSet]:
    return [PayloadSet(payloads, key) for key in keys] if payloads else []
