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

from evals.bench_stages import _longer
from evals.machine import spread
from media import limited
from media.transcode import Encoding, reencode
from provenance.claims import SealOrder, definition
from provenance.dev_keys import make_dev_keys
from provenance.keys import Keys
from provenance.marks import find_marks
from provenance.seal import seal
from provenance.sign import sign
from provenance.verify import verify
from provenance.watermark import detect_file, mark_file

_ROUNDS = 5
_LARGE = 500_000_000


def verifying() -> dict[str, Any]:
    """The first verify of a process imports what the others share: it is told apart as `the first`."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        keys = make_dev_keys(folder / "keys").keys
        clip = _longer(folder / "clip.mp4", 10.0)
        sealed, stripped, large = (folder / f"{one}.mp4" for one in ("sealed", "stripped", "large"))
        mark = partial(mark_file, encoding=Encoding(crf=19, preset="veryfast"))
        seal(clip, sealed, _order(), keys=keys, mark=mark, detect=detect_file)
        reencode(sealed, stripped, encoding=Encoding(crf=26))
        _made_large(folder / "bytes.mp4")
        claim = definition(_order(), payload="01" * 12, has_parent=False)
        sign(folder / "bytes.mp4", large, claim, keys.signer, trust=keys.trust)
        signing = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        look = partial(_look, keys=keys)
        found: dict[str, Any] = {"500 MB: peak memory of the process that signs it, MB": signing}
        found |= {"the first of a process, 10 s of 720p, CPU s": round(look(sealed)[1], 2)}
        found |= _told("10 s of 720p, whole credentials and watermark", [look(sealed) for _ in range(_ROUNDS)])
        found |= _told("10 s of 720p, whole credentials, --quick", [look(sealed, quick=True) for _ in range(_ROUNDS)])
        found |= _told("10 s of 720p, stripped and re-encoded", [look(stripped) for _ in range(_ROUNDS)])
        found |= _told("10 s of 720p, never sealed", [look(clip) for _ in range(_ROUNDS)])
        limited.spent.peak = 0
        found |= _told("500 MB, whole credentials, --quick", [look(large, quick=True) for _ in range(3)])
        found["500 MB, --quick: peak memory of a limited process, MB"] = limited.spent.peak // 1024
        found |= _told("500 MB, with watermark", [look(large) for _ in range(3)])
        found["500 MB, with watermark: peak memory of a limited process, MB"] = limited.spent.peak // 1024
    return found


def _look(path: Path, *, keys: Keys, quick: bool = False) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), limited.spent.cpu + time.process_time()
    verify(path, trust=keys.trust, keys=[keys.mark_key], detect=find_marks, look_up=lambda _: None, quick=quick)
    return time.perf_counter() - wall, limited.spent.cpu + time.process_time() - cpu


def _told(name: str, times: list[tuple[float, float]]) -> dict[str, Any]:
    return {
        f"{name}, CPU s": spread([cpu for _, cpu in times]),
        f"{name}, wall s": spread([wall for wall, _ in times]),
    }


def _order() -> SealOrder:
    return SealOrder(case_id="0" * 16, engine="e", engine_version="1", policy="ab" * 32, when=datetime.now(UTC))


def _made_large(path: Path) -> None:
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
        while size < _LARGE:
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
