"""`python -m evals.footage.copy_descriptors PICTURES VIDEOS OUT`: does SSCD know copies again that PDQ and CLIP miss?

Needs the extra `sscd`. PICTURES and VIDEOS are CSVs with the columns `path` (relative to the parent of their folder),
`corpus` and `group`, VIDEOS with `kind` too. Each photograph, drawing and logo, and one frame of each clip, is the only
example of a work of its own. Altered copies are looked for among all of them by SSCD, and among their own work alone by
PDQ, those of each sixth by CLIP too (it takes a quarter of a second for each part). The limit is chosen on clips of the
kind ai_generated and each third drawing, `MARGIN` above the most alike stranger, and reported on real clips and
photographs. Pairs within a group show one scene or work, and are left out. `--only` measures one half and keeps the
other of OUT.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.copy_vectors import COPY_COSINE, COPY_MODEL
from classifiers.image.example_matching import (
    PreparedWork,
    centred,
    describe_example,
    example_threshold,
    match_copy,
    match_vector,
    picture_parts,
    prepare_work,
)
from classifiers.image.sampled_frames import downscale
from classifiers.image.work_likeness import copy_parts
from classifiers.models import PACKAGED_MODELS
from core.errors import BadMedia
from evals.bench.machine_info import machine_info
from evals.intervals import wilson_interval
from media.sampling import sample_video
from media.still_image import sample_image
from registry.rights.work_images import ExampleDescriptor, WorkExamples

Picture = NDArray[np.uint8]
RATES = (0.01, 0.001)  # false matches of a work that its holder accepts: what is usual, and fewer
_PHOTOGRAPHS = {"benign_photos", "blockhash", "imagededup", "easyocr_text", "fire", "weapons_photos"}
_DRAWINGS = {"ip_gophers_cc0", "ip_ferris_rust", "ip_steamboat_willie", "logos"}
_REPEATING = {"blockhash", "imagededup", "fire", "decord"}  # hold a scene twice: smaller, turned, with boxes drawn
_CLIP_EVERY, _DRAWN_EVERY = 6, 3
MARGIN = 0.04
_CHOSEN, _DRAWN, _REPORTED = "chosen on: clips", "chosen on: drawings", "reported on"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedPicture:
    """A picture that is an example, and of which copies are made. Those of a `group` show one scene."""

    name: str
    group: str
    source: str
    rgb: Picture


def caption_over_third(rgb: Picture, _other: Picture) -> Picture:
    """A bar with words over the lowest third."""
    out = rgb.copy()
    height, width = out.shape[:2]
    out[height * 2 // 3 :] = 0
    scale = width / 500
    at = (width // 20, height * 5 // 6)
    cv2.putText(
        out, "WATCH THIS NOW", at, cv2.FONT_HERSHEY_SIMPLEX, scale * 1.4, (255, 255, 255), max(1, round(scale * 3))
    )
    return out


def half_at_corner(rgb: Picture, _other: Picture) -> Picture:
    """Half of the area, from one corner."""
    height, width = rgb.shape[:2]
    return np.ascontiguousarray(rgb[: round(height * 0.7), : round(width * 0.7)])


def turned(rgb: Picture, _other: Picture) -> Picture:
    """Turned by 12 degrees."""
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 12, 1.0)
    return np.asarray(cv2.warpAffine(rgb, matrix, (width, height)), np.uint8)


def inset(rgb: Picture, other: Picture) -> Picture:
    """At half the sides, in the middle of another picture."""
    height, width = rgb.shape[:2]
    out = np.asarray(cv2.resize(other, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    small = cv2.resize(rgb, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    out[height // 4 : height // 4 + height // 2, width // 4 : width // 4 + width // 2] = small
    return out


def tall_with_blur(rgb: Picture, _other: Picture) -> Picture:
    """In the middle of a tall picture, above and below its own blurred."""
    height, width = rgb.shape[:2]
    tall = round(width * 16 / 9)
    out = cv2.GaussianBlur(cv2.resize(rgb, (width, tall)), (0, 0), width / 25)
    top = max(0, (tall - height) // 2)
    out[top : top + height] = rgb[:tall]
    return np.asarray(out, np.uint8)


def beside_another(rgb: Picture, other: Picture) -> Picture:
    """The left half of a picture whose right half is another."""
    height, width = rgb.shape[:2]
    return np.concatenate([rgb, np.asarray(cv2.resize(other, (width, height)), np.uint8)], axis=1)


def mirrored_cropped_captioned(rgb: Picture, other: Picture) -> Picture:
    """Mirrored, a tenth off each side, words over the lowest third."""
    height, width = rgb.shape[:2]
    middle = rgb[height // 10 : -(height // 10), width // 10 : -(width // 10)][:, ::-1]
    return caption_over_third(np.ascontiguousarray(middle), other)


CHANGES: dict[str, Callable[[Picture, Picture], Picture]] = {
    change.__name__: change
    for change in (
        caption_over_third,
        half_at_corner,
        turned,
        inset,
        tall_with_blur,
        beside_another,
        mirrored_cropped_captioned,
    )
}


def main() -> None:
    """Measure, and write the results."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name in ("pictures", "videos", "out"):
        asked.add_argument(name, type=Path)
    asked.add_argument("--only", choices=("with", "without"))
    given = asked.parse_args()
    pictures = [*_frames(given.videos), *_stills(given.pictures)]
    result: dict[str, Any] = json.loads(given.out.read_text()) if given.only else {}
    result |= {
        "pictures": {source: sum(p.source == source for p in pictures) for source in (_CHOSEN, _DRAWN, _REPORTED)},
        "net": COPY_MODEL,
        "machine": machine_info(),
        "command": "python -m evals.footage.copy_descriptors PICTURES VIDEOS OUT",
    }
    if given.only != "without":
        result["with"] = _by_net(pictures)
    if given.only != "with":
        result["without"] = _without([picture for picture in pictures if picture.source != _DRAWN])
    given.out.write_text(json.dumps(result, indent=1) + "\n")


