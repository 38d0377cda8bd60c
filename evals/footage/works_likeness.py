"""`python -m evals.footage.works_likeness PICTURES CLIPS OUT`: are registered works known again in another rendering?

PICTURES is a CSV with the columns `path` (relative to the parent of its folder) and `corpus`; of the corpora of
characters and logos each picture is asked for once, with the other renderings of the same thing as its examples: drawn
otherwise, by another hand, or another picture of a logo. Every other work is registered too. CLIPS is a CSV of videos
that show none of them: how many are matched all the same is the rate that was promised, measured on other footage than
that from which thresholds are set. Nothing of the pictures is kept.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.image.example_matching import (
    centred,
    describe_example,
    likeness_score,
    match_copy,
    match_vector,
    prepare_work,
)
from classifiers.image.work_likeness import WorkLikeness
from classifiers.models import PACKAGED_MODELS
from core.errors import BadMedia
from core.signals import Subject
from evals.intervals import wilson_interval
from media.sampling import sample_video
from media.still_image import sample_image
from registry.rights.work_images import ExampleDescriptor, ListedWorkExamples, WorkExamples

RATES = (0.01, 0.001)
_FRAMES = 12
_CORPORA = {"ip_gophers_cc0", "ip_ferris_rust", "ip_steamboat_willie", "logos"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A picture of a work. `hand` is the rendering, of which all pictures are left out together."""

    work: str
    hand: str
    rgb: NDArray[np.uint8]
    described: ExampleDescriptor


