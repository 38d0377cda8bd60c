"""This mark and the open peers that can be had with their weights, in one run: bytes, PSNR, VMAF, time, survival.

    ASSAY_DATA=… python -m evals.watermark.peer_comparison      (needs invisible-watermark, see video_baselines)

All mark the same first FRAME_COUNT pictures of each clip, published by the same encoder. Survival of a peer is the
share of its bits that are right, in the mean of some pictures; of this mark it is "exact", "recognised" or nothing.
Writes evals/results/watermark_peers.json; resumable.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

import av
import cv2
import numpy as np

from evals.bench.machine_info import machine_info
from evals.watermark.result_records import VmafScores
from evals.watermark.video_attacks import VIDEO_ATTACKS, VideoAttack, run_ffmpeg
from evals.watermark.video_baselines import RIVAGAN, bit_accuracy, mark_with_baseline
from evals.watermark.video_clips import CLIPS, prepare_clip
from evals.watermark.video_robustness import ENCODING, KEY, PAYLOAD, attack_result, vmaf
from media.transcode import reencode
from provenance.watermark import mark_file

OUT = Path("evals/results/watermark_peers.json")
FRAME_COUNT = 24
"""Pictures of each clip: RivaGAN takes seconds for one."""
OURS = "this mark"
METHODS = (OURS, "dwtDctSvd", RIVAGAN)
PEER_CLIPS = ("street_480p", "another_portrait_480p", "cogvideo_480p")
"""Two that nothing was tuned on, and one that was looked at."""
PEER_ATTACKS = ("h264_crf28", "h264_crf35", "h264_crf40", "social_3_generations", "half_size", "rotate_5")


class PeerRow(TypedDict):
    """One method on one clip. `growth` is a share of the bytes of the plain encode; PSNR in dB is to it, in RGB."""

    growth: float
    psnr_to_plain_encode: float
    vmaf_against_plain_encode: VmafScores
    ms_a_picture: float
    published: str
    attacks: dict[str, str]


def main(names: list[str]) -> None:
    """Measures what is missing."""
    cv2.setNumThreads(1)
    results = json.loads(OUT.read_text()) if OUT.exists() else {"clips": {}}
    for name in names or PEER_CLIPS:
        rows: dict[str, PeerRow] = results["clips"].setdefault(name, {})
        with tempfile.TemporaryDirectory(prefix="peers-") as folder:
            source = _source(name, Path(folder))
            for method in METHODS:
                if method not in rows and (method == OURS or find_spec("imwatermark")):
                    rows[method] = _row(method, source, Path(folder))
                    results["machine"] = machine_info()
                    OUT.write_text(json.dumps(results, indent=1) + "\n")
                    print(name, method, json.dumps(rows[method]), flush=True)


def _source(name: str, folder: Path) -> Path:
    """The clip's first pictures."""
    clip = next(clip for clip in CLIPS if clip.name == name)
    whole, source = folder / "whole.mp4", folder / "source.mp4"
    if not prepare_clip(clip, whole):
        raise SystemExit(f"{name} is not there")
    run_ffmpeg("-i", str(whole), "-frames:v", str(FRAME_COUNT), "-c:v", "libx264", "-crf", "10", str(source))
    return source


def _row(method: str, source: Path, folder: Path) -> PeerRow:
    plain, marked = folder / "plain.mp4", folder / "marked.mp4"
    reencode(source, plain, encoding=ENCODING)
    started = time.process_time()
    if method == OURS:
        report = mark_file(source, marked, payload=PAYLOAD, key=KEY, encoding=ENCODING)
        seconds = report.seconds
    else:
        mark_with_baseline(method, source, marked, ENCODING)
        seconds = time.process_time() - started
    chosen = [attack for attack in VIDEO_ATTACKS if attack.name in PEER_ATTACKS]
    return {
        "growth": round(marked.stat().st_size / plain.stat().st_size - 1, 4),
        "psnr_to_plain_encode": _psnr(plain, marked),
        "vmaf_against_plain_encode": vmaf(plain, marked),
        "ms_a_picture": round(1000 * seconds / FRAME_COUNT, 1),
        "published": _survival(method, marked),
        "attacks": {attack.name: _attacked(method, attack, marked, folder / "attacked") for attack in chosen},
    }


def _survival(method: str, path: Path) -> str:
    if method != OURS:
        return _bits(bit_accuracy(method, path))
    copied = VideoAttack(name="none", group="none", run=lambda src, dst: _copied(src, dst.with_suffix(".mp4")))
    return _attacked(method, copied, path, path.with_name("copy"))


def _copied(src: Path, dst: Path) -> Path:
    dst.write_bytes(src.read_bytes())
    return dst


def _attacked(method: str, attack: VideoAttack, marked: Path, out: Path) -> str:
    if method == OURS:
        result = attack_result(attack, marked, out)
        return "exact" if result["exact"] else "recognised" if result["recognised"] else "-"
    path = attack.run(marked, out)
    share = bit_accuracy(method, path)
    path.unlink()
    return _bits(share)


def _bits(share: float) -> str:
    return "exact" if share == 1 else f"{share:.0%} of bits"


def _psnr(plain: Path, marked: Path) -> float:
    errors = []
    with av.open(str(plain)) as first, av.open(str(marked)) as second:
        for one, other in zip(first.decode(video=0), second.decode(video=0), strict=True):
            planes = [frame.to_ndarray(format="rgb24").astype(np.float32) for frame in (one, other)]
            errors.append(np.mean((planes[0] - planes[1]) ** 2))
    return round(float(10 * np.log10(255**2 / np.mean(errors))), 1)


if __name__ == "__main__":
    main(sys.argv[1:])
