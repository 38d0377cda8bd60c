"""The mark for files: both directions decode a stranger's bytes, so both run in limited processes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.codec import dump, load
from core.errors import BadMedia
from core.finding import Mark
from media import limited
from media.container import check_file
from media.limits import HEAVY, Limits
from media.output import part_of
from media.transcode import Encoding, rewrite
from provenance.watermark.accumulate import accumulate_weighed
from provenance.watermark.audio import mark_sound
from provenance.watermark.detect import detect
from provenance.watermark.effort import WORK_SIDE, Effort
from provenance.watermark.embed import Embedder
from provenance.watermark.fold import canvas, read
from provenance.watermark.issued import Issued
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload
from provenance.watermark.pictures import weighed_pictures
from provenance.watermark.plan import GROWTH, Plan, plan, strongest
from provenance.watermark.read import opinion
from provenance.watermark.segments import Segment, in_seconds, segments
from provenance.watermark.survey import duration_of, survey

PICTURES = 64
"""How many pictures of a video the detector looks at."""


_ENOUGH_ROWS, _CLEAR = 480, 9.5
"""Pictures with fewer rows hold little more than one tile: what they say is read back, with this z of the pilots at
least, and if it is not clear they are marked again, as strongly as can be.
"""

Luma = NDArray[np.uint8]

_MARK = "provenance.watermark.files:mark_here"


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
class FileFinding:
    """The mark of the whole file, which seconds carry which (none for an image), and how the best reading lay."""

    mark: Mark
    segments: tuple[Segment, ...] = ()
    geometry: str = ""
    z: float = 0.0


def mark_file(
    src: Path,
    dst: Path,
    *,
    payload: Payload,
    key: WatermarkKey,
    growth: float = GROWTH,
    encoding: Encoding | None = None,
    limits: Limits | None = None,
) -> MarkReport:
    """Write `dst`, an MP4 of `src` with the mark in its pictures and its sound. Raises BadMedia and leaves no file.

    `growth` is the share of bytes that the mark in the pictures may add, as far as short pieces of the video can tell.
    Sound is encoded anew (AAC), in time with the pictures to the sample.
    """
    limits = limits or Limits()
    check_file(src, limits)
    arguments = {
        "src": str(src.resolve()),
        "dst": str(dst.resolve()),
        "payload": payload.hex,
        "key": _sent(key),
        "growth": growth,
        "encoding": dump(encoding or Encoding()),
        "limits": dump(limits),
    }
    try:
        report: MarkReport = load(MarkReport, limited.call(_MARK, arguments, bounds=HEAVY))
    finally:
        part_of(dst).unlink(missing_ok=True)
    return report


def detect_file(
    path: Path,
    *,
    keys: Sequence[WatermarkKey],
    effort: Effort = "quick",
    issued: Sequence[str] = (),
    limits: Limits | None = None,
) -> Mark:
    """What is found in a video, or in an image (PNG, JPEG, WebP), for any of the keys. Raises BadMedia.

    A mark that is too damaged to be read may still be told to be one of those `issued` (hex, the newest first).
    """
    limits = limits or Limits()
    check_file(path, limits)
    arguments = {"path": str(path.resolve()), "keys": [_sent(key) for key in keys], "effort": effort}
    arguments |= {"issued": list(issued), "limits": dump(limits)}
    mark: Mark = load(Mark, limited.call("provenance.watermark.files:detect_here", arguments, bounds=HEAVY))
    return mark


def find_in_file(
    path: Path,
    *,
    keys: Sequence[WatermarkKey],
    effort: Effort = "quick",
    issued: Sequence[str] = (),
    limits: Limits | None = None,
) -> FileFinding:
    """As detect_file(), and which seconds carry which mark. Raises BadMedia."""
    limits = limits or Limits()
    check_file(path, limits)
    arguments = {"path": str(path.resolve()), "keys": [_sent(key) for key in keys], "effort": effort}
    arguments |= {"issued": list(issued), "limits": dump(limits)}
    answer = limited.call("provenance.watermark.files:find_here", arguments, bounds=HEAVY)
    found: FileFinding = load(FileFinding, answer)
    return found


def mark_here(  # noqa: PLR0917 - they come through a pipe
    src: str,
    dst: str,
    payload: str,
    key: dict[str, str],
    growth: float,
    encoding: dict[str, Any],
    limits: dict[str, Any],
) -> MarkReport:
    """As mark_file(), in this process: for limited ones."""
    cv2.setNumThreads(1)
    started = time.process_time()
    how, bounds = load(Encoding, encoding), load(Limits, limits)
    word, secret = Payload.from_hex(payload), _received(key)
    seen, sound = survey(Path(src), how, bounds), mark_sound(word, secret)

    def written(chosen: Plan) -> Embedder:
        embedder = Embedder(word, secret, strength=chosen.strength, shift=chosen.shift)
        rewrite(Path(src), Path(dst), edit=embedder, sound=sound, encoding=how, limits=bounds)
        return embedder

    chosen = plan(seen, word, secret, crf=how.crf, growth=growth)
    embedder = written(chosen)
    if min(seen.spread[0].shape) < _ENOUGH_ROWS and not _clear(Path(dst), word, secret, bounds):
        chosen = strongest(chosen)
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


def _clear(path: Path, payload: Payload, key: WatermarkKey, limits: Limits) -> bool:
    """Whether the finished file says this payload with something to spare."""
    evidence = accumulate_weighed(same_size(weighed_pictures(path, PICTURES, limits)), work_side=WORK_SIDE)
    said = opinion(read(canvas(evidence.picture, np.diag([evidence.scale, evidence.scale, 1.0]))), key)
    return said.payload == payload and said.z >= _CLEAR


def detect_here(
    path: str, keys: list[dict[str, str]], effort: Effort, issued: list[str], limits: dict[str, Any]
) -> Mark:
    """As detect_file(), in this process: for limited ones."""
    cv2.setNumThreads(1)
    frames = weighed_pictures(Path(path), PICTURES, load(Limits, limits))
    evidence = accumulate_weighed(same_size(frames), work_side=WORK_SIDE)
    secrets = [_received(key) for key in keys]
    return detect(evidence, secrets, effort=effort, issued=_issued(issued, secrets)).mark


def find_here(
    path: str, keys: list[dict[str, str]], effort: Effort, issued: list[str], limits: dict[str, Any]
) -> FileFinding:
    """As find_in_file(), in this process: for limited ones."""
    cv2.setNumThreads(1)
    file, bounds, secrets = Path(path), load(Limits, limits), [_received(key) for key in keys]
    frames = same_size(weighed_pictures(file, 2 * PICTURES, bounds))
    evidence = accumulate_weighed(frames, work_side=WORK_SIDE, parts=True)
    whole = detect(evidence, secrets, effort=effort, issued=_issued(issued, secrets))
    return FileFinding(
        mark=whole.mark,
        segments=in_seconds(segments(evidence, secrets, whole=whole), duration_of(file, bounds)),
        geometry=whole.geometry,
        z=whole.z,
    )


def same_size(frames: Iterable[tuple[Luma, float]]) -> Iterator[tuple[Luma, float]]:
    """Without pictures of another size than the first."""
    shape: tuple[int, ...] | None = None
    for luma, weight in frames:
        shape = shape or luma.shape
        if luma.shape == shape:
            yield luma, weight


def _issued(payloads: Sequence[str], keys: Sequence[WatermarkKey]) -> list[Issued]:
    return [Issued(payloads, key) for key in keys] if payloads else []


def _sent(key: WatermarkKey) -> dict[str, str]:
    return {"id": key.id, "secret": key.secret.hex()}


def _received(key: dict[str, str]) -> WatermarkKey:
    try:
        return WatermarkKey(id=key["id"], secret=bytes.fromhex(key["secret"]))
    except ValueError as error:
        raise BadMedia("the watermark key cannot be used") from error
