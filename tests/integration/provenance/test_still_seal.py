"""A picture of a sealed video carries the video's own mark and credentials, in either format, or is not made at all."""

import numpy as np
import pytest

from core.errors import BadMedia, SealBroken
from core.finding import WatermarkFinding
from media.contact_sheet import contact_sheet
from media.sampling import sample_video
from provenance.c2pa.reader import read_credentials_report
from provenance.metadata.xmp_reader import read_unsigned_metadata
from provenance.seal import seal
from provenance.still_seal import seal_still
from provenance.watermark import detect_file
from provenance.watermark.payload import Payload
from tests.conftest import ROOT
from tests.unit.provenance.conftest import StandInWatermark, make_order


@pytest.fixture(scope="module")
def sealed(tmp_path_factory, keys):
    """A sealed video and what its mark says; the mark in the video is a stand-in, those in the pictures are real."""
    video, mark = tmp_path_factory.mktemp("sealed") / "video.mp4", StandInWatermark()
    bunny = ROOT / "deploy" / "demo" / "bunny.mp4"
    report = seal(bunny, video, make_order(), keys=keys, mark=mark.mark, detect=mark.detect)
    return video, Payload.from_hex(report.payload)


@pytest.fixture(scope="module")
def pictures(sealed):
    frames = [frame.rgb for frame in sample_video(sealed[0], count=9, max_side=640).frames]
    return {"webp": frames[4], "jpeg": contact_sheet(frames, columns=3, tile_width=320)}


@pytest.mark.parametrize("kind", ["webp", "jpeg"])
def test_a_picture_is_marked_and_signed_with_the_video_as_its_parent(tmp_path, keys, sealed, pictures, kind):
    video, payload = sealed
    made = tmp_path / f"picture.{kind}"
    seal_still(
        pictures[kind], made, make_order(), video=video, payload=payload, keys=keys, detect=detect_file, format=kind
    )
    assert detect_file(made, keys=[keys.watermark_key]).payload == payload.hex
    reading = read_credentials_report(made, keys.trust)
    assert (reading.credentials.state, reading.case_id) == ("trusted", make_order().case_id)
    assert [(step.depth, step.relationship) for step in reading.lineage] == [(0, ""), (1, "parentOf")]
    assert not reading.broken_ingredients
    assert reading.ai_assertions
    assert {said.field for said in read_unsigned_metadata(made).declarations} >= {"AIGC"}
    assert [file.name for file in tmp_path.iterdir()] == [made.name]


def test_a_picture_in_which_no_mark_can_be_read_is_not_released(tmp_path, keys, sealed, pictures):
    def blind(_file, *, keys):
        return WatermarkFinding(detected=False)

    with pytest.raises(SealBroken, match="no watermark"):
        seal_still(
            pictures["webp"], tmp_path / "p.webp", make_order(), video=sealed[0], payload=sealed[1], keys=keys,
            detect=blind, format="webp",
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_a_picture_too_small_for_the_mark_is_refused(tmp_path, keys, sealed):
    tiny = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(BadMedia):
        seal_still(
            tiny, tmp_path / "p.webp", make_order(), video=sealed[0], payload=sealed[1], keys=keys,
            detect=detect_file, format="webp",
        )  # fmt: skip
