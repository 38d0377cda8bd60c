"""A sealed video loses its credentials, then its mark: what the repository and the fingerprint still tell. And folders."""

from __future__ import annotations

import json
import re

import av
import numpy as np
import pytest
from PIL import Image

from media.transcode import Encoding, reencode
from pipeline.manifest_repository.repository import VIDEO_FINGERPRINT_ALGORITHM
from pipeline.settings import load_settings
from pipeline.wiring import build_installation
from provenance.c2pa.manifest_definition import SOFT_BINDING_ALGORITHM
from tests.stories.conftest import published_file

pytestmark = [pytest.mark.postgres, pytest.mark.models]


def kinds(said):
    return {one["kind"]: one["says"] for one in said["evidence"]}


def without_its_mark(src, dst):
    """Shrunk and blurred until no mark is left; the pictures can still be recognised."""
    with av.open(str(src)) as source, av.open(str(dst), "w") as target:
        stream = target.add_stream("libx264", rate=24, options={"crf": "38"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for frame in source.decode(video=0):
            small = Image.fromarray(frame.to_ndarray(format="rgb24")).resize((96, 54)).resize((320, 180))
            target.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(small), format="rgb24")))
        target.mux(stream.encode(None))
    return dst


def test_the_credentials_of_a_stripped_file_are_recovered_and_the_difference_is_named(
    installation, published, tmp_path
):
    copy = tmp_path / "copy.mp4"
    reencode(published_file(published), copy, encoding=Encoding(crf=28, height=480))
    said = installation.assay("verify", copy, "--json").json
    assert said["verdict"] == "recovered_by_watermark"
    assert "were recovered, signed by Assay DEVELOPMENT" in said["summary"]
    assert "480 pixels instead of 640×360" in said["summary"]
    assert published["case"]["sealed"]["manifest_id"] in kinds(said)["recovered"]


def test_a_mark_too_damaged_to_read_is_recognised_among_those_this_office_issued(installation, published, tmp_path):
    copy, asked = tmp_path / "copy.mp4", tmp_path / "payloads.txt"
    for crf in (42, 44, 46, 48, 50):  # keys are random, and so is by what a mark is just not read any more
        reencode(published_file(published), copy, encoding=Encoding(crf=crf))
        if installation.assay("detect", copy, "--json").json["payload"] is None:
            break
    said = installation.assay("verify", copy, "--json").json
    assert said["verdict"] == "recovered_by_watermark" and said["watermark"]["among"] >= 1
    assert said["watermark"]["case_id"] == published["case"]["id"]
    assert "too damaged to be read by itself" in kinds(said)["watermark"]
    asked.write_text(f"00112233445566aa\n{published['case']['id']}\n")
    found = installation.assay("detect", copy, "--among", asked)
    assert "matched against 2 issued" in found.out and found.code == 0


def test_a_file_without_a_mark_is_still_recognised_by_its_looks(installation, published, tmp_path):
    said = installation.assay(
        "verify", without_its_mark(published_file(published), tmp_path / "blurred.mp4"), "--json"
    ).json
    assert said["watermark"]["detected"] is False
    assert said["verdict"] == "no_information"
    named = re.search(r"case ([0-9a-f]{16})", kinds(said)["fingerprint"])[1]
    assert {one["layer"]: one["state"] for one in said["layers"]}["fingerprint"] == "found"
    assert {"fingerprint"} <= {one["how"] for one in said["origins"]} <= {"fingerprint", "nothing"}
    found = installation.assay("case", named, "--json").json["case"]  # another story may have sealed the same footage
    assert found["rendered"]["asset"]["digest"] == published["case"]["rendered"]["asset"]["digest"]


def test_the_repository_finds_the_manifest_by_its_mark_by_content_and_by_looks(installation, published, tmp_path):
    sealed = published["case"]["sealed"]
    stripped, blurred = tmp_path / "copy.mp4", tmp_path / "blurred.mp4"
    reencode(published_file(published), stripped, encoding=Encoding(crf=28, height=480))
    without_its_mark(published_file(published), blurred)
    house = build_installation(load_settings(home=installation.home, engine_folder=installation.home / "engine"))
    try:
        repository = house.service.public.repository
        by_mark = repository.by_binding(SOFT_BINDING_ALGORITHM, sealed["payload"])
        by_content = repository.by_content(stripped)
        by_looks = repository.by_content(blurred, algorithm=VIDEO_FINGERPRINT_ALGORITHM, most=100)
        manifest = repository.manifest(sealed["manifest_id"])
        copied = [house.service.context.copies.source_cases(file) for file in (stripped, blurred)]
    finally:
        house.close()
    assert [(one.manifest_id, one.score) for one in by_mark] == [(sealed["manifest_id"], 100)]
    assert by_content == by_mark
    assert copied[0] == (published["case"]["id"],) and published["case"]["id"] in copied[1]
    # Other cases of this house were made of the same footage, and look as much alike: all of them are found.
    nearest = [one.manifest_id for one in by_looks if one.score == by_looks[0].score]
    assert sealed["manifest_id"] in nearest and by_looks[0].score >= 50
    assert [one.score for one in by_looks] == sorted((one.score for one in by_looks), reverse=True)
    assert len(manifest) == sealed["manifest"]["size"]


def test_a_folder_is_answered_line_by_line_and_one_bad_file_stops_nothing(
    installation, published, two_seconds, tmp_path
):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "ours.mp4").write_bytes(published_file(published).read_bytes())
    (tmp_path / "broken.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 500)
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "plain.mp4").write_bytes(two_seconds.read_bytes())
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "pictüre.png")
    (tmp_path / ".hidden").write_text("not looked at")
    said = installation.assay("verify", "--batch", tmp_path, "--json")
    lines = {line["file"]: line for line in map(json.loads, said.out.splitlines())}
    assert said.code == 3
    assert list(lines) == ["broken.mp4", "deep/er/ours.mp4", "empty.mp4", "pictüre.png", "plain.mp4"]
    assert lines["deep/er/ours.mp4"]["verdict"] == "ai_made_trusted"
    assert lines["deep/er/ours.mp4"]["credentials"]["ai"] is True
    assert lines["plain.mp4"]["credentials"]["ai"] is None
    assert lines["pictüre.png"]["verdict"] == "no_information"
    assert {lines[name]["error"]["code"] for name in ("broken.mp4", "empty.mp4")} == {"bad_media"}
    assert "5/5" in said.err and str(tmp_path) not in said.out


def test_a_folder_of_readable_files_ends_well_and_says_the_same_as_one_file(installation, tmp_path):
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "a.png")
    batch = installation.assay("verify", "--batch", tmp_path, "--json", "--jobs", "1")
    single = installation.assay("verify", tmp_path / "a.png", "--json")
    assert (batch.code, single.code) == (0, 1)
    assert batch.out == single.out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "name one file"),
        (("a.mp4", "--batch", "."), "name one file"),
        (("--batch", "/nowhere"), "is not a folder"),
        (("a.mp4", "--at", "yesterday"), "is no time"),
        (("a.mp4", "--at", "2028-01-01"), "has no time zone"),
        (("a.mp4", "--trust", "/nowhere"), "not a folder of trust lists"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(installation, tmp_path, two_seconds, arguments, line):
    (tmp_path / "a.mp4").write_bytes(two_seconds.read_bytes())
    said = installation.assay("verify", *[tmp_path / a if a == "a.mp4" else a for a in arguments])
    assert said.code == 3
    assert line in said.err and len(said.err.splitlines()) == 1