def _stills(table: Path) -> Iterator[CopiedPicture]:
    for path, row in _rows(table):
        drawn = row["corpus"] in _DRAWINGS
        if not drawn and row["corpus"] not in _PHOTOGRAPHS:
            continue
        try:
            rgb = sample_image(path, max_side=640).frames[0].rgb
        except BadMedia as error:
            print(path.name, error, file=sys.stderr)
            continue
        group = row["group"] or (row["corpus"] if drawn or row["corpus"] in _REPEATING else path.name)
        group = path.parent.name if row["corpus"] == "logos" else group
        yield CopiedPicture(name=path.name, group=group, source=_DRAWN if drawn else _REPORTED, rgb=rgb)


def _frames(table: Path) -> Iterator[CopiedPicture]:
    for path, row in _rows(table):
        try:
            frame = sample_video(path, count=3, max_side=640).frames[1]
        except (BadMedia, IndexError) as error:
            print(path.name, error, file=sys.stderr)
            continue
        group = row["group"] or (row["corpus"] if row["corpus"] in _REPEATING else str(path))
        source = _CHOSEN if row["kind"] == "ai_generated" else _REPORTED
        yield CopiedPicture(name=path.name, group=group, source=source, rgb=frame.rgb)


def _rows(table: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    with table.open() as opened:
        for row in csv.DictReader(opened):
            yield table.parent.parent / row["path"], row


def _sixth(pictures: Sequence[CopiedPicture]) -> list[tuple[int, CopiedPicture]]:
    return [one for one in enumerate(pictures) if one[1].source == _REPORTED][::_CLIP_EVERY]


def _copies(pictures: Sequence[CopiedPicture], source: str) -> Iterator[tuple[int, str, Picture]]:
    """Each altered copy of the pictures of a source: whose, how, and itself. Put into one of another group."""
    chosen = [one for one in enumerate(pictures) if one[1].source == source]
    for number, picture in chosen[:: _DRAWN_EVERY if source == _DRAWN else 1]:
        other = next(
            pictures[(number + step) % len(pictures)]
            for step in range(7, 7 + len(pictures))
            if pictures[(number + step) % len(pictures)].group != picture.group
        )
        for name, change in CHANGES.items():
            yield number, name, change(picture.rgb, other.rgb)


def _by_net(pictures: Sequence[CopiedPicture]) -> dict[str, Any]:
    model = PACKAGED_MODELS.get(COPY_MODEL)
    banked = model.encode([picture.rgb for picture in pictures])
    began, encoded = time.process_time(), 0
    found: dict[str, list[tuple[int, str, NDArray[np.float32]]]] = {}
    for source in (_CHOSEN, _DRAWN, _REPORTED):
        found[source] = []
        for number, change, rgb in _copies(pictures, source):
            parts = [part.rgb for part in copy_parts(rgb)]
            encoded += len(parts)
            found[source].append((number, change, (model.encode(parts) @ banked.T).max(axis=0)))
    seconds = time.process_time() - began
    chosen = [row for source in (_CHOSEN, _DRAWN) for row in found[source]]
    limit = round(max(float(cosine) for row in chosen for cosine in _strangers(pictures, row)) + MARGIN, 2)
    sixths = {number for number, _ in _sixth(pictures)}
    return {
        "limit_chosen": limit,
        "limit_used": COPY_COSINE,
        "cpu_ms_a_part": round(1000 * seconds / encoded, 1),
        **{source: _figures(pictures, rows, COPY_COSINE) for source, rows in found.items()},
        "each_sixth": _figures(pictures, [row for row in found[_REPORTED] if row[0] in sixths], COPY_COSINE),
    }


def _strangers(pictures: Sequence[CopiedPicture], row: tuple[int, str, NDArray[np.float32]]) -> Iterator[np.float32]:
    """What a copy scored with pictures of other scenes; of what it was put into, too, which is no error."""
    number, change, scores = row
    for other, score in enumerate(scores):
        if pictures[other].group != pictures[number].group and change not in ("inset", "beside_another"):
            yield score


def _figures(
    pictures: Sequence[CopiedPicture], rows: Sequence[tuple[int, str, NDArray[np.float32]]], limit: float
) -> dict[str, Any]:
    strange = [float(score) for row in rows for score in _strangers(pictures, row)]
    return {
        "found": _share([scores[number] >= limit for number, _, scores in rows]),
        "by_change": {
            change: _share([scores[number] >= limit for number, made, scores in rows if made == change])
            for change in CHANGES
        },
        "wrong_pairs": _share([score >= limit for score in strange]),
        "most_alike_stranger": round(max(strange), 3),
        "least_alike_copy": round(float(min(scores[number] for number, _, scores in rows)), 3),
    }


def _without(pictures: Sequence[CopiedPicture]) -> dict[str, Any]:
    """What PDQ of the whole picture and CLIP's vectors of its parts find, as they do where the extra is missing."""
    sixths = {number for number, _ in _sixth(pictures)}
    works = {
        number: _registered(picture, vectors=number in sixths)
        for number, picture in enumerate(pictures)
        if picture.source == _REPORTED
    }
    rows: list[tuple[int, str, bool]] = []
    either: dict[float, list[tuple[int, str, bool]]] = {rate: [] for rate in RATES}
    for number, change, rgb in _copies(pictures, _REPORTED):
        hashes, _quality = PACKAGED_MODELS.get("hashes").pdq(downscale(rgb, 512))
        found = match_copy(hashes, works[number])[0] >= 0.5
        rows.append((number, change, found))
        if number in sixths:
            stricter = example_threshold(works[number].vectors, RATES[1])
            for rate, limit in zip(RATES, (works[number].threshold, stricter), strict=True):
                either[rate].append((number, change, found or _alike_by_clip(rgb, works[number], limit)))
    return {
        name: {
            "found": _share([found for _, _, found in measured]),
            "by_change": {
                change: _share([found for _, made, found in measured if made == change]) for change in CHANGES
            },
        }
        for name, measured in (
            ("pdq", rows),
            ("pdq, each sixth", [row for row in rows if row[0] in sixths]),
            *((f"pdq or clip at {rate}, each sixth", measured) for rate, measured in either.items()),
        )
    }


def _registered(picture: CopiedPicture, *, vectors: bool) -> PreparedWork:
    """A work with this one example; without vectors where only its hash is asked for."""
    if vectors:
        pdq, described = describe_example(picture.rgb, PACKAGED_MODELS)
    else:
        hashes, _quality = PACKAGED_MODELS.get("hashes").pdq(downscale(picture.rgb, 512))
        pdq, described = hashes[0], np.eye(1, 512, dtype=np.float32)
    example = ExampleDescriptor(image=picture.name, pdq=pdq, vectors=described)
    return prepare_work(WorkExamples(work=picture.name, terms="ask", false_match_rate=RATES[0], examples=(example,)))


def _alike_by_clip(rgb: Picture, work: PreparedWork, limit: float) -> bool:
    """Whether any part reaches the limit; the first that does ends it."""
    return any(
        match_vector(vector, work)[0] >= limit
        for part in picture_parts(rgb)
        for vector in centred(PACKAGED_MODELS.get("clip_image_tower").encode([part.rgb]))
    )


def _share(hits: Sequence[bool]) -> dict[str, Any]:
    low, high = wilson_interval(sum(hits), len(hits))
    return {"share": round(sum(hits) / len(hits), 4), "interval": [round(low, 4), round(high, 4)], "n": len(hits)}


if __name__ == "__main__":
    main()
