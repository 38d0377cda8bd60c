"""Open peers of the video watermark, run on the same clips and attacks where they are installed.

    pip install --no-deps invisible-watermark PyWavelets      (no dependency of Assay; its import needs torch)

They mark each picture by itself and carry 64 bits without a check: exact means that all bits are right, in the mean of
the pictures looked at. Their answer for a file of another size is read as it comes: they do not search.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from evals.watermark.result_records import BaselineResult, VideoResults
from evals.watermark.video_attacks import VideoAttack
from evals.watermark.video_clips import VideoClip
from media.arrays import RgbImage
from media.transcode import Encoding

BASELINES = ("dwtDct", "dwtDctSvd")
RIVAGAN = "rivaGan"
"""Of the same package, with its weights in it; it takes seconds a picture (evals.watermark.peer_comparison)."""
BASELINE_CLIPS = ("cogvideo_480p",)
BASELINE_BITS = np.random.default_rng(96).integers(0, 2, 64)
_SAMPLED_FRAMES = 8
"""Pictures of a file whose bits are averaged."""


def missing_baselines(clip: VideoClip, results: VideoResults) -> list[str]:
    """Those that are installed, to be run on this clip, and not in the results yet."""
    if clip.name not in BASELINE_CLIPS or not find_spec("imwatermark"):
        return []
    return [name for name in BASELINES if name not in results["peers"].get(clip.name, {})]


def run_baseline(name: str, source: Path, encoding: Encoding, attacks: Sequence[VideoAttack]) -> BaselineResult:
    """Marks the clip with one of BASELINES, attacks it, and reads its bits again."""
    with tempfile.TemporaryDirectory(prefix="peer-") as folder:
        marked, started = Path(folder) / "marked.mp4", time.process_time()
        pictures = mark_with_baseline(name, source, marked, encoding)
        seconds = time.process_time() - started
        cells = {attack.name: bit_accuracy(name, attack.run(marked, Path(folder) / "attacked")) for attack in attacks}
        return {
            "published": bit_accuracy(name, marked),
            "ms_a_picture": round(1000 * seconds / pictures, 1),
            "attacks": cells,
        }


def mark_with_baseline(name: str, source: Path, marked: Path, encoding: Encoding) -> int:
    """Publishes the clip with the peer's mark, and says how many pictures it has."""
    encoder: Any = import_module("imwatermark").WatermarkEncoder()
    encoder.set_watermark("bits", [int(bit) for bit in baseline_bits(name)])
    if name == RIVAGAN:
        encoder.loadModel()
    count = 0
    with av.open(str(source)) as container, av.open(str(marked), "w") as out:
        video = container.streams.video[0]
        options = {"crf": str(encoding.crf), "preset": encoding.preset}
        track = out.add_stream("libx264", rate=video.average_rate or 25, options=options)
        track.width, track.height, track.pix_fmt = video.width, video.height, "yuv420p"
        for frame in container.decode(video):
            pixels: RgbImage = np.asarray(encoder.encode(_to_bgr(frame), name), np.uint8)
            planes = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2YUV_I420), np.uint8)
            out.mux(track.encode(av.VideoFrame.from_ndarray(planes, "yuv420p")))
            count += 1
        out.mux(track.encode(None))
    return count


def _to_bgr(frame: av.VideoFrame) -> RgbImage:
    """By OpenCV, which rounds: these marks are a few levels of colour, and swscale is off by one."""
    if frame.format.name == "yuv420p" and frame.width % 2 == 0 and frame.height % 2 == 0:
        return np.asarray(cv2.cvtColor(frame.to_ndarray(), cv2.COLOR_YUV2BGR_I420), np.uint8)
    return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def baseline_bits(name: str) -> list[int]:
    """What the peer writes: RivaGAN has 32 bits, the others 64."""
    return [int(bit) for bit in (BASELINE_BITS[:32] if name == RIVAGAN else BASELINE_BITS)]


def bit_accuracy(name: str, path: Path) -> float:
    """The share of bits that are right; half of them are by chance."""
    bits_written = baseline_bits(name)
    decoder: Any = import_module("imwatermark").WatermarkDecoder("bits", len(bits_written))
    if name == RIVAGAN:
        decoder.loadModel()
    with av.open(str(path)) as container:
        pictures = [_to_bgr(frame) for frame in container.decode(video=0)]
    chosen = pictures[:: max(1, len(pictures) // _SAMPLED_FRAMES)]
    try:
        bits = np.mean([decoder.decode(pixels, name) for pixels in chosen], axis=0) > 0.5
    except RuntimeError:  # it refuses pictures below 256 x 256
        return 0.5
    return round(float(np.mean(bits == np.array(bits_written))), 3)
