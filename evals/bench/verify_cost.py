"""What verifying costs in CPU, wall and memory: ten seconds of 720p, whole, stripped and strange; a file of 500 MB."""

from __future__ import annotations

import resource
import tempfile
import time
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np

from evals.bench.machine_info import BenchFigures, min_median_max
from evals.bench.stage_cost import looped_clip
from media.sandbox import sandboxed_process
from media.transcode import Encoding, reencode
from provenance.c2pa.manifest_definition import SealOrder, build_manifest_definition
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.writer import sign_file
from provenance.seal import seal
from provenance.verification.verify import verify
from provenance.watermark import detect_file, mark_file
from provenance.watermark_detection import detect_watermarks

_ROUNDS = 5
"""Calls of each kind, of which the median is given."""
_LARGE_FILE_BYTES = 500_000_000
"""Bytes of packets in the large file."""


def measure_verification() -> BenchFigures:
    """The first verify of a process imports what the others share: it is listed apart as `the first`."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        keys = make_dev_keys(folder / "keys").keys
        clip = looped_clip(folder / "clip.mp4", 10.0)
        sealed, stripped, large = (folder / f"{name}.mp4" for name in ("sealed", "stripped", "large"))
        mark = partial(mark_file, encoding=Encoding(crf=19, preset="veryfast"))
        seal(clip, sealed, _order(), keys=keys, mark=mark, detect=detect_file)
        reencode(sealed, stripped, encoding=Encoding(crf=26))
        _write_large_file(folder / "bytes.mp4")
        claim = build_manifest_definition(_order(), payload="01" * 12, has_parent=False)
        sign_file(folder / "bytes.mp4", large, claim, keys.signer, trust=keys.trust)
        signing = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        look = partial(_time_verify, keys=keys)
        figures: BenchFigures = {"500 MB: peak memory of the process that signs it, MB": signing}
        figures |= {"the first of a process, 10 s of 720p, CPU s": round(look(sealed)[1], 2)}
        figures |= _summarise("10 s of 720p, whole credentials and watermark", [look(sealed) for _ in range(_ROUNDS)])
        figures |= _summarise(
            "10 s of 720p, whole credentials, --quick", [look(sealed, quick=True) for _ in range(_ROUNDS)]
        )
        figures |= _summarise("10 s of 720p, stripped and re-encoded", [look(stripped) for _ in range(_ROUNDS)])
        figures |= _summarise("10 s of 720p, never sealed", [look(clip) for _ in range(_ROUNDS)])
        sandboxed_process.usage.peak = 0
        figures |= _summarise("500 MB, whole credentials, --quick", [look(large, quick=True) for _ in range(3)])
        figures["500 MB, --quick: peak memory of a limited process, MB"] = sandboxed_process.usage.peak // 1024
        figures |= _summarise("500 MB, with watermark", [look(large) for _ in range(3)])
        figures["500 MB, with watermark: peak memory of a limited process, MB"] = sandboxed_process.usage.peak // 1024
    return figures


def _time_verify(path: Path, *, keys: ProvenanceKeys, quick: bool = False) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), sandboxed_process.usage.cpu + time.process_time()
    verify(
        path, trust=keys.trust, keys=[keys.watermark_key], detect=detect_watermarks, look_up=lambda _: None, quick=quick
    )
    return time.perf_counter() - wall, sandboxed_process.usage.cpu + time.process_time() - cpu


def _summarise(name: str, times: list[tuple[float, float]]) -> BenchFigures:
    return {
        f"{name}, CPU s": min_median_max([cpu for _, cpu in times]),
        f"{name}, wall s": min_median_max([wall for wall, _ in times]),
    }


def _order() -> SealOrder:
    return SealOrder(case_id="0" * 16, engine="e", engine_version="1", policy="ab" * 32, when=datetime.now(UTC))


def _write_large_file(path: Path) -> None:
    """720p, a keyframe every two seconds: 48 noisy pictures over and over, about 25 MB/s."""
    noise = np.random.default_rng(7).integers(0, 255, (720, 1280), dtype=np.uint8)
    once = path.with_name("once.mp4")
    options = {"crf": "14", "preset": "ultrafast", "g": "48"}
    with av.open(str(once), "w") as out:
        track = out.add_stream("libx264", rate=24, options=options)
        track.width, track.height, track.pix_fmt = 1280, 720, "yuv420p"
        for step in range(48):
            planes = np.full((1080, 1280), 128, np.uint8)
            planes[:720] = np.roll(noise, step * 7, axis=1) // 4 + 60
            out.mux(track.encode(av.VideoFrame.from_ndarray(planes, "yuv420p")))
        out.mux(track.encode(None))
    size, turn = 0, 0
    with av.open(str(path), "w") as out:
        copy: Any = None
        while size < _LARGE_FILE_BYTES:
            with av.open(str(once)) as source:
                copy = copy or out.add_stream_from_template(source.streams.video[0])
                for packet in source.demux(video=0):
                    if packet.pts is None or packet.dts is None or packet.time_base is None:
                        continue
                    ticks = round(turn * Fraction(2) / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts + ticks, packet.dts + ticks, copy
                    size += packet.size
                    out.mux(packet)
            turn += 1
