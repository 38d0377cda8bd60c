"""`python -m evals.footage.bank_recall VIDEOS PICTURES SOUNDS OUT`: what banks of known footage find, and find wrongly.

VIDEOS, PICTURES and SOUNDS are CSVs with a column `path` (relative to the parent of their folder). Videos of the `kind`
ai_generated are told apart (`chosen on`) from real ones (`reported on`). Each clip is banked
as `assay bank add` does; altered copies of it are sampled, hashed and compared as a case's video is. A find is a score
of 0.5. Frame pairs are those of altered clips (as they are, mirrored and turned) and banked frames of other clips
(whole and cropped): they are not independent, so that the rate is no promise.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from classifiers.audio.banked_sounds import MAX_HEARD_SECONDS
from classifiers.image.frame_views import frame_views
from classifiers.models import PACKAGED_MODELS
from core.errors import AssayError
from evals.bench.machine_info import machine_info
from evals.intervals import wilson_interval
from evals.watermark.audio_attacks import AUDIO_ATTACKS, AudioAttack, add_noise, resample, trim
from evals.watermark.video_attacks import encode_h264
from media.arrays import BitArray
from media.audio_decode import decode_mono_audio
from media.lookup.bank_file import BankedFile, read_bank_file
from media.lookup.bank_hashes import FrameViews
from media.lookup.sound_hashes import spread_sound_hashes
from media.sampling import sample_video
from media.still_image import sample_image
from media.video import MONO_SAMPLE_RATE, MonoAudio
from pipeline.known_footage.bank_service import entries_of_file
from registry.banks.bank_entries import BankEntry, EntryState, StoredEntry
from registry.banks.bank_matching import BankIndex
from registry.banks.frame_hash_index import FrameHashIndex

FOUND = 0.5
EXCERPT_SECONDS = 3.0
MIN_CLIP_SECONDS = 1.0
"""Shorter clips have three frames or so, and are left out."""
SEARCHED_HASHES = 10_000_000
_MOST_SECONDS = 8  # of a clip that is altered: bounds the time this takes
_BOX = "drawbox=x=0:y=ih*0.82:w=iw:h=ih*0.18:color=black:t=fill"
_TEXT = "drawtext=text='WATCH THIS BEFORE IT IS GONE':x=(w-text_w)/2:y=h*0.87:fontcolor=white:fontsize=h/14"
VIDEO_CHANGES: dict[str, str] = {
    "re-encoded, crf 35": "null",
    "half the size": "scale=iw/2:ih/2",
    "10 % cropped": "crop=iw*0.9:ih*0.9",
    "10 % of the area cropped": "crop=iw*0.949:ih*0.949",
    "10 % cropped at one corner": "crop=iw*0.9:ih*0.9:0:0",
    "mirrored": "hflip",
    "border of 10 %": "pad=iw*1.2:ih*1.2:(ow-iw)/2:(oh-ih)/2:color=black",
    "speed 1.1": "setpts=PTS/1.1",
    "caption": f"{_BOX},{_TEXT}",
    "3 s excerpt": f"trim=start=1:duration={EXCERPT_SECONDS},setpts=PTS-STARTPTS",
    "mirrored, cropped, caption": f"hflip,crop=iw*0.93:ih*0.93,{_BOX},{_TEXT}",
}
SOURCES = ("chosen on", "reported on")
ASKED = tuple(
    name for name in VIDEO_CHANGES if name not in ("10 % cropped at one corner", "mirrored, cropped, caption")
)
"""The changes of which the goal speaks."""

SOUND_CHANGES: dict[str, AudioAttack] = {
    **{name: AUDIO_ATTACKS[name] for name in ("mp3_128k", "aac_64k", "opus_48k", "volume_down", "telephone", "echo")},
    "noise_20db": AUDIO_ATTACKS["noise_20db"],
    "noise_10db": partial(add_noise, snr=10.0),
    "excerpt_5s": partial(trim, start=2.37, seconds=5.0),
    **{name: AUDIO_ATTACKS[name] for name in ("excerpt_3s", "speed_1.1", "pitch_1.1")},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BankedClip:
    """A clip in the bank; `source` is `chosen on` or `reported on`."""

    name: str
    path: Path
    source: str
    seconds: float
    entries: tuple[BankEntry, ...]


def main() -> None:
    """Measure, and write the results."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name in ("videos", "pictures", "sounds", "out"):
        asked.add_argument(name, type=Path)
    asked.add_argument("--only", choices=VIDEO_CHANGES, help="Measure this change alone, and write its recall.")
    given = asked.parse_args()
    clips = list(_banked(given.videos))
    index, keys = _index(clips)
    changes = {given.only: VIDEO_CHANGES[given.only]} if given.only else VIDEO_CHANGES
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for clip in clips for row in _altered(clip, changes, index, keys, Path(folder))]
    if given.only:
        alone: dict[str, Any] = {
            given.only: {source: _recall([r for r in rows if r["source"] == source]) for source in SOURCES}
        }
        given.out.write_text(json.dumps({**alone, "machine": machine_info()}, indent=1) + "\n")
        return
    result: dict[str, Any] = {
        "clips": len(clips),
        "videos": {source: _summary([r for r in rows if r["source"] == source]) for source in SOURCES},
        "false_matches": _false_matches(rows, clips, index, given.pictures),
        "sounds": _sounds(given.sounds),
        "search": _search_cost(),
        "machine": machine_info(),
        "command": "python -m evals.footage.bank_recall VIDEOS PICTURES SOUNDS OUT",
        "rows": [{key: value for key, value in row.items() if key != "views"} for row in rows],
    }
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: value for key, value in result.items() if key != "rows"}, indent=1))


