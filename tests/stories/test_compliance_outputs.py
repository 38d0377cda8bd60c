"""The evidence pack on a fresh installation, and what it says of outputs read back from finished files."""

from __future__ import annotations

import json

import av
import pytest

from core.finding import Finding
from media.probe import probe
from pipeline.compliance.evidence_pack import compliance_pack
from pipeline.video_pictures import PictureVariant
from tests.stories.http_installation import serve_real_installation

pytestmark = [pytest.mark.postgres, pytest.mark.models]


@pytest.fixture(scope="module")
def at(installation):
    with serve_real_installation(installation.home, one_person=False) as serving:
        yield serving


@pytest.fixture(scope="module")
def outputs(at, tmp_path_factory):
    """A video, a remix of it, and pictures of the video, each as the public gets it."""
    folder = tmp_path_factory.mktemp("outputs")
    video = at.submit("a rabbit in a meadow")
    assert at.settle(video).phase.value == "published"
    with at.client(at.platform) as client:
        made = client.post("/v1/videos", json={"prompt": "the same at night", "remixed_from_video_id": video})
    remix = made.json()["id"]
    assert at.settle(remix).phase.value == "published"
    service = at.installation.service
    return {
        "video": service.content(None, video, folder / "video.mp4"),
        "remix": service.content(None, remix, folder / "remix.mp4"),
        "thumbnail": service.picture(video, PictureVariant.THUMBNAIL),
        "spritesheet": service.picture(video, PictureVariant.SPRITESHEET),
    }


def layers(finding: Finding) -> dict[str, str]:
    return {one.layer: one.state for one in finding.layers}


def test_each_output_carries_the_layers_that_the_pack_names(at, outputs):
    stated = {output.id: {one.layer: one.state for one in output.layers} for output in compliance_pack().outputs}
    findings = {name: at.installation.service.verify(path) for name, path in outputs.items()}
    for name, finding in findings.items():
        found, says = layers(finding), stated[name]
        assert (found["credentials"] == "found") is (says["manifest"] == "marked"), name
        assert (found["watermark_picture"] == "found") is (says["watermark_picture"] == "marked"), name
        assert (found["watermark_sound"] == "found") is (says["watermark_sound"] == "by_source"), name
    assert findings["thumbnail"].watermark.case_id == findings["video"].watermark.case_id
    assert findings["remix"].watermark.case_id != findings["video"].watermark.case_id


def joined(files, dst):
    """One file of several, picture by picture, encoded anew."""
    with av.open(str(dst), "w") as target:
        stream = None
        for file in files:
            with av.open(str(file)) as source:
                stream = stream or _stream_like(target, source.streams.video[0])
                for frame in source.decode(video=0):
                    picture = av.VideoFrame.from_ndarray(frame.to_ndarray(format="yuv420p"), format="yuv420p")
                    target.mux(stream.encode(picture))
        target.mux(stream.encode(None))
    return dst


def _stream_like(target, source):
    stream = target.add_stream("libx264", rate=source.average_rate, options={"crf": "20"})
    stream.width, stream.height, stream.pix_fmt = source.width, source.height, "yuv420p"
    return stream


def test_a_compilation_of_two_videos_is_told_apart_second_by_second(at, outputs, tmp_path):
    cases = [at.installation.service.verify(outputs[name]).watermark.case_id for name in ("video", "remix")]
    file = joined([outputs["video"], outputs["remix"]], tmp_path / "compilation.mp4")
    finding = at.installation.service.verify(file)
    marked = [one for one in finding.origins if one.how == "watermark"]
    assert [one.case_id for one in marked] == cases
    joint = probe(outputs["video"]).duration
    assert abs(marked[0].end - joint) < 1.5  # ends are right to about a second
    assert abs(marked[1].start - joint) < 1.5


def test_a_fresh_installation_makes_the_pack(installation, tmp_path):
    said = installation.assay("comply", "--out", tmp_path / "pack")
    assert said.code == 0, said.err
    assert "no legal advice" in said.out
    page, data = tmp_path / "pack" / "compliance.html", tmp_path / "pack" / "compliance.json"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    pack = json.loads(data.read_text(encoding="utf-8"))
    assert {one["id"] for one in pack["requirements"] if one["state"] == "not_met"} >= {"trusted_certificate"}
    only = installation.assay("comply", "--region", "china", "--json").json
    assert {duty["region"] for duty in only["duties"]} == {"china"}
    assert installation.assay("comply", "--region", "mars").code == 3
    refused = installation.assay("comply", "--out", page)
    assert (refused.code, "is a file: name a folder" in refused.err) == (3, True)


def test_a_fresh_installation_is_told_which_duties_its_settings_do_not_meet(installation):
    said = installation.assay("comply", "check", "--json")
    assert said.code == 1
    states = {check["subject"]: check["state"] for check in said.json["checks"]}
    assert states["signing key"] == "lacks"
    assert states["watermark"] == "ok"
    table = installation.assay("comply", "check", "--region", "india")
    assert "visible label, India" in table.out
    assert "no legal advice" in table.out
