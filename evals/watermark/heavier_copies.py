"""What is left of the mark in copies made much coarser, filmed or made small: read, matched, and known to be likely.

    ASSAY_DATA=… python -m evals.watermark.heavier_copies [name of a clip …]

The clips are those that nothing was tuned on. `exact` and `recognised` are as in video_robustness; `likely` is found
where the look-alikes' payloads, LIKELY_COUNT of them with the right one last, are looked for by all of their lines, as
verifying does. `wrong` is another payload than the right one, and `false_likely` one of look-alikes that are not there.
Resumable: each cell is written to evals/results/watermark_heavier.json as soon as it is known.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, TypedDict

import cv2

from evals.bench.machine_info import machine_info
from evals.intervals import wilson_interval
from evals.watermark.video_attacks import VIDEO_ATTACKS, VideoAttack, encode_h264
from evals.watermark.video_clips import CLIPS, VideoClip, prepare_clip
from evals.watermark.video_robustness import ENCODING, KEY, PAYLOAD, detect_in_clip, issued_payloads
from media.sandbox.limits import InputLimits
from media.transcode import reencode
from provenance.watermark import Payload, mark_file
from provenance.watermark.effort import ANALYSIS_SHORT_SIDE
from provenance.watermark.video.detect import FALSE_ALARM_RATE, QUESTIONS_OF_ISSUED
from provenance.watermark.video.files import SAMPLED_FRAMES, same_size_frames
from provenance.watermark.video.frame_accumulation import AccumulatedFrames, accumulate_weighted_frames
from provenance.watermark.video.frame_selection import weighted_frames
from provenance.watermark.video.likely_payload_detector import LikelyMark, find_likely_mark

OUT = Path("evals/results/watermark_heavier.json")
LIKELY_COUNT = 5
"""Look-alikes: as many as verifying looks up."""
_OTHERS = [Payload(issuer=PAYLOAD.issuer, case_id=f"{0x9E3779B97F4A7C15 * at % 2**64:016x}") for at in range(1, 6)]
_INSET_30 = "split[a][b];[a]gblur=30,eq=brightness=-0.1[c];[b]scale=iw*0.3:ih*0.3[d];[c][d]overlay=W*0.6:H*0.1"
_NAMED = ("social_3_generations", "filmed_perspective", "picture_in_picture_60", "h264_crf40", "h264_crf45")
HEAVY_ATTACKS: tuple[VideoAttack, ...] = (
    *(next(attack for attack in VIDEO_ATTACKS if attack.name == name) for name in _NAMED),
    VideoAttack(
        name="dark_low_contrast",
        group="mixed",
        run=lambda src, dst: encode_h264(src, dst, chain="eq=contrast=0.4:brightness=-0.25", crf=28),
    ),
    VideoAttack(
        name="picture_in_picture_30", group="geometry", run=lambda src, dst: encode_h264(src, dst, chain=_INSET_30)
    ),
)


class HeavyCell(TypedDict):
    """One attack on one clip."""

    exact: bool
    recognised: bool
    likely: bool
    wrong: bool
    false_likely: bool
    likely_z: float


def main(names: list[str]) -> None:
    """Measures what is missing, the attacks in their order on every clip."""
    cv2.setNumThreads(1)
    results = json.loads(OUT.read_text()) if OUT.exists() else {"clips": {}}
    for attack in HEAVY_ATTACKS:
        for clip in CLIPS:
            if clip.name in names or (not names and clip.held_out):
                _measure(clip, attack, results)
                results["machine"], results["by_attack"] = machine_info(), _sums(results["clips"])
                OUT.write_text(json.dumps(results, indent=1) + "\n")


def _measure(clip: VideoClip, attack: VideoAttack, results: dict[str, dict[str, Any]]) -> None:
    row = results["clips"].setdefault(clip.name, {"attacks": {}})
    cells: dict[str, HeavyCell] = row["attacks"]
    if attack.name in cells:
        return
    with tempfile.TemporaryDirectory(prefix="heavier-") as folder:
        marked = Path(tempfile.gettempdir()) / f"assay-heavier-{clip.name}.mp4"
        if not marked.exists() and not _marked(clip, marked, Path(folder), row):
            print(f"{clip.name}: not there, left out", flush=True)
            return
        cells[attack.name] = _cell(attack.run(marked, Path(folder) / "attacked"))
        print(clip.name, attack.name, json.dumps(cells[attack.name]), flush=True)


def _marked(clip: VideoClip, marked: Path, folder: Path, row: dict[str, Any]) -> bool:
    """Publishes the clip; kept for its other attacks, until the temporary folder is emptied."""
    source, plain = folder / "source.mp4", folder / "plain.mp4"
    if not prepare_clip(clip, source):
        return False
    report = mark_file(source, marked, payload=PAYLOAD, key=KEY, encoding=ENCODING)
    reencode(source, plain, encoding=ENCODING)
    row["strength"], row["psnr"] = round(report.strength, 2), round(report.psnr, 1)
    row["growth"] = round(marked.stat().st_size / plain.stat().st_size - 1, 4)
    return True


def _cell(path: Path) -> HeavyCell:
    quick, _ = detect_in_clip(path, effort="quick", keys=[KEY])
    exact = quick.mark.payload == PAYLOAD.hex
    deep = quick if exact else detect_in_clip(path, effort="deep", keys=[KEY], among=[issued_payloads()])[0]
    pictures = same_size_frames(weighted_frames(path, 2 * SAMPLED_FRAMES, InputLimits()))
    frames = accumulate_weighted_frames(pictures, min_short_side=ANALYSIS_SHORT_SIDE)
    best = _likely(frames, [*_OTHERS[: LIKELY_COUNT - 1], PAYLOAD])
    other = _likely(frames, _OTHERS[:LIKELY_COUNT])
    return {
        "exact": exact or (deep.mark.payload == PAYLOAD.hex and not deep.mark.among),
        "recognised": deep.mark.payload == PAYLOAD.hex,
        "likely": _is_sure(best) and best is not None and best.payload == PAYLOAD,
        "wrong": deep.mark.payload not in (None, PAYLOAD.hex)
        or (best is not None and best.payload != PAYLOAD and _is_sure(best)),
        "false_likely": _is_sure(other),
        "likely_z": round(best.detection.z, 1) if best else 0.0,
    }


def _likely(frames: AccumulatedFrames, payloads: list[Payload]) -> LikelyMark | None:
    return find_likely_mark(frames, payloads, KEY)


def _is_sure(mark: LikelyMark | None) -> bool:
    return mark is not None and mark.p_value(1 + QUESTIONS_OF_ISSUED) <= FALSE_ALARM_RATE


def _sums(clips: dict[str, dict[str, Any]]) -> dict[str, dict[str, object]]:
    """By attack: how many of how many clips, with the interval of all that is recognised in any way."""
    sums: dict[str, dict[str, object]] = {}
    for attack in HEAVY_ATTACKS:
        cells = [row["attacks"][attack.name] for row in clips.values() if attack.name in row["attacks"]]
        hits = sum(cell["exact"] or cell["recognised"] or cell["likely"] for cell in cells)
        kinds = ("exact", "recognised", "likely", "wrong", "false_likely")
        low, high = wilson_interval(hits, len(cells))
        counts: dict[str, object] = {kind: sum(cell[kind] for cell in cells) for kind in kinds}
        sums[attack.name] = {"n": len(cells), **counts, "any": hits, "low": round(low, 3), "high": round(high, 3)}
    return sums


if __name__ == "__main__":
    main(sys.argv[1:])
