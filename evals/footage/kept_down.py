"""`python -m evals.footage.kept_down VIDEOS PICTURES OUT`: what stay-down stops although nobody claimed it.

VIDEOS and PICTURES are CSVs with a column `path` (relative to the parent of their folder); VIDEOS has a column `group`
too. Twenty clips, drawn by a seed, are banked as a claim's videos are; every other clip and every picture is looked up
as what is handed in or made. Refused is a score of 0.5, held for a look one of 0.3: the rules that come with Assay.
Clips of one group show the same scene: what they match is told, and not counted as wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.image.frame_views import frame_views
from classifiers.models import PACKAGED_MODELS
from core.errors import AssayError
from evals.bench.machine_info import machine_info
from evals.footage.bank_recall import list_table, look_views
from evals.intervals import wilson_interval
from media.lookup.bank_file import BankedFile, sample_banked_frames
from media.lookup.bank_hashes import FrameViews
from media.still_image import sample_image
from pipeline.known_footage.bank_service import entries_of_file
from registry.banks.bank_entries import CLAIMED_KIND, EntryState, StoredEntry
from registry.banks.bank_matching import BankIndex

CLAIMED_CLIPS = 20
REFUSED, HELD = 0.5, 0.3
_SEED = 48


def main() -> None:
    """Measure, and write the results."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name in ("videos", "pictures", "out"):
        asked.add_argument(name, type=Path)
    given = asked.parse_args()
    listed = list(list_table(given.videos))
    clips = [listed[place] for place in np.random.default_rng(_SEED).permutation(len(listed))]
    stored, groups, rest = _claimed(clips)
    index = BankIndex(stored)
    videos = [_looked_up(path, row["group"], index, groups) for path, row in rest]
    pictures = [_looked_up(path, "", index, groups) for path, _ in list_table(given.pictures)]
    result = {
        "claimed_clips": len(groups),
        "hashes": sum(len(one.entry.times) for one in stored),
        "videos": stop_summary([row for row in videos if row]),
        "pictures": stop_summary([row for row in pictures if row]),
        "machine": machine_info(),
        "command": "python -m evals.footage.kept_down VIDEOS PICTURES OUT",
    }
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def stop_summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How many of what was looked up are refused and how many held, of how many, with Wilson's interval at 95 %."""
    counts = {
        "refused": sum(row["score"] >= REFUSED for row in rows),
        "held": sum(HELD <= row["score"] < REFUSED for row in rows),
    }
    return {
        "n": len(rows),
        **{
            name: {"count": count, "interval": [round(end, 4) for end in wilson_interval(count, len(rows))]}
            for name, count in counts.items()
        },
        "which": [row for row in rows if row["score"] >= HELD],
        "same_scene": [row for row in rows if row["same_scene"]],
    }


def _claimed(
    clips: Sequence[tuple[Path, dict[str, str]]],
) -> tuple[list[StoredEntry], dict[str, tuple[str, str]], list[tuple[Path, dict[str, str]]]]:
    """The bank, the name and group of each entry's key, and the clips that are not in it."""
    stored: list[StoredEntry] = []
    groups: dict[str, tuple[str, str]] = {}
    for place, (path, row) in enumerate(clips):
        if len(stored) == CLAIMED_CLIPS:
            return stored, groups, list(clips[place:])
        try:
            entries = entries_of_file(path.stem, BankedFile(sample=sample_banked_frames(path)), PACKAGED_MODELS)
        except AssayError as error:
            print(path.name, error, file=sys.stderr)
            continue
        for entry in entries[:1]:
            key = len(stored) + 1
            stored.append(StoredEntry(key=key, bank="b", kind=CLAIMED_KIND, state=EntryState.ACTIVE, entry=entry))
            groups[str(key)] = (path.name, row["group"])
    return stored, groups, []


def _looked_up(path: Path, group: str, index: BankIndex, groups: dict[str, tuple[str, str]]) -> dict[str, Any] | None:
    """The best score in the bank of another scene, and which clips of the same scene it matches."""
    try:
        views = _views(path)
    except AssayError as error:
        print(path.name, error, file=sys.stderr)
        return None
    hits = index.frame_hits(views)
    same = [hit for hit in hits if group and groups[hit.entry][1] == group]
    wrong = [hit for hit in hits if hit not in same]
    print(path.name, [hit.score for hit in wrong][:1], file=sys.stderr, flush=True)
    return {
        "name": path.name,
        "score": wrong[0].score if wrong else 0.0,
        "matches": groups[wrong[0].entry][0] if wrong else "",
        "same_scene": [groups[hit.entry][0] for hit in same],
    }


def _views(path: Path) -> list[FrameViews]:
    if path.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"):
        return [frame_views(sample_image(path, max_side=1280).frames[0].rgb, PACKAGED_MODELS)]
    return look_views(path)


if __name__ == "__main__":
    main()
