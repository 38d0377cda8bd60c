"""Boxes, tracks and pictures are counted before anything is parsed or decoded."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import OverBudget
from media.sandbox.file_structure import check_structure
from media.sandbox.limits import InputLimits
from media.sandbox.scan import Scan, ScanBudget
from tests.unit.media.hostile_files import FILE_TYPE, box, gif

STRANGERS = Scan(budget=ScanBudget()).input_limits()


def written(folder: Path, data: bytes) -> Path:
    file = folder / "file"
    file.write_bytes(data)
    return file


def test_a_gif_of_many_pictures_on_a_large_canvas_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(OverBudget, match=r"340 or more pictures of 7680 × 7680 pixels would have to be decoded"):
        check_structure(written(tmp_path, gif(7680, 7680, 20_000)), STRANGERS)
    assert time.monotonic() - began < 2


def test_an_ordinary_gif_is_not(tmp_path: Path) -> None:
    check_structure(written(tmp_path, gif(640, 480, 500)), STRANGERS)
    check_structure(written(tmp_path, gif(640, 480, 500)[:300]), STRANGERS)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (FILE_TYPE + box(b"free") * 3_000_000, "boxes"),
        (FILE_TYPE + box(b"moov", box(b"udta", box(b"free") * 100_000)), "boxes"),
        (FILE_TYPE + box(b"moov", box(b"trak", box(b"tkhd")) * 3000), "tracks"),
        (FILE_TYPE + (box(b"moof", box(b"traf")) + box(b"mdat")) * 50_000, "boxes"),
    ],
)
def test_a_file_of_many_boxes_or_tracks_is_refused_before_it_is_parsed(tmp_path: Path, data: bytes, what: str) -> None:
    began = time.monotonic()
    with pytest.raises(OverBudget, match=rf"it has more than [\d,]+ {what}"):
        check_structure(written(tmp_path, data), STRANGERS)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("size", [0, 1, 7, 2**31, 2**32 - 1])
def test_boxes_that_do_not_fit_end_the_count_and_nothing_else(tmp_path: Path, size: int) -> None:
    broken = FILE_TYPE + size.to_bytes(4, "big") + b"moov" + bytes(30)
    check_structure(written(tmp_path, broken), STRANGERS)


def test_boxes_inside_boxes_without_end_are_not_followed(tmp_path: Path) -> None:
    data = b""
    for _ in range(5000):
        data = box(b"udta", data)
    check_structure(written(tmp_path, FILE_TYPE + data), STRANGERS)


def test_the_limits_of_everybody_are_wider_than_those_of_a_stranger(tmp_path: Path) -> None:
    everybody = InputLimits()
    assert everybody == replace(
        everybody,
        max_boxes=max(everybody.max_boxes, STRANGERS.max_boxes),
        max_tracks=max(everybody.max_tracks, STRANGERS.max_tracks),
        max_decoded_pixels=max(everybody.max_decoded_pixels, STRANGERS.max_decoded_pixels),
    )
    check_structure(written(tmp_path, FILE_TYPE + box(b"free") * 60_000), everybody)