def main() -> None:
    """Measure, and write the results."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name in ("pictures", "clips", "out"):
        asked.add_argument(name, type=Path)
    given = asked.parse_args()
    renderings, unread = _renderings(given.pictures)
    result: dict[str, Any] = {
        "pictures": len(renderings),
        "not_read": unread,
        "command": "python -m evals.footage.works_likeness PICTURES CLIPS OUT",
        "machine": f"{platform.machine()}, {platform.python_version()}",
        "rates": {str(rate): _found_again(renderings, rate) for rate in RATES},
        "clips": _wrongly_matched(renderings, given.clips),
    }
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({**result, "clips": {k: v for k, v in result["clips"].items() if k != "rows"}}, indent=1))


def _renderings(table: Path) -> tuple[list[Rendering], int]:
    found, unread = [], 0
    with table.open() as opened:
        rows = [row for row in csv.DictReader(opened) if row["corpus"] in _CORPORA]
    for row in rows:
        named = _work_of(Path(row["path"]))
        try:
            rgb = sample_image(table.parent.parent / row["path"], max_side=768).frames[0].rgb
        except BadMedia:  # drawings in SVG, of which there is no picture
            unread += 1
            continue
        pdq, vectors = describe_example(rgb, PACKAGED_MODELS)
        if not len(vectors):
            unread += 1
            continue
        described = ExampleDescriptor(image=row["path"], pdq=pdq, vectors=vectors)
        found.append(Rendering(work=named[0], hand=named[1], rgb=rgb, described=described))
        print(f"{len(found)} pictures", end="\r", file=sys.stderr)
    return found, unread


def _work_of(path: Path) -> tuple[str, str]:
    """Which work a picture shows, and by whose hand."""
    parts = path.parts
    if "ip_gophers_cc0" in parts:
        return "gopher", parts[parts.index(".thumb") + 1]
    if "ip_ferris_rust" in parts:
        if "logo" in parts:
            return "rust_logo", "gear" if "rusty" in parts else path.stem
        return ("lucy" if "rustconf" in parts else "ferris"), path.stem
    return ("steamboat_willie", path.stem) if "ip_steamboat_willie" in parts else (path.parent.name, path.stem)


def _found_again(renderings: Sequence[Rendering], rate: float) -> dict[str, Any]:
    """Each picture against the other renderings of its work, and all other works: right above the threshold, or not."""
    rows: list[dict[str, Any]] = []
    for one in renderings:
        own = [r for r in renderings if r.work == one.work and r.hand != one.hand]
        if not own:
            continue
        others = {r.work for r in renderings} - {one.work}
        works = [_registered(one.work, own, rate)]
        works += [_registered(name, [r for r in renderings if r.work == name], rate) for name in sorted(others)]
        best = max(_scores(one, works), key=lambda found: found[1])
        rows.append({"work": one.work, "examples": len(own), "named": best[0], "score": round(best[1], 4)})
    right = sum(row["named"] == row["work"] and row["score"] >= 0.5 for row in rows)
    first = sum(row["named"] == row["work"] for row in rows)
    few = [row for row in rows if row["examples"] >= 3]
    return {
        "n": len(rows),
        "top_1": _share(first, len(rows)),
        "top_1_above_threshold": _share(right, len(rows)),
        "with_three_examples": _share(
            sum(row["named"] == row["work"] and row["score"] >= 0.5 for row in few), len(few)
        ),
        "by_work": {
            name: _share(
                sum(r["named"] == name and r["score"] >= 0.5 for r in rows if r["work"] == name),
                sum(r["work"] == name for r in rows),
            )
            for name in sorted({row["work"] for row in rows})
        },
    }


def _registered(name: str, pictures: Sequence[Rendering], rate: float) -> WorkExamples:
    examples = tuple(picture.described for picture in pictures)
    return WorkExamples(work=name, terms="ask", false_match_rate=rate, examples=examples)


def _scores(asked: Rendering, works: Sequence[WorkExamples]) -> Iterator[tuple[str, float]]:
    """(work, score) of a picture as it would be described if it were an example itself: whole, without a border."""
    for work in works:
        prepared = prepare_work(work)
        cosine = max(match_vector(vector, prepared)[0] for vector in centred(asked.described.vectors))
        copy = match_copy([asked.described.pdq], prepared)[0] if asked.described.pdq else 0.0
        yield work.work, max(likeness_score(cosine, prepared.threshold), copy if copy >= 0.5 else 0.0)


def _wrongly_matched(renderings: Sequence[Rendering], table: Path) -> dict[str, Any]:
    """Clips that show none of the works, against all of them together and each by itself; and what it costs."""
    names = sorted({r.work for r in renderings})
    works = [_registered(name, [r for r in renderings if r.work == name], RATES[0]) for name in names]
    stricter = {w.work: _limit(replace(w, false_match_rate=RATES[1])) for w in works}
    classifier = WorkLikeness(ListedWorkExamples(*works))
    began = time.process_time()
    rows: list[dict[str, Any]] = []
    with table.open() as opened:
        paths = [table.parent.parent / row["path"] for row in csv.DictReader(opened)]
    for path in paths:
        sample = sample_video(path, count=_FRAMES, max_side=1280)
        signals = classifier.measure(sample, Subject.VIDEO)
        matched = {s.example.work: s.example.similarity for s in signals if s.example is not None}
        rows.append({"clip": f"{path.parent.name}/{path.name}", "matched": matched})
        print(f"{path.name} {matched}", file=sys.stderr, flush=True)
    any_work = sum(bool(row["matched"]) for row in rows)
    pairs = sum(len(row["matched"]) for row in rows)
    strict = sum(cosine >= stricter[work] for row in rows for work, cosine in row["matched"].items())
    return {
        "n": len(rows),
        "works": len(works),
        "any_work": _share(any_work, len(rows)),
        "per_work": _share(pairs, len(rows) * len(works)),
        "per_work_at_0.001": _share(strict, len(rows) * len(works)),
        "cpu_seconds_a_clip": round((time.process_time() - began) / max(1, len(rows)), 2),
        "rows": rows,
    }


def _limit(work: WorkExamples) -> float:
    return prepare_work(work).threshold


def _share(hits: int, total: int) -> Mapping[str, Any]:
    low, high = wilson_interval(hits, total)
    return {"share": round(hits / total, 4) if total else None, "interval": [round(low, 4), round(high, 4)], "n": total}


if __name__ == "__main__":
    main()
