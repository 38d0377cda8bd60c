"""How a near-duplicate look-up does among a million videos: `python -m evals.lookup [VIDEOS]`. Writes lookup.json.

The million is synthetic: random hashes, ten seconds a video, one index for pictures and one for sound. Among them lie
real clips and recordings (ASSAY_DATA), and copies of those are looked up after what happens to copies. A look at a
picture is one hash every half second, at a sound 32 hashes a second (see provenance.likeness and .sound_print). All
times are CPU milliseconds of one thread, of the search alone.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadMedia
from evals import provenance_page
from evals.attacks import VIDEO_ATTACKS
from evals.audio_attacks import AUDIO_ATTACKS, Sound, resampled
from evals.audio_clips import clips as recordings
from evals.machine import machine
from evals.watermark_clips import CLIPS, prepare
from evals.watermark_table import wilson
from media.sample import sample
from media.video import HEARD_RATE, Heard
from provenance.fingerprint import fingerprint, parse
from provenance.likeness import looks_of
from provenance.look import Look
from provenance.sound_print import OFFSETS, WITHIN, sound_fingerprint, sounds_of
from registry.fingerprints import WITHIN as LOOKS
from registry.fingerprints import Fingerprints, ranked

RESULT = Path(__file__).parent / "results" / "lookup.json"
SECONDS, QUERIES = 10, 100
FLIPS = (0, 16, 31, 40, 56, 72)
SOUND_FLIPS = (0, 24, 40, 56, 72)
PLAIN = 50
_MOST_CLIPS = 8
_PICTURE_ATTACKS = (
    *("h264_crf32", "half_size", "crop_keep_90", "mirror", "trim_to_middle", "social_3_generations"),
    *("subtitle_and_logo", "screenshot_png"),
)

_SOUND_ATTACKS = (
    *("aac_64k", "mp3_128k", "opus_48k", "resample_22050", "volume_down", "noise_20db", "telephone", "excerpt_3s"),
    *("speed_0.97", "tempo_1.1", "pitch_1.1"),
)

Bits = NDArray[np.uint8]
Known = dict[str, Bits]
Copies = Iterator[tuple[str, str, Sequence[Look]]]
"""What was done, to which, and the looks at the result."""


def main() -> None:
    """Measure and write."""
    videos = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    data = Path(os.environ.get("ASSAY_DATA", "/nowhere"))
    with tempfile.TemporaryDirectory(prefix="lookup-") as folder:
        looks = _kind(videos, *_pictures(Path(folder)), flips=FLIPS, each=1, most=32, within=LOOKS)
        sounds = _kind(videos, *_sounds(data), flips=SOUND_FLIPS, each=OFFSETS, most=SECONDS * OFFSETS, within=WITHIN)
    result = {
        "videos": videos,
        "seconds_each": SECONDS,
        "looks": looks,
        "sounds": sounds,
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "command": "python -m evals.lookup",
        "machine": machine(),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    provenance_page.main()
    print(json.dumps(result, indent=1))


def _kind(
    videos: int, known: Known, copies: Callable[[], Copies], *, flips: Sequence[int], each: int, most: int, within: int
) -> dict[str, Any]:
    rng = np.random.default_rng(20261126)
    hashes = rng.integers(0, 256, (videos * SECONDS, 32), dtype=np.uint8)
    owners = np.repeat(np.arange(videos, dtype=np.uint32), SECONDS)
    lengths = [len(bits) for bits in known.values()]
    owners = np.concatenate([owners, np.repeat(np.arange(videos, videos + len(known), dtype=np.uint32), lengths)])
    ids = [*(f"{number:016x}" for number in range(videos)), *known]
    began = time.process_time()
    index = Fingerprints(np.concatenate([hashes, *known.values()]), owners, ids, within=within, wide=each == 1)
    built = time.process_time() - began
    return {
        "within_bits": within,
        "build_cpu_s": round(built, 1),
        "synthetic_copies": [_synthetic(index, hashes, one, each, rng) for one in flips],
        "strangers": _strangers(index, most, rng),
        "real": _real(index, copies()),
        "real_strangers": _between(known),
    }


def _synthetic(index: Fingerprints, hashes: Bits, flips: int, each: int, rng: np.random.Generator) -> dict[str, Any]:
    """Each second is looked at from `each` beginnings, one of which is that of the original."""
    took, found = [], 0
    for video in rng.integers(0, len(hashes) // SECONDS, QUERIES):
        copy = _flipped(hashes[video * SECONDS : (video + 1) * SECONDS], flips, rng)
        noise = rng.integers(0, 256, (SECONDS * (each - 1), 32), dtype=np.uint8)
        seconds = [*range(SECONDS), *(n for n in range(SECONDS) for _ in range(each - 1))]
        answer, spent = _asked(index, np.concatenate([copy, noise]), seconds)
        took.append(spent)
        found += bool(answer) and answer[0] == f"{video:016x}"
    return {"bits_flipped_each_second": flips, "found": found / QUERIES, **_times(took)}


def _strangers(index: Fingerprints, most: int, rng: np.random.Generator) -> dict[str, Any]:
    """Looks as large as they get: 16 pictures and their mirror images; ten seconds of sound."""
    took, found = [], 0
    seconds = [number * SECONDS // most for number in range(most)]
    for _ in range(QUERIES):
        answer, spent = _asked(index, rng.integers(0, 256, (most, 32), dtype=np.uint8), seconds)
        found += bool(answer)
        took.append(spent)
    return {"queries": QUERIES, "hashes_each": most, "false_matches": found, **_times(took)}


def _real(index: Fingerprints, copies: Copies) -> dict[str, Any]:
    """How many copies lead to their original, or one that sounds or looks the same, and how many to another first."""
    rows: dict[str, dict[str, list[Any]]] = {}
    for attack, name, looks in copies:
        row = rows.setdefault(attack, {"found": [], "took": []})
        answers = [_asked(index, look.hashes, look.seconds) for look in looks if look.seconds]
        row["found"].append(any(name in ids for ids, _ in answers))
        row["took"].append(sum(spent for _, spent in answers))
    return {
        attack: {
            "found": sum(row["found"]),
            "n": len(row["found"]),
            "interval_95": [round(one, 2) for one in wilson(sum(row["found"]), len(row["found"]))],
            **_times(row["took"]),
        }
        for attack, row in rows.items()
    }


def _between(known: Known) -> dict[str, Any]:
    """The fewest bits between seconds of different originals; those that are the same to the bit are not different."""
    rows = np.concatenate([*known.values(), np.empty((0, 32), np.uint8)])
    owners = np.repeat(np.arange(len(known)), [len(bits) for bits in known.values()])
    words = np.ascontiguousarray(rows).view(np.uint64)
    apart = np.bitwise_count(words[:, None] ^ words[None]).sum(axis=2)
    others = apart[(owners[:, None] != owners[None]) & (apart > 0)]
    if not len(others):
        return {"seconds": len(rows)}
    return {"seconds": len(rows), "fewest_bits": int(others.min()), "median_bits": int(np.median(others))}


def _asked(index: Fingerprints, probes: Bits, seconds: Sequence[int]) -> tuple[list[str], float]:
    began = time.process_time()
    answer = ranked([index], probes, seconds)
    return [one.id for one in answer[:5]], time.process_time() - began


def _pictures(folder: Path) -> tuple[Known, Callable[[], Copies]]:
    """Footage that is there, and copies of it; a variant of another clip is left out."""
    wanted = [one for one in CLIPS if not one.chain and one.seconds == 5.0][:_MOST_CLIPS]
    files = {one.name: path for one in wanted if prepare(one, path := folder / f"{one.name}.mp4")}
    known = {name: _kept(fingerprint(sample(path, every=1.0, max_side=512))) for name, path in files.items()}

    def copies() -> Copies:
        for name, path in files.items():
            for attack in VIDEO_ATTACKS:
                if attack.name in _PICTURE_ATTACKS and len(known[name]):
                    copy = attack.run(path, folder / f"copy-{attack.name}")
                    try:
                        yield attack.name, name, looks_of(copy)
                    except BadMedia:
                        yield attack.name, name, ()

    return known, copies


def _sounds(data: Path) -> tuple[Known, Callable[[], Copies]]:
    """Recordings, five seconds each, and copies of them that begin 0.24 s later than the original at the least."""
    heard = {one.name: one.sound for one in recordings(data)} if data.is_dir() else {}
    known = {name: _kept(sound_fingerprint(_at_16k(sound))) for name, sound in heard.items()}

    def copies() -> Copies:
        for name, sound in heard.items():
            for attack in _SOUND_ATTACKS:
                if len(known[name]):
                    samples, rate = AUDIO_ATTACKS[attack](sound)
                    yield attack, name, (sounds_of(_at_16k((samples[round(0.2437 * rate) :], rate))),)

    return known, copies


def _at_16k(sound: Sound) -> Heard:
    return Heard(resampled((sound[0].mean(axis=1, keepdims=True), sound[1]), rate=HEARD_RATE)[0][:, 0])


def _kept(entries: Sequence[str]) -> Bits:
    parsed = [parse(one) for one in entries]
    rows = [np.frombuffer(bytes.fromhex(one.bits), np.uint8) for one in parsed if one.quality >= PLAIN]
    return np.array(rows, dtype=np.uint8).reshape(-1, 32)


def _flipped(hashes: Bits, flips: int, rng: np.random.Generator) -> Bits:
    bits = np.unpackbits(hashes, axis=1)
    for row in bits:
        row[rng.permutation(256)[:flips]] ^= 1
    return np.packbits(bits, axis=1)


def _times(took: Sequence[float]) -> dict[str, float]:
    median, high = np.percentile(took, [50, 99])
    return {"median_ms": round(float(median) * 1e3, 2), "p99_ms": round(float(high) * 1e3, 2)}


if __name__ == "__main__":
    main()
