"""How a near-duplicate look-up does among a million videos: `python -m evals.provenance.fingerprint_search
[VIDEOS]`. Writes lookup.json.

The million is synthetic: random hashes, ten seconds a video, one index for pictures and one for sound. Among them lie
real clips and recordings (ASSAY_DATA), and copies of those are looked up after what happens to copies. A look at a
picture is one hash every half second, at a sound 32 hashes a second (see provenance.fingerprint.video_search_hashes
and .sound_print). All
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
from typing import TypedDict

import numpy as np

from core.errors import BadMedia
from evals.bench.machine_info import machine_info
from evals.intervals import wilson_interval
from evals.provenance import report
from evals.watermark.audio_attacks import AUDIO_ATTACKS, AudioSignal, resample
from evals.watermark.audio_clips import evaluation_clips as recordings
from evals.watermark.video_attacks import VIDEO_ATTACKS
from evals.watermark.video_clips import CLIPS, prepare_clip
from media.arrays import BitArray
from media.lookup.sound_hashes import OFFSETS_PER_SECOND
from media.sampling import sample_video
from media.search_hashes import SearchHashes
from media.video import MONO_SAMPLE_RATE, MonoAudio
from provenance.fingerprint.sound_fingerprint import sound_fingerprint, sound_search_hashes
from provenance.fingerprint.video_fingerprint import parse_entry, video_fingerprint
from provenance.fingerprint.video_search_hashes import video_search_hashes
from registry.near_duplicates import MAX_HAMMING_DISTANCE, MAX_SOUND_DISTANCE, FingerprintIndex, rank_matches

RESULT = Path(__file__).parents[1] / "results" / "lookup.json"
VIDEO_SECONDS = 10
"""Seconds, and so hashes, of each synthetic video."""
QUERY_COUNT = 100
"""Queries of each kind."""
PICTURE_BIT_FLIPS = (0, 16, 31, 40, 56, 72)
"""Bits of 256 that are changed in each second of a synthetic copy; 31 is where PDQ's authors call pictures the same."""
SOUND_BIT_FLIPS = (0, 24, 40, 56, 72)
"""Bits of 256 that are changed in each second of a synthetic copy."""
MIN_QUALITY = 50
"""PDQ's measure of how much a picture shows, 0 to 100: below it a hash is not used."""
_MAX_CLIPS = 8
"""Real clips of which copies are looked up."""
_PICTURE_ATTACKS = (
    *("h264_crf32", "half_size", "crop_keep_90", "mirror", "trim_to_middle", "social_3_generations"),
    *("subtitle_and_logo", "screenshot_png"),
)

_SOUND_ATTACKS = (
    *("aac_64k", "mp3_128k", "opus_48k", "resample_22050", "volume_down", "noise_20db", "telephone", "excerpt_3s"),
    *("speed_0.97", "tempo_1.1", "pitch_1.1"),
)

OriginalHashes = dict[str, BitArray]
CopyQueries = Iterator[tuple[str, str, Sequence[SearchHashes]]]
"""What was done, to which, and the looks at the result."""


class LatencyPercentiles(TypedDict):
    """CPU milliseconds of one search."""

    median_ms: float
    p99_ms: float


class SyntheticCopies(LatencyPercentiles):
    """Copies with so many bits changed, and the share whose original came first."""

    bits_flipped_each_second: int
    found: float


class StrangerQueries(LatencyPercentiles):
    """Queries for what is in no index."""

    queries: int
    hashes_each: int
    false_matches: int


class RealCopies(LatencyPercentiles):
    """Copies of `n` originals by one attack; `interval_95` is of the share found."""

    found: int
    n: int
    interval_95: list[float]


class MediumResult(TypedDict):
    """One index, of pictures or of sound; bits are of 256."""

    within_bits: int
    build_cpu_s: float
    synthetic_copies: list[SyntheticCopies]
    strangers: StrangerQueries
    real: dict[str, RealCopies]
    real_strangers: dict[str, int]


