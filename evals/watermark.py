"""Measures the video watermark: clips x attacks, survival with intervals, cost in bytes and visibility.

    ASSAY_DATA=… python -m evals.watermark [name of a clip …]

Resumable: each cell is written to evals/results/watermark.json as soon as it is known, and not measured again.
`exact` means all 96 bits with their check; `present` that the key's mark was found at the stated false alarm rate.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2

from evals.attacks import VIDEO_ATTACKS, Attack
from evals.watermark_clips import CLIPS, Clip, prepare
from evals.watermark_table import write_table
from media.limits import Limits
from media.transcode import Encoding, reencode
from provenance.watermark import Payload, WatermarkKey, mark_file
from provenance.watermark.accumulate import accumulate_weighed
from provenance.watermark.detect import Detection, detect
from provenance.watermark.effort import WORK_SIDE, Effort
from provenance.watermark.files import PICTURES, same_size
from provenance.watermark.pictures import weighed_pictures

OUT = Path("evals/results/watermark.json")
KEY = WatermarkKey(id="eval", secret=b"only for measuring, never for use")
PAYLOAD = Payload(issuer=0xA55A7, case_id="0f1e2d3c4b5a6978")
ENCODING = Encoding()
CORE = {
    "h264_crf28", "h264_crf35", "h264_crf40", "h265_crf32", "half_size", "crop_keep_50", "rotate_5", "mirror", "fps_15",
    "trim_to_middle", "mirror_half_crf32", "screenshot_jpeg50", "h264_crf32", "crop75_size0.7_crf30",
    "social_3_generations", "picture_in_picture_60", "filmed_perspective",
}  # fmt: skip


def main(names: list[str]) -> None:
    """Measure what is missing of these clips, or of all; then write the table and the plot."""
    cv2.setNumThreads(1)
    results: dict[str, Any] = json.loads(OUT.read_text()) if OUT.exists() else {"clips": {}}
    for clip in CLIPS:
        if not names or clip.name in names:
            _measure(clip, results)
    write_table(results)


def look(path: Path, *, effort: Effort, keys: list[WatermarkKey]) -> tuple[Detection, float]:
    """What is found in a file, in this process, and the CPU seconds beyond decoding."""
    pictures = list(same_size(weighed_pictures(path, PICTURES, Limits())))
    started = time.process_time()
    found = detect(accumulate_weighed(pictures, work_side=WORK_SIDE), keys, effort=effort)
    return found, time.process_time() - started


def vmaf(reference: Path, changed: Path) -> dict[str, float]:
    """VMAF 0.6.1 and its NEG variant, by the libvmaf in imageio-ffmpeg; every third picture."""
    from imageio_ffmpeg import get_ffmpeg_exe

    models = r"model=version=vmaf_v0.6.1\\:name=vmaf|version=vmaf_v0.6.1neg\\:name=neg"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "vmaf.json"
        graph = f"[0:v]setpts=N[a];[1:v]setpts=N[b];[a][b]libvmaf={models}:log_fmt=json:n_subsample=3:log_path={log}"
        inputs = ["-i", str(changed), "-i", str(reference)]
        subprocess.run([get_ffmpeg_exe(), "-v", "error", *inputs, "-lavfi", graph, "-f", "null", "-"], check=True)
        pooled = json.loads(log.read_text())["pooled_metrics"]
    return {name: round(pooled[name]["mean"], 2) for name in ("vmaf", "neg")}


def _measure(clip: Clip, results: dict[str, Any]) -> None:
    attacks = [one for one in VIDEO_ATTACKS if not clip.core or one.name in CORE]
    row = results["clips"].get(clip.name)
    if row and all(one.name in row["attacks"] for one in attacks):
        return
    with tempfile.TemporaryDirectory(prefix="watermark-") as folder:
        source, marked = Path(folder) / "source.mp4", Path(folder) / "marked.mp4"
        if not prepare(clip, source):
            print(f"{clip.name}: not there, left out", flush=True)
            return
        report = mark_file(source, marked, payload=PAYLOAD, key=KEY, encoding=ENCODING)
        if row is None:
            row = results["clips"][clip.name] = _quality(clip, source, marked, Path(folder) / "plain.mp4")
            row |= {"psnr": round(report.psnr, 2), "strength": round(report.strength, 2), "attacks": {}}
            row |= {"seconds": round(report.seconds, 2), "pictures": report.pictures}
        for attack in attacks:
            if attack.name not in row["attacks"]:
                row["attacks"][attack.name] = _cell(attack, marked, Path(folder) / "attacked")
                OUT.write_text(json.dumps(results, indent=1) + "\n")
    print(clip.name, {k: v for k, v in row.items() if k != "attacks"}, flush=True)


def _quality(clip: Clip, source: Path, marked: Path, plain: Path) -> dict[str, Any]:
    reencode(source, plain, encoding=ENCODING)
    found, seconds = look(marked, effort="quick", keys=[KEY])
    nothing, searched = look(plain, effort="deep", keys=[KEY])
    before, after = vmaf(source, plain), vmaf(source, marked)
    return {
        "content": clip.content,
        "held_out": clip.held_out,
        "growth": round(marked.stat().st_size / plain.stat().st_size - 1, 4),
        "vmaf_against_plain_encode": vmaf(plain, marked),
        "vmaf_lost_against_source": {name: round(before[name] - after[name], 2) for name in before},
        "z": round(found.z, 1),
        "detect_aligned_s": round(seconds, 2),
        "nothing_found_deep_s": round(searched, 2),
        "unmarked_detected": nothing.mark.detected,
    }


def _cell(attack: Attack, marked: Path, out: Path) -> dict[str, Any]:
    path = attack.run(marked, out)
    found, seconds = look(path, effort="quick", keys=[KEY])
    effort = "quick"
    if not found.mark.payload:
        found, more = look(path, effort="deep", keys=[KEY])
        effort, seconds = "deep", seconds + more
    path.unlink()
    return {
        "exact": found.mark.payload == PAYLOAD.hex,
        "present": found.mark.detected,
        "wrong": found.mark.payload not in (None, PAYLOAD.hex),
        "z": round(found.z, 1),
        "effort": effort,
        "geometry": found.geometry,
        "seconds": round(seconds, 2),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
