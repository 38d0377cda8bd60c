"""Sealing: mark, sign, read both back, or leave nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import c2pa
import pytest

from core.errors import BadMedia, SealBroken
from core.finding import ContentCredentials, WatermarkFinding
from provenance import seal as sealing
from provenance.c2pa.credentials_report import CredentialsReport, SoftBinding
from provenance.c2pa.ingredients import Ingredient
from provenance.c2pa.library_settings import signing_settings
from provenance.c2pa.manifest_definition import SealOrder, build_manifest_definition
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.signers.signer import FileSigner
from provenance.c2pa.writer import sign_file
from provenance.earlier_mark import find_earlier_mark
from provenance.fingerprint.video_fingerprint import parse_entry
from provenance.metadata import xmp_writer
from provenance.other_installations import OtherInstallation, OtherInstallations
from provenance.seal import seal
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload
from tests.unit.provenance.conftest import CASE, StandInWatermark, make_order


def do_seal(src: Path, dst: Path, order: SealOrder, keys: ProvenanceKeys, watermark: StandInWatermark):
    return seal(src, dst, order, keys=keys, mark=watermark.mark, detect=watermark.detect)


def test_a_sealed_file_is_trusted_marked_and_says_the_same_in_both(tmp_path, clip, order, keys, watermark):
    report = do_seal(clip, tmp_path / "sealed.mp4", order, keys, watermark)
    reading = read_credentials_report(tmp_path / "sealed.mp4", keys.trust)
    mark = watermark.detect(tmp_path / "sealed.mp4", keys=[keys.watermark_key])
    assert reading.credentials.state == "trusted"
    assert reading.credentials.manifest_id == report.manifest_id
    assert [one.value for one in reading.soft_bindings] == [mark.payload] == [report.payload]
    assert Payload.from_hex(report.payload) == Payload(version=1, issuer=keys.issuer, case_id=CASE)
    assert reading.case_id == mark.case_id == report.case_id == CASE
    assert report.issuer == f"{keys.issuer:06x}" and report.parent == "" and report.warnings == ()
    assert [parse_entry(one).second for one in report.fingerprint] == [0, 1]


def test_the_manifests_bytes_lie_beside_the_video_unchanged(tmp_path, clip, order, keys, watermark):
    report = do_seal(clip, tmp_path / "sealed.mp4", order, keys, watermark)
    assert report.manifest == tmp_path / "sealed.mp4.c2pa"
    assert report.manifest.read_bytes() in (tmp_path / "sealed.mp4").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"sealed.mp4", "sealed.mp4.c2pa"}


def test_credentials_that_the_engine_gave_are_kept_as_a_parent(tmp_path, clip, order, keys, watermark):
    theirs = build_manifest_definition(replace(order, case_id="f" * 16), payload="01" * 12, has_parent=False)
    sign_file(clip, tmp_path / "engine.mp4", theirs, keys.signer, trust=keys.trust)
    report = do_seal(tmp_path / "engine.mp4", tmp_path / "sealed.mp4", order, keys, watermark)
    reading = read_credentials_report(tmp_path / "sealed.mp4", keys.trust)
    assert report.parent == "trusted"
    assert [(one.depth, one.value) for one in reading.soft_bindings] == [(0, report.payload), (1, "01" * 12)]


def test_a_mark_of_another_installation_is_found_and_named_in_the_manifest(tmp_path, clip, order, keys, watermark):
    mark = Payload(version=1, issuer=keys.issuer ^ 1, case_id="f" * 16).hex
    theirs = build_manifest_definition(replace(order, case_id="f" * 16), payload=mark, has_parent=False)
    sign_file(clip, tmp_path / "engine.mp4", theirs, keys.signer, trust=keys.trust)
    report = do_seal(tmp_path / "engine.mp4", tmp_path / "sealed.mp4", order, keys, watermark)
    assert report.earlier_mark == f"{keys.issuer ^ 1:06x}"
    assert f"issuer {report.earlier_mark}" in report.warnings[0]
    assert (
        f"marked by another installation of Assay (issuer {report.earlier_mark}".encode()
        in report.manifest.read_bytes()
    )
    bindings = read_credentials_report(tmp_path / "sealed.mp4", keys.trust).soft_bindings
    assert [(one.depth, one.value) for one in bindings] == [(0, report.payload), (1, mark)]


def test_what_another_installation_marked_is_named_whether_the_engine_made_it_or_started_from_it(
    tmp_path, clip, order, keys, watermark
):
    key = WatermarkKey(id="other", secret=b"k" * 32)
    detect = watermark.detect
    others = OtherInstallations(known=[OtherInstallation(name="Studio B", issuer=7, key=key)], detect=detect)
    payload = Payload(issuer=7, case_id="f" * 16)
    watermark.mark(clip, tmp_path / "theirs.mp4", payload=payload, key=key)
    said = f"marked by Studio B (found with its key, case {'f' * 16})"
    source = Ingredient(relationship="inputTo", path=tmp_path / "theirs.mp4", label="input-1", title="A reference")
    for name, src, sources in (("engine", tmp_path / "theirs.mp4", []), ("input", clip, [source])):
        report = seal(
            src,
            tmp_path / f"{name}.mp4",
            order,
            keys=keys,
            mark=watermark.mark,
            detect=detect,
            sources=sources,
            others=others,
        )
        assert report.earlier_mark == ("000007" if name == "engine" else "")
        assert any(said in warning for warning in report.warnings), report.warnings
        assert said.encode() in report.manifest.read_bytes()
    clean = do_seal(clip, tmp_path / "clean.mp4", order, keys, watermark)
    assert said.encode() not in clean.manifest.read_bytes()


def test_a_mark_of_our_own_or_one_that_nobody_vouches_for_names_no_other_installation(keys):
    def report(state, value):
        return CredentialsReport(
            credentials=ContentCredentials(state=state), soft_bindings=(SoftBinding(algorithm="a", value=value),)
        )

    ours = Payload(issuer=keys.issuer, case_id="f" * 16).hex
    theirs = Payload(issuer=keys.issuer ^ 1, case_id="f" * 16).hex
    for state, value in (("trusted", ours), ("invalid", theirs), ("none", theirs), ("trusted", "not hex")):
        assert find_earlier_mark(report(state, value), algorithm="a", issuer=keys.issuer) is None
    assert find_earlier_mark(report("valid", theirs), algorithm="b", issuer=keys.issuer) is None
    assert find_earlier_mark(report("valid", theirs), algorithm="a", issuer=keys.issuer).case_id == "f" * 16


def test_an_engines_credentials_that_do_not_hold_are_kept_and_flagged(tmp_path, clip, order, keys, watermark):
    theirs = build_manifest_definition(order, payload="01" * 12, has_parent=False)
    sign_file(clip, tmp_path / "engine.mp4", theirs, keys.signer, trust=keys.trust)
    content = bytearray((tmp_path / "engine.mp4").read_bytes())
    content[content.index(b"mdat") + 500] ^= 1
    (tmp_path / "engine.mp4").write_bytes(content)
    report = do_seal(tmp_path / "engine.mp4", tmp_path / "sealed.mp4", order, keys, watermark)
    assert report.parent == "invalid"
    assert "assertion.bmffHash.mismatch" in report.warnings[0]
    assert read_credentials_report(tmp_path / "sealed.mp4", keys.trust).broken_ingredients == (
        "assertion.bmffHash.mismatch",
    )


def test_of_an_engines_credentials_that_lie_elsewhere_the_address_is_kept(tmp_path, clip, order, keys, watermark):
    theirs = build_manifest_definition(order, payload="01" * 12, has_parent=False)
    context = c2pa.Context(c2pa.Settings.from_dict(signing_settings(keys.trust)))
    native = c2pa.Signer.from_callback(keys.signer.sign, c2pa.C2paSigningAlg.ES256, keys.signer.chain)
    engine = tmp_path / "engine.mp4"
    with c2pa.Builder(theirs, context=context) as builder, native, clip.open("rb") as a, engine.open("w+b") as b:
        builder.set_no_embed()
        builder.set_remote_url("http://127.0.0.1:9/theirs.c2pa")
        builder.sign(native, "video/mp4", a, b)
    report = do_seal(engine, tmp_path / "sealed.mp4", order, keys, watermark)
    assert report.parent == "remote" and "stored elsewhere" in report.warnings[0]
    assert read_credentials_report(tmp_path / "sealed.mp4", keys.trust).broken_ingredients == ("manifest.inaccessible",)


def test_served_footage_is_sealed_without_a_claim_that_ai_made_it(tmp_path, clip, order, keys, watermark):
    served = replace(order, engine="folder", synthetic=False)
    do_seal(clip, tmp_path / "sealed.mp4", served, keys, watermark)
    reading = read_credentials_report(tmp_path / "sealed.mp4", keys.trust)
    assert reading.credentials.state == "trusted"
    assert reading.credentials.ai is None
    assert reading.existing_footage and reading.source_type_stated_by == "nobody"


# Each step failing


def broken_by(step: str, keys: ProvenanceKeys, watermark: StandInWatermark, monkeypatch: pytest.MonkeyPatch):
    """The parts of a seal of which one is broken, and the words with which it must fail."""
    mark, detect = watermark.mark, watermark.detect
    match step:
        case "the marker crashes":

            def mark(src, dst, *, payload, key):
                dst.write_bytes(b"half a file")
                raise BadMedia("broken in the middle")

            return keys, mark, detect, BadMedia, "broken in the middle"
        case "the marker writes nothing readable":

            def mark(src, dst, *, payload, key):
                dst.write_bytes(b"not a video" * 100)

            return keys, mark, detect, BadMedia, "do not fit into each other"
        case "the signer fails":
            failing = replace(keys, signer=FailingSigner(chain=keys.signer.chain, key=keys.signer.key))
            return failing, mark, detect, SealBroken, "the signer failed"
        case "the signer is on no list":
            return replace(keys, trust=replace(keys.trust, signers=())), mark, detect, SealBroken, "read as valid"
        case "the mark was not embedded":
            return keys, StandInWatermark(forgets=True).mark, detect, SealBroken, "no watermark can be read"
        case "the mark names another case":
            other = StandInWatermark(misreads=Payload(version=1, issuer=1, case_id="f" * 16).hex)
            return keys, mark, other.detect, SealBroken, "names another case"
        case "the mark is there but cannot be read":

            def detect(path, *, keys):
                return WatermarkFinding(detected=True, payload=None, p_value=1e-12)

            return keys, mark, detect, SealBroken, "no watermark can be read"
        case "the detector crashes":

            def detect(path, *, keys):
                raise BadMedia("the detector fell over")

            return keys, mark, detect, BadMedia, "fell over"
        case "no fingerprint can be taken":
            monkeypatch.setattr(sealing, "sample_video", raising(BadMedia("no pictures")))
            return keys, mark, detect, BadMedia, "no pictures"
        case "the credentials name another mark":

            def other_claim(order, *, payload, sources, **_more):
                return build_manifest_definition(order, payload="02" * 12, sources=sources)

            monkeypatch.setattr(sealing, "build_manifest_definition", other_claim)
            return keys, mark, detect, SealBroken, "do not name the mark"
        case "the labels are lost":
            monkeypatch.setattr(sealing, "write_container_metadata", lambda src, dst, **_: shutil.copy(src, dst))
            return keys, mark, detect, SealBroken, "XMP does not say"
        case "the labels name another video":
            other = xmp_writer.container_keys(make_order(), "02" * 12)
            monkeypatch.setattr(xmp_writer, "container_keys", lambda *_: other)
            return keys, mark, detect, SealBroken, "labels name another video"
        case "the credentials name another case":

            def other_claim(order, *, payload, sources, **_more):
                return build_manifest_definition(replace(order, case_id="f" * 16), payload=payload, sources=sources)

            monkeypatch.setattr(sealing, "build_manifest_definition", other_claim)
            return keys, mark, detect, SealBroken, "name another case"
    raise AssertionError(step)


def raising(error: Exception):
    def function(*_args, **_kwargs):
        raise error

    return function


class FailingSigner(FileSigner):
    def sign(self, data: bytes) -> bytes:
        raise OSError("the token was pulled out")


STEPS = [
    "the marker crashes",
    "the marker writes nothing readable",
    "the signer fails",
    "the signer is on no list",
    "the mark was not embedded",
    "the mark names another case",
    "the mark is there but cannot be read",
    "the detector crashes",
    "no fingerprint can be taken",
    "the credentials name another mark",
    "the credentials name another case",
    "the labels are lost",
    "the labels name another video",
]


@pytest.mark.parametrize("step", STEPS)
def test_a_seal_that_breaks_leaves_nothing(step, tmp_path, clip, order, keys, watermark, monkeypatch):
    keys, mark, detect, error, words = broken_by(step, keys, watermark, monkeypatch)
    with pytest.raises(error, match=words):
        seal(clip, tmp_path / "sealed.mp4", order, keys=keys, mark=mark, detect=detect)
    assert list(tmp_path.iterdir()) == []


def test_a_seal_that_breaks_leaves_the_older_sealed_file_as_it_was(tmp_path, clip, order, keys, watermark):
    do_seal(clip, tmp_path / "sealed.mp4", order, keys, watermark)
    before = (tmp_path / "sealed.mp4").read_bytes()
    with pytest.raises(SealBroken):
        do_seal(clip, tmp_path / "sealed.mp4", order, keys, StandInWatermark(forgets=True))
    assert (tmp_path / "sealed.mp4").read_bytes() == before


def test_a_destination_that_cannot_be_written_leaves_no_manifest(tmp_path, clip, order, keys, watermark):
    (tmp_path / "sealed.mp4").mkdir()
    with pytest.raises(OSError):
        do_seal(clip, tmp_path / "sealed.mp4", order, keys, watermark)
    assert [path.name for path in tmp_path.iterdir()] == ["sealed.mp4"]


def test_a_source_that_is_no_video_is_bad_media(tmp_path, order, keys, watermark):
    with pytest.raises(BadMedia):
        do_seal(tmp_path / "nothing.mp4", tmp_path / "sealed.mp4", order, keys, watermark)
    assert list(tmp_path.iterdir()) == []
