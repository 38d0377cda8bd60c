"""The history of a file is a tree with pictures; they are decoded and made anew, and none is shown that does not hold."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from provenance.c2pa.thumbnail_jpeg import THUMBNAIL_SIDE
from provenance.c2pa.thumbnails import lineage_thumbnails
from provenance.verification.verify import verify
from tests.integration.provenance.thumbnail_manifests import grey_jpeg, sign_as_other_generator


@pytest.fixture(scope="module")
def still(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("still") / "still.png"
    Image.fromarray(np.full((64, 96, 3), 130, np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def family(tmp_path_factory, clip, keys, still):
    """child.mp4 was made from parent.mp4 and a still without credentials; the parent from first.mp4."""
    folder = tmp_path_factory.mktemp("family")
    first = sign_as_other_generator(clip, folder / "first.mp4", keys, thumbnail=grey_jpeg(20))
    parent = sign_as_other_generator(
        clip, folder / "parent.mp4", keys, thumbnail=grey_jpeg(90), ingredients=[("parentOf", first, None)]
    )
    made_from = [("parentOf", parent, None), ("componentOf", still, grey_jpeg(200))]
    return sign_as_other_generator(clip, folder / "child.mp4", keys, thumbnail=grey_jpeg(150), ingredients=made_from)


def found(path, keys, watermark):
    return verify(path, trust=keys.trust, keys=[keys.watermark_key], detect=watermark.detect, look_up=lambda _: None)


def lineage(finding):
    return [(one.kind, one.says) for one in finding.evidence if one.kind.startswith("lineage")]


def levels(steps):
    return [round(np.asarray(Image.open(io.BytesIO(one.jpeg))).mean()) if one.jpeg else None for one in steps]


def test_the_history_is_told_branch_by_branch_and_so_is_what_had_no_credentials(family, keys, watermark):
    told = lineage(found(family, keys, watermark))
    assert [kind for kind, _ in told] == ["lineage.0", "lineage.1", "lineage.2", "lineage.1"]
    assert [says.split(",")[0].split(";")[0] for _, says in told] == [
        "this file: child.mp4",
        "it was made from: parent.mp4",
        "it was made from: first.mp4",
        "it contains: still.png",
    ]
    assert told[3][1].endswith("it had no credentials.") and "signed by" in told[2][1]


def test_each_step_has_the_picture_that_was_signed_about_it(family, keys, watermark):
    steps = lineage_thumbnails(family, found(family, keys, watermark), keys.trust)
    assert np.allclose(levels(steps), [150, 90, 20, 200], atol=3)
    assert all(max(Image.open(io.BytesIO(one.jpeg)).size) <= THUMBNAIL_SIDE for one in steps)
    assert all(b"stranger" not in one.jpeg for one in steps)


def bomb(side: int) -> bytes:
    """A PNG of a few hundred bytes that says it has side x side pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    header = side.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(999))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "shown",
    [b"<svg onload=alert(1)>", grey_jpeg(9)[:300], bomb(30_000), b"\xff\xd8\xff" + bytes(3 << 20)],
    ids=["no picture", "cut short", "too many pixels", "too many bytes"],
)
def test_a_picture_that_cannot_be_read_is_left_out_and_the_others_stay(shown, tmp_path, clip, keys, still, watermark):
    made_from = [("componentOf", still, grey_jpeg(70))]
    path = sign_as_other_generator(clip, tmp_path / "odd.mp4", keys, thumbnail=shown, ingredients=made_from)
    first, second = levels(lineage_thumbnails(path, found(path, keys, watermark), keys.trust))
    assert first is None and abs(second - 70) <= 3


def test_nothing_is_shown_of_a_history_that_does_not_hold(family, tmp_path, clip, keys, still, watermark):
    broken = tmp_path / "broken.mp4"
    content = bytearray(family.read_bytes())
    content[content.index(b"mdat") + 400] ^= 1
    broken.write_bytes(content)
    made_from = [("parentOf", broken, None), ("componentOf", still, grey_jpeg(70))]
    child = sign_as_other_generator(clip, tmp_path / "child.mp4", keys, thumbnail=grey_jpeg(150), ingredients=made_from)
    for path in (broken, child):
        assert lineage_thumbnails(path, found(path, keys, watermark), keys.trust) == ()
    assert len(lineage(found(child, keys, watermark))) == 6  # in words it is told all the same
