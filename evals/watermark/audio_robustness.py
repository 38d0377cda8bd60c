"""Measures the audio watermark: what survives which attack, how it sounds, what it costs; writes evals/results.

    ASSAY_DATA=… python -m evals.watermark.audio_robustness [--parts clips false_alarms peers]

Speech quality (PESQ wide band, of the mark alone) needs `pip install pesq`; it is left out where that is missing.
Peers run beside this mark on a few held-out clips. False alarms are counted over every five seconds of all recordings,
unmarked, each looked at with many keys, and compared with as many issued payloads as
`evals.watermark.video_robustness` does.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.intervals import wilson_interval
from evals.watermark.audio_attacks import AUDIO_ATTACKS, AudioSignal, resample
from evals.watermark.audio_baselines import AudioBaseline, installed_baselines
from evals.watermark.audio_clips import AudioClip, evaluation_clips, excerpts
from provenance.watermark.audio import detect_audio, embed_audio
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload

OUT = Path("evals/results/audio_watermark.json")
PARTS = ("clips", "false_alarms", "peers")
KEY = WatermarkKey(id="evals", secret=b"a secret of the evaluation")
PAYLOAD = Payload(issuer=1977, case_id="00c0ffee0ddba11e")

ISSUED_COUNT = 100_000
"""Payloads that a damaged mark is compared with."""
FALSE_ALARM_ISSUED_COUNT = 1000
"""For false alarms: thousands of looks, each with a key of its own, whose payloads must be encoded anew."""

ResultRow = dict[str, Any]


def main() -> None:
    """Runs the parts that are asked for; those already in the results stay."""
    arguments = _arguments()
    data = Path(os.environ["ASSAY_DATA"])
    results: ResultRow = json.loads(OUT.read_text()) if OUT.is_file() else {}
    results |= {"payload_bits": 96, "seconds": 5.0}
    if "clips" in arguments.parts:
        rows = [_measure(clip) for clip in evaluation_clips(data)]
        results["clips"] = [{k: v for k, v in row.items() if k != "attacks"} for row in rows]
        for group in ("held_out", "other_stretches", "tuned_on"):
            results[group] = _table([row for row in rows if row["group"] == group])
    if "false_alarms" in arguments.parts:
        results["false_alarms"] = _false_alarms(data, arguments.keys)
    if "peers" in arguments.parts:
        chosen = _sample_by_content(evaluation_clips(data), arguments.peers)
        ours = AudioBaseline(name="this mark", capacity="96 bits", embed=embed_test_mark, detects=_detects_exactly)
        results["peers"] = [_measure_baseline(peer, chosen) for peer in (ours, *installed_baselines())]
    OUT.write_text(json.dumps(results, indent=1) + "\n")


def _interval(hits: int, total: int) -> list[float]:
    return [round(bound, 3) for bound in wilson_interval(hits, total)]


@cache
def _issued_payloads(count: int) -> tuple[str, ...]:
    """Random payloads of one issuer, the right one the last of them."""
    chance = Random(1)  # noqa: S311  of no use as secrets
    others = (f"{chance.getrandbits(64):016x}" for _ in range(count - 1))
    return *(Payload(issuer=PAYLOAD.issuer, case_id=case_id).hex for case_id in others), PAYLOAD.hex


def embed_test_mark(sound: AudioSignal) -> AudioSignal:
    """The sound with the evaluation's mark."""
    return np.concatenate(list(embed_audio(_blocks(sound[0]), sound[1], PAYLOAD, KEY))), sound[1]


def _detects_exactly(sound: AudioSignal) -> bool:
    return detect_audio(_blocks(sound[0]), sound[1], [KEY]).payload == PAYLOAD


def _measure(clip: AudioClip) -> ResultRow:
    started = time.process_time()
    marked = embed_test_mark(clip.sound)
    embedded = time.process_time() - started
    seconds = len(clip.sound[0]) / clip.sound[1]
    row: ResultRow = {"name": clip.name, "content": clip.content, "group": clip.group, "rate": clip.sound[1]}
    row |= {"pesq": _pesq(clip.sound, marked), "snr_db": _snr(clip.sound, marked), "embed_rt": embedded / seconds}
    row["attacks"], costs = {}, []
    for name, attack in AUDIO_ATTACKS.items():
        sound = attack(marked)
        started = time.process_time()
        detection = detect_audio(_blocks(sound[0]), sound[1], [KEY])
        costs.append((time.process_time() - started) * sound[1] / len(sound[0]))
        exact = detection.payload == PAYLOAD
        if not exact:
            detection = detect_audio(_blocks(sound[0]), sound[1], [KEY], issued=_issued_payloads(ISSUED_COUNT))
        row["attacks"][name] = {
            "exact": exact,
            "recognised": detection.payload == PAYLOAD,
            "detected": detection.detected,
        }
    row["detect_rt"] = float(np.mean(costs))
    missed = [name for name, answer in row["attacks"].items() if not answer["recognised"]]
    row["not_recognised"] = missed
    print(clip.name, f"PESQ {row['pesq']}", f"{row['snr_db']:.1f} dB", "missed:", missed, flush=True)
    return row


