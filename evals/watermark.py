"""Measures the video watermark: clips x attacks, survival with intervals, cost in bytes and visibility.

    ASSAY_DATA=… python -m evals.watermark [name of a clip …]

Installed peers run through the same attacks. Resumable: each cell is written to evals/results/watermark.json as
soon as it is known, and not measured again.
`exact` means all 96 bits with their check; `recognised` also those told apart from ISSUED payloads that an office has
issued; `present` that the key's mark was found at the stated false alarm rate.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2

from evals.attacks import VIDEO_ATTACKS, Attack
from evals.machine import machine
from evals.watermark_clips import CLIPS, Clip, prepare
from evals.watermark_peers import peers_missing, run_peer
from evals.watermark_table import write_table
from media.limits import Limits
from media.transcode import Encoding, reencode, rewrite
from provenance.watermark import Embedder, Payload, WatermarkKey, mark_file
from provenance.watermark.accumulate import accumulate_weighed
from provenance.watermark.detect import Detection, detect
from provenance.watermark.effort import WORK_SIDE, Effort
from provenance.watermark.files import PICTURES, same_size
from provenance.watermark.issued import Issued
from provenance.watermark.pictures import weighed_pictures

OUT = Path("evals/results/watermark.json")
KEY = WatermarkKey(id="eval", secret=b"only for measuring, never for use")
PAYLOAD = Payload(issuer=0xA55A7, case_id="0f1e2d3c4b5a6978")
ENCODING = Encoding()
ISSUED = 100_000
BRIEF = {
    "h264_crf28",
    "h264_crf35",
    "half_size",
    "crop_keep_50",
    "rotate_5",
    "mirror",
    "trim_to_middle",
    "social_3_generations",
    "screenshot_jpeg50",
}
CORE = BRIEF | {
    "h264_crf32", "h264_crf40", "h265_crf32", "fps_15", "mirror_half_crf32", "crop75_size0.7_crf30",
    "picture_in_picture_60", "filmed_perspective",
}  # fmt: skip
_UNSEEN = 0.15
"""A strength at which a mark rounds to next to nothing: what VMAF makes of two encodes of the same pictures."""


def main(names: list[str]) -> None:
    """Measure what is missing of these clips, or of all; then write the table and the plot."""
    cv2.setNumThreads(1)
    results: dict[str, Any] = json.loads(OUT.read_text()) if OUT.exists() else {"clips": {}, "peers": {}}
    for clip in CLIPS:
        if not names or clip.name in names:
            _measure(clip, results)
            results["machine"] = machine()
            write_table(results, BRIEF)


def attacks_of(clip: Clip) -> list[Attack]:
    """Those of its suite."""
    suite = {"core": CORE, "brief": BRIEF}.get(clip.suite)
    return [one for one in VIDEO_ATTACKS if suite is None or one.name in suite]


@cache
def issued() -> Issued:
    """Random payloads of one issuer, the right one among them."""
    chance = random.Random(1)  # noqa: S311  of no use as secrets
    others = [Payload(issuer=PAYLOAD.issuer, case_id=f"{chance.getrandbits(64):016x}").hex for _ in range(ISSUED - 1)]
    return Issued([*others, PAYLOAD.hex], KEY)


def look(
    path: Path, *, effort: Effort, keys: list[WatermarkKey], among: Sequence[Issued] = ()
) -> tuple[Detection, float]:
    """What is found in a file, in this process, and the CPU seconds beyond decoding."""
    pictures = list(same_size(weighed_pictures(path, PICTURES, Limits())))
    started = time.process_time()
    found = detect(accumulate_weighed(pictures, work_side=WORK_SIDE), keys, effort=effort, issued=among)
    return found, time.process_time() - started


def vmaf(reference: Path, changed: Path) -> dict[str, float]:
    """VMAF 0.6.1 and its NEG variant, by the libvmaf in imageio-ffmpeg; every fifth picture."""
    from imageio_ffmpeg import get_ffmpeg_exe

    models = r"model=version=vmaf_v0.6.1\\:name=vmaf|version=vmaf_v0.6.1neg\\:name=neg"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "vmaf.json"
        graph = f"[0:v]setpts=N[a];[1:v]setpts=N[b];[a][b]libvmaf={models}:log_fmt=json:n_subsample=5:log_path={log}"
        inputs = ["-i", str(changed), "-i", str(reference)]
        subprocess.run([get_ffmpeg_exe(), "-v", "error", *inputs, "-lavfi", graph, "-f", "null", "-"], check=True)
        pooled = json.loads(log.read_text())["pooled_metrics"]
    return {name: round(pooled[name]["mean"], 2) for name in ("vmaf", "neg")}


def _measure(clip: Clip, results: dict[str, Any]) -> None:
    row, attacks = results["clips"].get(clip.name), attacks_of(clip)
    if row and all(one.name in row["attacks"] for one in attacks) and not peers_missing(clip, results):
        return
    with tempfile.TemporaryDirectory(prefix="watermark-") as folder:
        source, marked = Path(folder) / "source.mp4", Path(folder) / "marked.mp4"
        if not prepare(clip, source):
            print(f"{clip.name}: not there, left out", flush=True)
            return
        report = _mark(clip, source, marked)
        if row is None:
            row = results["clips"][clip.name] = _quality(clip, source, marked, Path(folder)) | report | {"attacks": {}}
        for attack in attacks:
            if attack.name not in row["attacks"]:
                row["attacks"][attack.name] = _cell(attack, marked, Path(folder) / "attacked")
                OUT.write_text(json.dumps(results, indent=1) + "\n")
        for peer in peers_missing(clip, results):
            brief = [one for one in attacks if one.name in BRIEF]
            results["peers"].setdefault(clip.name, {})[peer] = run_peer(peer, source, ENCODING, brief)
            OUT.write_text(json.dumps(results, indent=1) + "\n")
    print(clip.name, {k: v for k, v in row.items() if k != "attacks"}, flush=True)


def _mark(clip: Clip, source: Path, marked: Path) -> dict[str, Any]:
    encoding = replace(ENCODING, crf=clip.crf)
    if clip.strength is None:
        report = mark_file(source, marked, payload=PAYLOAD, key=KEY, encoding=encoding, growth=clip.growth)
        said = {"strength": report.strength, "psnr": report.psnr, "seconds": report.seconds}
        return {name: round(value, 2) for name, value in said.items()} | {"pictures": report.pictures}
    embedder, started = Embedder(PAYLOAD, KEY, strength=clip.strength), time.process_time()
    pictures = rewrite(source, marked, edit=embedder, encoding=encoding)
    said = {"strength": clip.strength, "psnr": embedder.psnr, "seconds": time.process_time() - started}
    return {name: round(value, 2) for name, value in said.items()} | {"pictures": pictures}


def _quality(clip: Clip, source: Path, marked: Path, folder: Path) -> dict[str, Any]:
    """The brief suite leaves out what VMAF makes of two plain encodes, and the search that finds nothing."""
    plain, encoding = folder / "plain.mp4", replace(ENCODING, crf=clip.crf)
    reencode(source, plain, encoding=encoding)
    found, seconds = look(marked, effort="quick", keys=[KEY])
    brief = clip.suite == "brief"
    return {
        "content": clip.content,
        "suite": clip.suite,
        "growth": round(marked.stat().st_size / plain.stat().st_size - 1, 4),
        "vmaf_against_plain_encode": vmaf(plain, marked),
        "vmaf_of_two_plain_encodes": None if brief else _two_plain(source, plain, folder / "unseen.mp4", encoding),
        "z": round(found.z, 1),
        "detect_aligned_s": round(seconds, 2),
        **({} if brief else _nothing(plain)),
    }


def _two_plain(source: Path, plain: Path, unseen: Path, encoding: Encoding) -> dict[str, float]:
    rewrite(source, unseen, edit=Embedder(PAYLOAD, KEY, strength=_UNSEEN), encoding=encoding)
    return vmaf(plain, unseen)


def _nothing(plain: Path) -> dict[str, Any]:
    found, seconds = look(plain, effort="deep", keys=[KEY])
    return {"nothing_found_deep_s": round(seconds, 2), "unmarked_detected": found.mark.detected}


def _cell(attack: Attack, marked: Path, out: Path) -> dict[str, Any]:
    path = attack.run(marked, out)
    found, seconds = look(path, effort="quick", keys=[KEY])
    effort = "quick"
    if not found.mark.payload:
        found, more = look(path, effort="deep", keys=[KEY], among=[issued()])
        effort, seconds = "deep", seconds + more
    path.unlink()
    return {
        "exact": found.mark.payload == PAYLOAD.hex and not found.mark.among,
        "recognised": found.mark.payload == PAYLOAD.hex,
        "present": found.mark.detected,
        "wrong": found.mark.payload not in (None, PAYLOAD.hex),
        "z": round(found.z, 1),
        "effort": effort,
        "geometry": found.geometry,
        "seconds": round(seconds, 2),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