def list_table(path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """The files that a CSV lists, each with its row."""
    with path.open() as table:
        for row in csv.DictReader(table):
            yield path.parent.parent / row["path"], row


def _banked(listed: Path) -> Iterator[BankedClip]:
    for path, row in list_table(listed):
        try:
            file = read_bank_file(path)
        except AssayError as error:
            print(path.name, error, file=sys.stderr)
            continue
        entries = tuple(one for one in entries_of_file(path.stem, file, PACKAGED_MODELS) if one.algorithm != "sound")
        if file.sample and file.sample.info.duration >= MIN_CLIP_SECONDS and entries:
            source = "reported on" if row["kind"] == "real" else "chosen on"
            name = f"{path.parent.name}/{path.name}"
            yield BankedClip(name=name, path=path, source=source, seconds=file.sample.info.duration, entries=entries)


def _index(clips: Sequence[BankedClip]) -> tuple[BankIndex, dict[str, str]]:
    """The bank, and the clip of each entry's key."""
    stored: list[StoredEntry] = []
    keys: dict[str, str] = {}
    for clip in clips:
        for entry in clip.entries:
            key = len(stored) + 1
            stored.append(StoredEntry(key=key, bank="b", kind="known_bad", state=EntryState.ACTIVE, entry=entry))
            keys[str(key)] = clip.name
    return BankIndex(stored), keys


def _altered(
    clip: BankedClip, changes: Mapping[str, str], index: BankIndex, keys: dict[str, str], folder: Path
) -> Iterator[dict[str, Any]]:
    for change, chain in changes.items():
        if change == "3 s excerpt" and clip.seconds < EXCERPT_SECONDS + 1:
            continue
        limited = chain if change == "3 s excerpt" else f"trim=duration={_MOST_SECONDS},{chain}"
        file = encode_h264(clip.path, folder / "altered", crf=35 if "crf" in change else 28, chain=limited)
        began = time.process_time()
        views = look_views(file)
        hashed = time.process_time() - began
        hits = [hit for hit in index.frame_hits(views) if hit.score >= FOUND]
        own = [hit for hit in hits if keys[hit.entry] == clip.name]
        others = sorted({keys[hit.entry] for hit in hits} - {clip.name})
        print(clip.name, change, bool(own), *others, file=sys.stderr, flush=True)
        yield {
            "clip": clip.name,
            "source": clip.source,
            "change": change,
            "found": bool(own),
            "score": max((hit.score for hit in own), default=0.0),
            "others": others,
            "frames": len(views),
            "hashing_cpu_s": round(hashed, 3),
            "views": views,
        }


def look_views(file: Path) -> list[FrameViews]:
    """As a case's video is looked at: twice a second, and twelve frames at the least."""
    sample = sample_video(file, every=0.5, min_count=12, max_count=120, max_side=1280)
    return [frame_views(frame.rgb, PACKAGED_MODELS) for frame in sample.frames]


def _summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    changes = {change: _recall([row for row in rows if row["change"] == change]) for change in VIDEO_CHANGES}
    return {"all that was asked": _recall([row for row in rows if row["change"] in ASKED]), **changes}


def _recall(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    found = sum(row["found"] for row in rows)
    low, high = wilson_interval(found, len(rows))
    return {
        "found": found,
        "n": len(rows),
        "recall": round(found / len(rows), 4) if rows else None,
        "interval": [round(low, 4), round(high, 4)],
    }


def _false_matches(
    rows: Sequence[dict[str, Any]], clips: Sequence[BankedClip], index: BankIndex, pictures: Path
) -> dict[str, Any]:
    pairs = len(rows) * (len(clips) - 1)
    wrong = sorted({tuple(sorted((row["clip"], other))) for row in rows for other in row["others"]})
    clip_hits = sum(len(row["others"]) for row in rows)
    looked_up = hits = 0
    for path, _ in list_table(pictures):
        try:
            views = frame_views(sample_image(path, max_side=1280).frames[0].rgb, PACKAGED_MODELS)
        except AssayError:
            continue
        looked_up += 1
        hits += sum(hit.score >= FOUND for hit in index.frame_hits([views]))
    low, high = wilson_interval(clip_hits, pairs)
    return {
        "clips_beside_other_clips": {"pairs": pairs, "matches": clip_hits, "interval": [low, high], "which": wrong},
        "pictures_beside_clips": {"pairs": looked_up * len(clips), "matches": hits},
        "frames_beside_frames": _frame_pairs(rows, clips, {name for pair in wrong for name in pair}),
    }


def _frame_pairs(rows: Sequence[dict[str, Any]], clips: Sequence[BankedClip], alike: set[str]) -> dict[str, Any]:
    """Pairs of frames of different clips; clips that matched one another are left out, for they may be of one scene."""
    counts, total = {31: 0, 56: 0}, 0
    for clip in clips:
        if clip.name in alike:
            continue
        bits = b"".join(entry.bits for entry in clip.entries if entry.algorithm in ("pdq", "vpdq"))
        banked = FrameHashIndex(np.frombuffer(bits, np.uint8))
        others = [row for row in rows if row["clip"] not in alike | {clip.name}]
        probes = [view.pdq for row in others for view in row["views"] if len(view.pdq)]
        if not probes or not len(banked):
            continue
        together = np.concatenate(probes)
        total += len(together) * len(banked)
        _, _, distances = banked.near(together)
        for limit in counts:
            counts[limit] += int((distances <= limit).sum())
    return {
        "pairs": total,
        **{f"within_{limit}_bits": count for limit, count in counts.items()},
        "left_out": sorted(alike),
    }


def _sounds(listed: Path) -> dict[str, Any]:
    """Every recording of ten seconds and more is banked; each is altered and looked up among all."""
    banked: dict[str, MonoAudio] = {}
    for path, row in list_table(listed):
        if float(row["duration_s"]) >= 10:
            heard = decode_mono_audio(path, seconds=60.0)
            if heard is not None:
                banked[f"{path.parent.name}/{path.name}"] = heard
    stored = [
        StoredEntry(key=key, bank="b", kind="known_listed", state=EntryState.ACTIVE, entry=entry)
        for key, (name, heard) in enumerate(banked.items(), 1)
        for entry in entries_of_file(name[:100], BankedFile(sample=None, audio=heard), PACKAGED_MODELS)
    ]
    index, names = BankIndex(stored), {str(one.key): one.entry.id for one in stored}
    rows: dict[str, list[tuple[bool, int]]] = {}
    for name, heard in banked.items():
        if name[:100] not in names.values():
            continue
        for change, run in SOUND_CHANGES.items():
            rows.setdefault(change, []).append(_heard(run, heard, name[:100], index, names))
    pairs = sum(len(found) for found in rows.values()) * (len(stored) - 1)
    return {
        "recordings": len(stored),
        "changes": {change: _recall([{"found": own} for own, _ in found]) for change, found in rows.items()},
        "false_matches": {"pairs": pairs, "matches": sum(wrong for found in rows.values() for _, wrong in found)},
    }


def _heard(run: AudioAttack, heard: MonoAudio, name: str, index: BankIndex, names: dict[str, str]) -> tuple[bool, int]:
    """Whether the recording is found once it is altered, and how many others are."""
    altered = resample(run((heard.samples[:, None], MONO_SAMPLE_RATE)), rate=MONO_SAMPLE_RATE)[0]
    hashes = spread_sound_hashes(MonoAudio(samples=altered.mean(axis=1).astype(np.float32)), MAX_HEARD_SECONDS)
    found = {names[hit.entry] for hit in index.sound_hits(hashes.hashes, hashes.seconds) if hit.score >= FOUND}
    return name in found, len(found - {name})


def _search_cost() -> dict[str, Any]:
    """One frame's hash at a time among ten million, 31 bits away from one of them; and what the index weighs."""
    rng = np.random.default_rng(14)
    rows: BitArray = rng.integers(0, 256, (SEARCHED_HASHES, 32), dtype=np.uint8)
    chosen = rng.integers(0, len(rows), 100)
    probes = np.unpackbits(rows[chosen], axis=1)
    for probe in probes:
        probe[rng.permutation(256)[:31]] ^= 1
    packed = np.packbits(probes, axis=1)
    before, began = psutil.Process().memory_info().rss, time.process_time()
    index = FrameHashIndex(rows)
    built = time.process_time() - began
    took, found = [], 0
    for row, probe in zip(chosen, packed, strict=True):
        began = time.process_time()
        _, near, _ = index.near(probe[None])
        took.append((time.process_time() - began) * 1e3)
        found += bool(np.isin(row, near))
    weight = rows.nbytes + psutil.Process().memory_info().rss - before
    return {
        "hashes": len(rows),
        "build_cpu_s": round(built, 1),
        "mib": round(weight / 2**20),
        "median_ms": round(float(np.median(took)), 2),
        "p90_ms": round(float(np.percentile(took, 90)), 2),
        "found_at_31_bits": f"{found} of {len(chosen)}",
    }


if __name__ == "__main__":
    main()
