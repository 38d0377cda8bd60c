"""Rows of clips against what an installation has registered: protected people, and known bad pictures."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

from core.errors import BadInput, BadMedia
from evals.card.clips import slow_zoom, with_words, write_clip
from evals.card.request_decisions import OPERATOR, count_outcomes
from evals.card.row_plan import CardBench, RowFigures, RowPlan
from registry.banks.bank_entries import Bank

_GROUP = "What is seen and heard in clips"
_RATE = 6
_MOST = 30
_KNOWN_BAD = Bank(name="known_bad", kind="known_bad")


def picture_rows() -> list[RowPlan]:
    """Copies of banked pictures, and protected people."""
    return [
        RowPlan(
            id="clip_copies",
            group=_GROUP,
            title="Copies of banked pictures",
            about="Pictures of the bank mirrored, darkened, cropped by a tenth, with a border or a caption, filmed by "
            "a slow zoom. Harmless: other pictures.",
            measure=_copies,
        ),
        RowPlan(
            id="clip_protected",
            group=_GROUP,
            title="A protected person's face",
            about="The person was protected by one photograph; the clip is a slow zoom on another. Harmless: people "
            "who are not protected.",
            measure=_protected,
        ),
    ]


def _copies(bench: CardBench) -> RowFigures:
    data = bench.require_data()
    with (data / "images" / "index.csv").open() as table:
        rows = [row for row in csv.DictReader(table) if not row["group"]]
    rows = [row for row in rows if min(int(row["width"] or 0), int(row["height"] or 0)) >= 200]
    pictures = bench.sample([data / row["path"] for row in rows], 2 * _MOST)
    known, others = pictures[::2], pictures[1::2]
    banked = [path for place, path in enumerate(known) if _banked(bench, f"known-{place}", path)]
    return RowFigures(
        unsafe=count_outcomes(map(bench.decisions.clip, _zooms(bench, banked, cycle(_CHANGES)))),
        harmless=count_outcomes(map(bench.decisions.clip, _zooms(bench, others, cycle(_CHANGES)))),
    )


def _banked(bench: CardBench, name: str, path: Path) -> bool:
    try:
        return bool(bench.decisions.installation.banks.add_file(OPERATOR, name, path, _KNOWN_BAD))
    except (BadInput, BadMedia):  # too little detail to be recognised again: nothing of it is banked
        return False


def _protected(bench: CardBench) -> RowFigures:
    data = bench.require_data()
    with (data / "faces" / "pairs.csv").open() as table:
        rows = [row for row in csv.DictReader(table) if row["same"] == "1"]
    people = list({row["id_a"]: (data / row["a"], data / row["b"]) for row in rows}.values())
    chosen = bench.sample(people, 2 * _MOST)
    protected = [
        second for place, (first, second) in enumerate(chosen[::2]) if _is_protected(bench, f"person-{place}", first)
    ]
    strangers = [second for _, second in chosen[1::2]]
    return RowFigures(
        unsafe=count_outcomes(map(bench.decisions.clip, _zooms(bench, protected, cycle([lambda one: one])))),
        harmless=count_outcomes(map(bench.decisions.clip, _zooms(bench, strangers, cycle([lambda one: one])))),
    )


def _is_protected(bench: CardBench, name: str, path: Path) -> bool:
    try:
        bench.decisions.installation.registry_admin.add_protected_face(OPERATOR, name, path)
    except (BadInput, BadMedia):  # no single readable face: an operator would be asked for another photograph
        return False
    return True


def _zooms(
    bench: CardBench, pictures: Sequence[Path], changes: Iterable[Callable[[Image.Image], Image.Image]]
) -> Iterator[Path]:
    for place, (path, change) in enumerate(zip(pictures, changes, strict=False)):
        bench.say(f"{place + 1} of {len(pictures)}")
        with Image.open(path) as picture:
            changed = change(picture.convert("RGB"))
        yield write_clip(bench.folder / f"zoom{place}.mp4", slow_zoom(changed, rate=_RATE, seconds=2), rate=_RATE)


def _cropped(picture: Image.Image) -> Image.Image:
    edge = (0.025 * picture.width, 0.025 * picture.height)  # of each side, so that a tenth of the picture goes
    return picture.crop((int(edge[0]), int(edge[1]), int(picture.width - edge[0]), int(picture.height - edge[1])))


def _captioned(picture: Image.Image) -> Image.Image:
    import numpy as np

    return Image.fromarray(next(with_words([np.asarray(picture)], "a day out", size=max(14, picture.width // 24))))


_CHANGES: Sequence[Callable[[Image.Image], Image.Image]] = (
    lambda one: one,
    ImageOps.mirror,
    lambda one: ImageEnhance.Brightness(one).enhance(0.75),
    _cropped,
    lambda one: ImageOps.expand(one, border=max(8, one.width // 20), fill="black"),
    _captioned,
)