def main() -> None:
    """Measure and write."""
    videos = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    data = Path(os.environ.get("ASSAY_DATA", "/nowhere"))
    with tempfile.TemporaryDirectory(prefix="lookup-") as folder:
        looks = _measure_medium(
            videos, *_pictures(Path(folder)), flips=PICTURE_BIT_FLIPS, each=1, most=32, within=MAX_HAMMING_DISTANCE
        )
        sounds = _measure_medium(
            videos,
            *_sounds(data),
            flips=SOUND_BIT_FLIPS,
            each=OFFSETS_PER_SECOND,
            most=VIDEO_SECONDS * OFFSETS_PER_SECOND,
            within=MAX_SOUND_DISTANCE,
        )
    result = {
        "videos": videos,
        "seconds_each": VIDEO_SECONDS,
        "looks": looks,
        "sounds": sounds,
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "command": "python -m evals.provenance.fingerprint_search",
        "machine": machine_info(),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    report.main()
    print(json.dumps(result, indent=1))


def _measure_medium(
    videos: int,
    known: OriginalHashes,
    copies: Callable[[], CopyQueries],
    *,
    flips: Sequence[int],
    each: int,
    most: int,
    within: int,
) -> MediumResult:
    rng = np.random.default_rng(20261126)
    hashes = rng.integers(0, 256, (videos * VIDEO_SECONDS, 32), dtype=np.uint8)
    owners = np.repeat(np.arange(videos, dtype=np.uint32), VIDEO_SECONDS)
    lengths = [len(bits) for bits in known.values()]
    owners = np.concatenate([owners, np.repeat(np.arange(videos, videos + len(known), dtype=np.uint32), lengths)])
    ids = [*(f"{number:016x}" for number in range(videos)), *known]
    began = time.process_time()
    index = FingerprintIndex(
        np.concatenate([hashes, *known.values()]), owners, ids, max_distance=within, multi_probe=each == 1
    )
    built = time.process_time() - began
    return {
        "within_bits": within,
        "build_cpu_s": round(built, 1),
        "synthetic_copies": [_synthetic(index, hashes, bit_flips, each, rng) for bit_flips in flips],
        "strangers": _strangers(index, most, rng),
        "real": _real(index, copies()),
        "real_strangers": _distances_between_originals(known),
    }


def _synthetic(
    index: FingerprintIndex, hashes: BitArray, flips: int, each: int, rng: np.random.Generator
) -> SyntheticCopies:
    """Each second is looked at from `each` beginnings, one of which is that of the original."""
    cpu_seconds, hits = [], 0
    for video in rng.integers(0, len(hashes) // VIDEO_SECONDS, QUERY_COUNT):
        copy = _flip_bits(hashes[video * VIDEO_SECONDS : (video + 1) * VIDEO_SECONDS], flips, rng)
        noise = rng.integers(0, 256, (VIDEO_SECONDS * (each - 1), 32), dtype=np.uint8)
        seconds = [*range(VIDEO_SECONDS), *(n for n in range(VIDEO_SECONDS) for _ in range(each - 1))]
        answer, spent = _query(index, np.concatenate([copy, noise]), seconds)
        cpu_seconds.append(spent)
        hits += bool(answer) and answer[0] == f"{video:016x}"
    return {"bits_flipped_each_second": flips, "found": hits / QUERY_COUNT, **_latency_percentiles(cpu_seconds)}


def _strangers(index: FingerprintIndex, most: int, rng: np.random.Generator) -> StrangerQueries:
    """Looks as large as they get: 16 pictures and their mirror images; ten seconds of sound."""
    cpu_seconds, false_matches = [], 0
    seconds = [number * VIDEO_SECONDS // most for number in range(most)]
    for _ in range(QUERY_COUNT):
        answer, spent = _query(index, rng.integers(0, 256, (most, 32), dtype=np.uint8), seconds)
        false_matches += bool(answer)
        cpu_seconds.append(spent)
    return {
        "queries": QUERY_COUNT,
        "hashes_each": most,
        "false_matches": false_matches,
        **_latency_percentiles(cpu_seconds),
    }


def _real(index: FingerprintIndex, copies: CopyQueries) -> dict[str, RealCopies]:
    """How many copies lead to their original, or one that sounds or looks the same, and how many to another first."""
    hits: dict[str, list[bool]] = {}
    cpu_seconds: dict[str, list[float]] = {}
    for attack, name, looks in copies:
        answers = [_query(index, look.hashes, look.seconds) for look in looks if look.seconds]
        hits.setdefault(attack, []).append(any(name in ids for ids, _ in answers))
        cpu_seconds.setdefault(attack, []).append(sum(spent for _, spent in answers))
    return {
        attack: {
            "found": sum(found),
            "n": len(found),
            "interval_95": [round(bound, 2) for bound in wilson_interval(sum(found), len(found))],
            **_latency_percentiles(cpu_seconds[attack]),
        }
        for attack, found in hits.items()
    }


def _distances_between_originals(known: OriginalHashes) -> dict[str, int]:
    """The fewest bits between seconds of different originals; those that are the same to the bit are not different."""
    rows = np.concatenate([*known.values(), np.empty((0, 32), np.uint8)])
    owners = np.repeat(np.arange(len(known)), [len(bits) for bits in known.values()])
    words = np.ascontiguousarray(rows).view(np.uint64)
    apart = np.bitwise_count(words[:, None] ^ words[None]).sum(axis=2)
    others = apart[(owners[:, None] != owners[None]) & (apart > 0)]
    if not len(others):
        return {"seconds": len(rows)}
    return {"seconds": len(rows), "fewest_bits": int(others.min()), "median_bits": int(np.median(others))}


def _query(index: FingerprintIndex, probes: BitArray, seconds: Sequence[int]) -> tuple[list[str], float]:
    began = time.process_time()
    answer = rank_matches([index], probes, seconds)
    return [match.id for match in answer[:5]], time.process_time() - began


def _pictures(folder: Path) -> tuple[OriginalHashes, Callable[[], CopyQueries]]:
    """Footage that is there, and copies of it; a variant of another clip is left out."""
    wanted = [clip for clip in CLIPS if not clip.chain and clip.seconds == 5.0][:_MAX_CLIPS]
    files = {clip.name: path for clip in wanted if prepare_clip(clip, path := folder / f"{clip.name}.mp4")}
    known = {
        name: _usable_hashes(video_fingerprint(sample_video(path, every=1.0, max_side=512)))
        for name, path in files.items()
    }

    def copies() -> CopyQueries:
        for name, path in files.items():
            for attack in VIDEO_ATTACKS:
                if attack.name in _PICTURE_ATTACKS and len(known[name]):
                    copy = attack.run(path, folder / f"copy-{attack.name}")
                    try:
                        yield attack.name, name, video_search_hashes(copy)
                    except BadMedia:
                        yield attack.name, name, ()

    return known, copies


def _sounds(data: Path) -> tuple[OriginalHashes, Callable[[], CopyQueries]]:
    """Recordings, five seconds each, and copies of them that begin 0.24 s later than the original at the least."""
    recorded = {recording.name: recording.sound for recording in recordings(data)} if data.is_dir() else {}
    known = {name: _usable_hashes(sound_fingerprint(_at_16k(sound))) for name, sound in recorded.items()}

    def copies() -> CopyQueries:
        for name, sound in recorded.items():
            for attack in _SOUND_ATTACKS:
                if len(known[name]):
                    samples, rate = AUDIO_ATTACKS[attack](sound)
                    yield attack, name, (sound_search_hashes(_at_16k((samples[round(0.2437 * rate) :], rate))),)

    return known, copies


def _at_16k(sound: AudioSignal) -> MonoAudio:
    return MonoAudio(resample((sound[0].mean(axis=1, keepdims=True), sound[1]), rate=MONO_SAMPLE_RATE)[0][:, 0])


def _usable_hashes(entries: Sequence[str]) -> BitArray:
    parsed = [parse_entry(entry) for entry in entries]
    rows = [np.frombuffer(bytes.fromhex(entry.bits), np.uint8) for entry in parsed if entry.quality >= MIN_QUALITY]
    return np.array(rows, dtype=np.uint8).reshape(-1, 32)


def _flip_bits(hashes: BitArray, flips: int, rng: np.random.Generator) -> BitArray:
    bits = np.unpackbits(hashes, axis=1)
    for row in bits:
        row[rng.permutation(256)[:flips]] ^= 1
    return np.packbits(bits, axis=1)


def _latency_percentiles(cpu_seconds: Sequence[float]) -> LatencyPercentiles:
    median, high = np.percentile(cpu_seconds, [50, 99])
    return {"median_ms": round(float(median) * 1e3, 2), "p99_ms": round(float(high) * 1e3, 2)}


if __name__ == "__main__":
    main()
