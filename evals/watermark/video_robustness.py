"""Measures the video watermark: clips x attacks, survival with intervals, cost in bytes and visibility.

    ASSAY_DATA=… python -m evals.watermark.video_robustness [name of a clip …]

Installed peers run through the same attacks. Resumable: each cell is written to evals/results/watermark.json as
soon as it is known, and not measured again.
`exact` means all 96 bits with their check; `recognised` also those told apart from ISSUED_COUNT payloads that an
installation has issued; `present` that the key's mark was found at the stated false alarm rate.
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

import cv2

from evals.bench.machine_info import machine_info
from evals.watermark.result_records import AttackResult, MarkCost, MarkQuality, VideoResults, VmafScores
from evals.watermark.survival_table import write_table
from evals.watermark.video_attacks import VIDEO_ATTACKS, VideoAttack
from evals.watermark.video_baselines import missing_baselines, run_baseline
from evals.watermark.video_clips import CLIPS, VideoClip, prepare_clip
from media.sandbox.limits import InputLimits
from media.transcode import Encoding, reencode, transcode
from provenance.watermark import Payload, VideoWatermarker, WatermarkKey, mark_file
from provenance.watermark.effort import ANALYSIS_SHORT_SIDE, Effort
from provenance.watermark.payload_set import PayloadSet
from provenance.watermark.video.carrier_layout import modulate
from provenance.watermark.video.detect import VideoDetectionResult, detect_in_frames
from provenance.watermark.video.files import SAMPLED_FRAMES, same_size_frames
from provenance.watermark.video.frame_accumulation import accumulate_weighted_frames
from provenance.watermark.video.frame_selection import weighted_frames

OUT = Path("evals/results/watermark.json")
KEY = WatermarkKey(id="eval", secret=b"only for measuring, never for use")
PAYLOAD = Payload(issuer=0xA55A7, case_id="0f1e2d3c4b5a6978")
ENCODING = Encoding()
ISSUED_COUNT = 100_000
"""Payloads that a damaged mark is compared with."""
BRIEF_SUITE = {
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
CORE_SUITE = BRIEF_SUITE | {
    "h264_crf32", "h264_crf40", "h265_crf32", "fps_15", "mirror_half_crf32", "crop75_size0.7_crf30",
    "picture_in_picture_60", "filmed_perspective",
}  # fmt: skip
_IMPERCEPTIBLE_STRENGTH = 0.15
"""A strength at which a mark rounds to next to nothing: what VMAF makes of two encodes of the same pictures."""


def main(names: list[str]) -> None:
    """Measure what is missing of these clips, or of all; then write the table and the plot."""
    cv2.setNumThreads(1)
    results: VideoResults = json.loads(OUT.read_text()) if OUT.exists() else {"clips": {}, "peers": {}}
    for clip in CLIPS:
        if not names or clip.name in names:
            _measure(clip, results)
            results["machine"] = machine_info()
            write_table(results, BRIEF_SUITE)


def attacks_for(clip: VideoClip) -> list[VideoAttack]:
    """Those of its suite."""
    suite = {"core": CORE_SUITE, "brief": BRIEF_SUITE}.get(clip.suite)
    return [attack for attack in VIDEO_ATTACKS if suite is None or attack.name in suite]


@cache
def issued_payloads() -> PayloadSet:
    """Random payloads of one issuer, the right one among them."""
    chance = random.Random(1)  # noqa: S311  of no use as secrets
    others = [
        Payload(issuer=PAYLOAD.issuer, case_id=f"{chance.getrandbits(64):016x}").hex for _ in range(ISSUED_COUNT - 1)
    ]
    return PayloadSet([*others, PAYLOAD.hex], KEY)


def detect_in_clip(
    path: Path, *, effort: Effort, keys: list[WatermarkKey], among: Sequence[PayloadSet] = ()
) -> tuple[VideoDetectionResult, float]:
    """What is found in a file, in this process, and the CPU seconds beyond decoding."""
    pictures = list(same_size_frames(weighted_frames(path, SAMPLED_FRAMES, InputLimits())))
    started = time.process_time()
    detection = detect_in_frames(
        accumulate_weighted_frames(pictures, min_short_side=ANALYSIS_SHORT_SIDE), keys, effort=effort, issued=among
    )
    return detection, time.process_time() - started


def vmaf(reference: Path, changed: Path) -> VmafScores:
    """VMAF 0.6.1 and its NEG variant, by the libvmaf in imageio-ffmpeg; every fifth picture."""
    from imageio_ffmpeg import get_ffmpeg_exe

    models = r"model=version=vmaf_v0.6.1\\:name=vmaf|version=vmaf_v0.6.1neg\\:name=neg"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "vmaf.json"
        graph = f"[0:v]setpts=N[a];[1:v]setpts=N[b];[a][b]libvmaf={models}:log_fmt=json:n_subsample=5:log_path={log}"
        inputs = ["-i", str(changed), "-i", str(reference)]
        subprocess.run([get_ffmpeg_exe(), "-v", "error", *inputs, "-lavfi", graph, "-f", "null", "-"], check=True)
        pooled = json.loads(log.read_text())["pooled_metrics"]
    return {"vmaf": round(pooled["vmaf"]["mean"], 2), "neg": round(pooled["neg"]["mean"], 2)}


def _measure(clip: VideoClip, results: VideoResults) -> None:
    row, attacks = results["clips"].get(clip.name), attacks_for(clip)
    if row and all(attack.name in row["attacks"] for attack in attacks) and not missing_baselines(clip, results):
        return
    with tempfile.TemporaryDirectory(prefix="watermark-") as folder:
        source, marked = Path(folder) / "source.mp4", Path(folder) / "marked.mp4"
        if not prepare_clip(clip, source):
            print(f"{clip.name}: not there, left out", flush=True)
            return
        cost = mark_clip(clip, source, marked)
        if row is None:
            row = {**_quality(clip, source, marked, Path(folder)), **cost, "attacks": {}}
            results["clips"][clip.name] = row
        for attack in attacks:
            if attack.name not in row["attacks"]:
                row["attacks"][attack.name] = attack_result(attack, marked, Path(folder) / "attacked")
                OUT.write_text(json.dumps(results, indent=1) + "\n")
        for peer in missing_baselines(clip, results):
            brief = [attack for attack in attacks if attack.name in BRIEF_SUITE]
            results["peers"].setdefault(clip.name, {})[peer] = run_baseline(peer, source, ENCODING, brief)
            OUT.write_text(json.dumps(results, indent=1) + "\n")
    print(clip.name, {k: v for k, v in row.items() if k != "attacks"}, flush=True)


def mark_clip(clip: VideoClip, source: Path, marked: Path) -> MarkCost:
    """Mark a clip as it is published, or with the strength that is forced on it."""
    encoding = replace(ENCODING, crf=clip.crf)
    if clip.strength is None:
        report = mark_file(source, marked, payload=PAYLOAD, key=KEY, encoding=encoding, growth=clip.growth)
        return _mark_cost(report.strength, report.psnr, report.seconds, report.pictures)
    embedder, started = VideoWatermarker(modulate(PAYLOAD, KEY), strength=clip.strength), time.process_time()
    pictures = transcode(source, marked, edit=embedder, encoding=encoding)
    return _mark_cost(clip.strength, embedder.psnr, time.process_time() - started, pictures)


def _mark_cost(strength: float, psnr: float, seconds: float, pictures: int) -> MarkCost:
    return {
        "strength": round(strength, 2),
        "psnr": round(psnr, 2),
        "seconds": round(seconds, 2),
        "pictures": pictures,
    }


def _quality(clip: VideoClip, source: Path, marked: Path, folder: Path) -> MarkQuality:
    """The brief suite leaves out what VMAF makes of two plain encodes, and the search that finds nothing."""
    plain, encoding = folder / "plain.mp4", replace(ENCODING, crf=clip.crf)
    reencode(source, plain, encoding=encoding)
    detection, seconds = detect_in_clip(marked, effort="quick", keys=[KEY])
    brief = clip.suite == "brief"
    quality: MarkQuality = {
        "content": clip.content,
        "suite": clip.suite,
        "growth": round(marked.stat().st_size / plain.stat().st_size - 1, 4),
        "vmaf_against_plain_encode": vmaf(plain, marked),
        "vmaf_of_two_plain_encodes": None if brief else _two_plain(source, plain, folder / "unseen.mp4", encoding),
        "z": round(detection.z, 1),
        "detect_aligned_s": round(seconds, 2),
    }
    if not brief:
        detection, seconds = detect_in_clip(plain, effort="deep", keys=[KEY])
        quality["nothing_found_deep_s"] = round(seconds, 2)
        quality["unmarked_detected"] = detection.mark.detected
    return quality


def _two_plain(source: Path, plain: Path, unseen: Path, encoding: Encoding) -> VmafScores:
    faint = VideoWatermarker(modulate(PAYLOAD, KEY), strength=_IMPERCEPTIBLE_STRENGTH)
    transcode(source, unseen, edit=faint, encoding=encoding)
    return vmaf(plain, unseen)


def attack_result(attack: VideoAttack, marked: Path, out: Path) -> AttackResult:
    """What is read after an attack: quickly, and where that reads nothing deeply and among issued payloads."""
    path = attack.run(marked, out)
    detection, seconds = detect_in_clip(path, effort="quick", keys=[KEY])
    effort = "quick"
    if not detection.mark.payload:
        detection, more = detect_in_clip(path, effort="deep", keys=[KEY], among=[issued_payloads()])
        effort, seconds = "deep", seconds + more
    path.unlink()
    return {
        "exact": detection.mark.payload == PAYLOAD.hex and not detection.mark.among,
        "recognised": detection.mark.payload == PAYLOAD.hex,
        "present": detection.mark.detected,
        "wrong": detection.mark.payload not in (None, PAYLOAD.hex),
        "z": round(detection.z, 1),
        "effort": effort,
        "geometry": detection.geometry,
        "seconds": round(seconds, 2),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
