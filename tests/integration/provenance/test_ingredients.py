"""What a video was made from stands in its manifest: a parent, inputs, parts; and real footage is not called all AI."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import av
import c2pa
import numpy as np
import pytest
from PIL import Image

from core.errors import SealBroken
from core.finding import FindingVerdict as V
from provenance.c2pa.ingredients import build_ingredients
from provenance.c2pa.library_settings import reading_settings
from provenance.c2pa.manifest_store import manifest_actions
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.source_types import source_type_uri
from provenance.c2pa.writer import sign_file
from provenance.seal import seal
from provenance.verification.verify import verify

MIXED = "compositeWithTrainedAlgorithmicMedia"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.fromarray(np.full((64, 96, 3), 130, np.uint8)).save(path)
    return path


@pytest.fixture
def music(tmp_path: Path) -> Path:
    path = tmp_path / "music.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return path


@pytest.fixture
def parent(tmp_path, clip, order, keys, watermark) -> Path:
    """A video that was sealed here before."""
    path = tmp_path / "parent.mp4"
    earlier = replace(order, case_id="f" * 16)
    seal(clip, path, earlier, keys=keys, mark=watermark.mark, detect=watermark.detect)
    return path


def captured(src: Path, dst: Path, keys) -> Path:
    """The same file with the credentials of a camera."""
    created = {"action": "c2pa.created", "digitalSourceType": source_type_uri("digitalCapture")}
    claim = {
        "claim_generator_info": [{"name": "Camera", "version": "1"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }
    sign_file(src, dst, claim, keys.signer, trust=keys.trust)
    return dst


@pytest.fixture
def sealed(tmp_path, clip, order, keys, watermark):
    """Seals the clip with these sources; gives the active manifest, the reading and the report."""

    def do(src: Path = clip, **given):
        path = tmp_path / "sealed.mp4"
        changes = given.pop("changes", {})
        sources = build_ingredients(**given)
        order_of = replace(order, **changes)
        report = seal(src, path, order_of, keys=keys, mark=watermark.mark, detect=watermark.detect, sources=sources)
        context = c2pa.Context(
            c2pa.Settings.from_dict(reading_settings(keys.trust.signers, (), keys.trust.extended_key_usages))
        )
        with path.open("rb") as stream, c2pa.Reader("video/mp4", stream, context=context) as reader:
            store = json.loads(reader.json())
        return store["manifests"][store["active_manifest"]], read_credentials_report(path, keys.trust), report

    return do


def used(manifest) -> list[str]:
    return [one["relationship"] for one in manifest["ingredients"]]


def done(manifest) -> list[str]:
    return [one["action"] for one in manifest_actions(manifest)]


def test_a_remix_opens_the_parents_published_file(sealed, parent, keys):
    manifest, reading, report = sealed(parent=parent)
    assert used(manifest) == ["parentOf"]
    assert done(manifest) == ["c2pa.opened", "c2pa.edited", "c2pa.watermarked.bound"]
    assert (
        manifest["ingredients"][0]["active_manifest"]
        == read_credentials_report(parent, keys.trust).credentials.manifest_id
    )
    assert reading.credentials.state == "trusted" and reading.broken_ingredients == ()
    assert [one.depth for one in reading.soft_bindings] == [0, 1]
    assert report.source_type == "trainedAlgorithmicMedia"


def test_a_picture_that_the_engine_started_from_is_an_input_of_the_creation(sealed, picture):
    manifest, reading, _ = sealed(inputs=[picture])
    assert used(manifest) == ["inputTo"] and done(manifest)[0] == "c2pa.created"
    assert manifest["ingredients"][0]["format"] == "image/png"
    assert len(manifest_actions(manifest)[0]["parameters"]["ingredients"]) == 1
    assert reading.credentials.state == "trusted" and reading.credentials.source_type == "trainedAlgorithmicMedia"


def test_music_laid_under_a_video_is_a_part_that_was_placed(sealed, music):
    manifest, reading, _ = sealed(parts=[music])
    assert used(manifest) == ["componentOf"]
    assert done(manifest) == ["c2pa.created", "c2pa.placed", "c2pa.watermarked.bound"]
    assert manifest["ingredients"][0]["format"] == "audio/wav"
    assert reading.credentials.state == "trusted"


def test_a_remix_with_a_picture_and_music_names_all_three_each_once(sealed, parent, picture, music):
    manifest, reading, _ = sealed(parent=parent, inputs=[picture], parts=[music])
    assert sorted(used(manifest)) == ["componentOf", "inputTo", "parentOf"]
    assert done(manifest) == ["c2pa.opened", "c2pa.edited", "c2pa.placed", "c2pa.watermarked.bound"]
    assert reading.credentials.state == "trusted" and reading.credentials.issues == ()


def test_an_engines_file_with_credentials_stays_the_parent_and_the_remixed_one_becomes_an_input(
    sealed, parent, tmp_path, clip, keys
):
    engines = captured(clip, tmp_path / "engine.mp4", keys)
    manifest, reading, report = sealed(engines, parent=parent)
    assert sorted(used(manifest)) == ["inputTo", "parentOf"]
    assert done(manifest) == ["c2pa.opened", "c2pa.watermarked.bound"]  # nothing was made over the engine's own file
    assert report.parent == "trusted" and reading.credentials.state == "trusted"
    assert reading.credentials.source_type == MIXED  # the engine's file says camera, the engine says that it generates


@pytest.mark.parametrize("how", ["parent", "inputs", "parts"])
def test_a_video_into_which_real_footage_went_is_not_called_all_ai(sealed, how, tmp_path, clip, keys, watermark):
    footage = captured(clip, tmp_path / "camera.mp4", keys)
    _, reading, report = sealed(**{how: footage if how == "parent" else [footage]})
    assert report.source_type == reading.credentials.source_type == MIXED
    finding = verify(
        tmp_path / "sealed.mp4",
        trust=keys.trust,
        keys=[keys.watermark_key],
        detect=watermark.detect,
        look_up=lambda _: None,
    )
    assert finding.verdict is V.CONTAINS_AI_PARTS


def test_a_remix_of_a_mixture_is_a_mixture(sealed, tmp_path, clip, order, keys, watermark):
    footage = captured(clip, tmp_path / "camera.mp4", keys)
    mixed = tmp_path / "mixed.mp4"
    marking = {"keys": keys, "mark": watermark.mark, "detect": watermark.detect}
    seal(clip, mixed, replace(order, case_id="e" * 16), sources=build_ingredients(parent=footage), **marking)
    assert sealed(parent=mixed)[2].source_type == MIXED


def test_a_remix_of_footage_that_was_only_served_is_a_mixture(sealed, tmp_path, clip, order, keys, watermark):
    served = tmp_path / "served.mp4"
    claim = replace(order, case_id="e" * 16, engine="folder", synthetic=False)
    seal(clip, served, claim, keys=keys, mark=watermark.mark, detect=watermark.detect)
    assert sealed(parent=served)[2].source_type == MIXED


def test_a_tampered_parent_is_flagged_and_its_damage_recorded(sealed, parent):
    content = bytearray(parent.read_bytes())
    content[content.index(b"mdat") + 500] ^= 1
    parent.write_bytes(content)
    _, reading, report = sealed(parent=parent)
    assert "a source's credentials are not valid" in report.warnings[0]
    assert reading.credentials.state == "trusted"  # of the top alone: hence the next line, and the verifier's walk
    assert reading.broken_ingredients == ("assertion.bmffHash.mismatch",)


def test_a_parent_that_stands_on_a_tampered_one_is_flagged(sealed, parent, tmp_path, clip, order, keys, watermark):
    content = bytearray(parent.read_bytes())
    content[content.index(b"mdat") + 500] ^= 1
    parent.write_bytes(content)
    middle = tmp_path / "middle.mp4"
    marking = {"keys": keys, "mark": watermark.mark, "detect": watermark.detect}
    seal(clip, middle, replace(order, case_id="e" * 16), sources=build_ingredients(parent=parent), **marking)
    report = sealed(parent=middle)[2]
    assert "not those of what it was made from: assertion.bmffHash.mismatch" in " ".join(report.warnings)


def test_a_source_whose_credentials_cannot_be_read_is_refused(sealed, parent, tmp_path):
    content = bytearray(parent.read_bytes())
    at = content.index(b"c2pa.claim")
    content[at + 20 : at + 400] = bytes(380)
    parent.write_bytes(content)
    with pytest.raises(SealBroken, match="cannot be read"):
        sealed(parent=parent)
    assert not (tmp_path / "sealed.mp4").exists()


def test_neither_a_file_name_nor_a_picture_of_a_source_is_in_the_manifest(sealed, tmp_path, picture):
    named = tmp_path / "Jane Roe at the beach.png"
    picture.rename(named)
    manifest, _, _ = sealed(inputs=[named])
    assert "Jane" not in json.dumps(manifest)
    assert "thumbnail" not in json.dumps(manifest)
    assert b"Jane Roe" not in (tmp_path / "sealed.mp4").read_bytes()


def test_receipts_of_consent_are_named_by_digest_alone(sealed):
    manifest, _, _ = sealed(changes={"consents": ("cd" * 32,)})
    [assertion] = [one for one in manifest["assertions"] if one["label"] == "com.assay.consent"]
    assert assertion["data"] == {"receipts": [{"sha256": "cd" * 32}]}