def _table(rows: Sequence[ResultRow]) -> ResultRow:
    table: ResultRow = {"clips": len(rows), "survival": {}}
    for content in sorted({row["content"] for row in rows}):
        ours = [row for row in rows if row["content"] == content]
        table["survival"][content] = {name: _share(ours, name) for name in AUDIO_ATTACKS}
        scores = [row["pesq"] for row in ours if row["pesq"] is not None]
        table[f"pesq_{content}"] = {"mean": round(float(np.mean(scores)), 3), "least": min(scores)} if scores else None
    for cost in ("embed_rt", "detect_rt"):
        table[cost] = round(float(np.median([row[cost] for row in rows])), 4)
    return table


def _share(rows: Sequence[ResultRow], attack: str) -> ResultRow:
    answers = [row["attacks"][attack] for row in rows]
    counts = {what: sum(answer[what] for answer in answers) for what in ("exact", "recognised", "detected")}
    return {"n": len(rows), **counts, "interval": _interval(counts["recognised"], len(rows))}


def _false_alarms(data: Path, keys: int) -> ResultRow:
    strangers = [WatermarkKey(id=f"stranger-{i}", secret=b"some other secret %d" % i) for i in range(keys)]
    chances: list[float] = []
    costs: list[float] = []
    for _, sound in excerpts(data):
        for key in strangers:
            started = time.process_time()
            chances.append(
                detect_audio(
                    _blocks(sound[0]), sound[1], [key], issued=_issued_payloads(FALSE_ALARM_ISSUED_COUNT)
                ).p_value
            )
            costs.append((time.process_time() - started) / 5)
    share = {f"p <= {limit:g}": int(np.sum(np.array(chances) <= limit)) for limit in (1e-1, 1e-2, 1e-3, 1e-6, 1e-9)}
    row = {"n": len(chances), "smallest_p": min(chances, default=1.0), **share}
    return {**row, "detect_rt_nothing_found": round(float(np.median(costs)), 4) if costs else None}


def _measure_baseline(peer: AudioBaseline, chosen: Sequence[AudioClip]) -> ResultRow:
    hits: dict[str, list[bool]] = defaultdict(list)
    scores: list[float | None] = []
    cost = 0.0
    for clip in chosen:
        started = time.process_time()
        marked = peer.embed(clip.sound)
        cost += time.process_time() - started
        scores.append(_pesq(clip.sound, marked))
        for name, attack in AUDIO_ATTACKS.items():
            hits[name].append(peer.detects(attack(marked)))
    survival = {name: {"n": len(h), "found": sum(h), "interval": _interval(sum(h), len(h))} for name, h in hits.items()}
    known = [score for score in scores if score is not None]
    pesq = round(float(np.mean(known)), 3) if known else None
    print(peer.name, pesq, {name: sum(h) for name, h in hits.items()}, flush=True)
    return {
        "name": peer.name,
        "carries": peer.capacity,
        "pesq": pesq,
        "embed_rt": round(cost / 5 / len(chosen), 3),
        "survival": survival,
    }


def _sample_by_content(clips: Iterator[AudioClip], count: int) -> list[AudioClip]:
    held = [clip for clip in clips if clip.group == "held_out" and clip.content in ("speech", "film")]
    music = [clip for clip in held if clip.content == "film"][: count // 2]
    speech = [clip for clip in held if clip.content == "speech"]
    return speech[:: max(1, len(speech) // max(1, count - len(music)))][: count - len(music)] + music


def _blocks(samples: NDArray[np.float32], size: int = 4096) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(samples), size):
        yield samples[start : start + size]


def _pesq(clean: AudioSignal, marked: AudioSignal) -> float | None:
    if not find_spec("pesq"):
        return None
    package: Any = import_module("pesq")
    a, b = (resample(sound, rate=16_000)[0].mean(1) for sound in (clean, marked))
    try:
        return round(float(package.pesq(16_000, a, b[: len(a)], "wb")), 3)
    except package.NoUtterancesError:
        return None


def _snr(clean: AudioSignal, marked: AudioSignal) -> float:
    return float(10 * np.log10(np.sum(clean[0] ** 2) / np.sum((marked[0] - clean[0]) ** 2)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", default=["clips", "false_alarms"], choices=PARTS)
    parser.add_argument("--peers", type=int, default=8, metavar="CLIPS", help="held-out clips for the peers")
    parser.add_argument("--keys", type=int, default=20, help="keys to look at each unmarked stretch with")
    return parser.parse_args()


if __name__ == "__main__":
    main()
