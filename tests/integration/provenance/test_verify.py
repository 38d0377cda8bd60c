"""Verifying whole files: sealed, stripped, laundered, damaged."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import BadMedia
from core.finding import FindingVerdict as V
from provenance.c2pa.manifest_definition import build_manifest_definition
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.source_types import source_type_uri
from provenance.c2pa.trust_store import TrustStore
from provenance.c2pa.writer import sign_file
from provenance.seal import seal
from provenance.verification.verify import exit_code, finding_to_json, verify
from tests.unit.provenance.conftest import CASE, StandInWatermark, make_order, remux

RECORD = {"engine": "wan", "source_type": "trainedAlgorithmicMedia"}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, clip: Path, keys: ProvenanceKeys) -> Path:
    path = tmp_path_factory.mktemp("sealed") / "sealed.mp4"
    stand_in = StandInWatermark()
    seal(clip, path, make_order(), keys=keys, mark=stand_in.mark, detect=stand_in.detect)
    return path


def look(path: Path, keys: ProvenanceKeys, *, trust: TrustStore | None = None, record=RECORD):
    return verify(
        path,
        trust=keys.trust if trust is None else trust,
        keys=[keys.watermark_key],
        detect=StandInWatermark().detect,
        look_up=lambda case_id: record if case_id == CASE else None,
    )


def as_photograph() -> dict:
    created = {"action": "c2pa.created", "digitalSourceType": source_type_uri("digitalCapture")}
    return {
        "claim_generator_info": [{"name": "Camera", "version": "1"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }


def test_a_sealed_file_is_ai_made_and_trusted(sealed, keys):
    finding = look(sealed, keys)
    assert finding.verdict is V.AI_MADE_TRUSTED
    assert exit_code(finding) == 0
    assert finding.case == RECORD
    assert finding.watermark.case_id == CASE
    assert {one.kind for one in finding.evidence} >= {"credentials", "watermark", "soft_binding", "ledger"}


def test_a_stripped_file_is_still_traced_to_its_case(tmp_path, sealed, keys):
    for name in ("again.mp4", "again.mov", "again.mkv"):
        finding = look(remux(sealed, tmp_path / name), keys)
        assert finding.verdict is V.RECOVERED_BY_WATERMARK
        assert CASE in finding.summary and "differ from the signed original" in finding.summary
        assert exit_code(finding) == 0


def test_without_a_record_only_the_watermark_is_left(tmp_path, sealed, keys):
    finding = look(remux(sealed, tmp_path / "again.mp4"), keys, record=None)
    assert (finding.verdict, finding.case) == (V.WATERMARK_ONLY, None)


def test_a_file_laundered_as_a_photograph_is_a_conflict_even_if_its_signer_is_trusted(tmp_path, sealed, keys):
    bare = remux(sealed, tmp_path / "bare.mp4")
    sign_file(bare, tmp_path / "photo.mp4", as_photograph(), keys.signer, trust=keys.trust)
    finding = look(tmp_path / "photo.mp4", keys)
    assert finding.credentials.state == "trusted" and finding.credentials.ai is None
    assert finding.verdict is V.CLAIMS_CONFLICT
    assert exit_code(finding) == 2


def test_a_file_signed_anew_by_somebody_else_without_its_history_is_a_conflict(tmp_path, sealed, keys, order):
    stranger = make_dev_keys(tmp_path / "stranger").keys
    bare = remux(sealed, tmp_path / "bare.mp4")
    claim = build_manifest_definition(
        replace(order, case_id="f" * 16), payload="01" + "0" * 6 + "f" * 16, has_parent=False
    )
    sign_file(bare, tmp_path / "theirs.mp4", claim, stranger.signer, trust=stranger.trust)
    finding = look(tmp_path / "theirs.mp4", keys)
    assert finding.verdict is V.CLAIMS_CONFLICT
    assert "another watermark" in finding.summary


def test_a_file_edited_and_signed_elsewhere_with_its_history_is_no_conflict(tmp_path, sealed, keys):
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
    claim = {
        "claim_generator_info": [{"name": "Editor", "version": "1"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [opened, {"action": "c2pa.cropped"}]}}],
    }
    stranger = make_dev_keys(tmp_path / "stranger").keys
    bare = remux(sealed, tmp_path / "bare.mp4")
    sign_file(bare, tmp_path / "edit.mp4", claim, stranger.signer, trust=stranger.trust, parent=sealed)
    finding = look(tmp_path / "edit.mp4", keys)
    assert finding.verdict is V.AI_MADE_VALID_UNKNOWN_SIGNER
    assert finding.credentials.generator.startswith("Editor")


def test_a_file_changed_after_signing_is_damaged_and_still_leads_to_its_case(tmp_path, sealed, keys):
    content = bytearray(sealed.read_bytes())
    content[content.index(b"mdat") + 600] ^= 1
    (tmp_path / "changed.mp4").write_bytes(content)
    finding = look(tmp_path / "changed.mp4", keys)
    assert finding.verdict is V.CREDENTIALS_DAMAGED
    assert exit_code(finding) == 2
    assert CASE in finding.summary


def test_for_who_does_not_know_this_office_the_signer_is_unknown(sealed, keys):
    finding = look(sealed, keys, trust=TrustStore())
    assert finding.verdict is V.AI_MADE_VALID_UNKNOWN_SIGNER


def test_a_file_that_nobody_sealed_gives_no_information_and_is_not_called_free_of_ai(clip, keys):
    finding = look(clip, keys)
    assert finding.verdict is V.NO_INFORMATION
    assert exit_code(finding) == 1
    assert "does not mean that it was made without AI" in finding.summary
    assert {"credentials", "watermark"} <= {one.kind for one in finding.evidence}


def test_served_footage_without_a_stated_type_says_nothing_about_ai(tmp_path, clip, keys, order, watermark):
    served = replace(order, engine="folder", synthetic=False)
    seal(clip, tmp_path / "a.mp4", served, keys=keys, mark=watermark.mark, detect=watermark.detect)
    finding = look(tmp_path / "a.mp4", keys, record={"source_type": ""})
    assert finding.verdict is V.CREDENTIALS_WITHOUT_AI_STATEMENT
    assert exit_code(finding) == 1


def test_served_footage_stated_as_ai_by_its_operator_is_evidence_and_the_operators_word(
    tmp_path, clip, keys, order, watermark
):
    served = replace(order, engine="folder", synthetic=False, source_type="trainedAlgorithmicMedia")
    seal(clip, tmp_path / "a.mp4", served, keys=keys, mark=watermark.mark, detect=watermark.detect)
    finding = look(tmp_path / "a.mp4", keys)
    assert (finding.verdict, exit_code(finding)) == (V.AI_MADE_TRUSTED, 0)
    assert finding.summary.startswith("The operator who served this footage states")


XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description Iptc4xmpExt:DigitalSourceType='
    '"http://cv.iptc.org/newscodes/digitalsourcetype/{kind}"/></x:xmpmeta>'
)
LABELS = [
    (XMP.format(kind="trainedAlgorithmicMedia"), V.AI_DECLARED_UNSIGNED),
    (XMP.format(kind="digitalCapture"), V.NO_INFORMATION),
    ('{"Label":"1","ContentProducer":"x","ProduceID":"y"}', V.AI_DECLARED_UNSIGNED),
    ("TC260:AIGC={&quot;Label&quot;:&quot;2&quot;,&quot;ContentProducer&quot;:&quot;x&quot;}", V.AI_DECLARED_UNSIGNED),
]


@pytest.mark.parametrize(("label", "verdict"), LABELS)
def test_an_unsigned_label_is_a_declaration_and_nothing_more(tmp_path, clip, keys, label, verdict):
    box = b"uuid" + bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + label.encode()
    (tmp_path / "a.mp4").write_bytes(clip.read_bytes() + (len(box) + 4).to_bytes(4, "big") + box)
    assert look(tmp_path / "a.mp4", keys).verdict is verdict


def test_a_path_that_is_no_file_is_bad_media(tmp_path, keys):
    with pytest.raises(BadMedia):
        look(tmp_path / "nothing.mp4", keys)


def test_the_answer_names_the_file_and_not_where_it_lies(sealed, keys):
    text = json.dumps(finding_to_json(look(sealed, keys)))
    assert str(sealed.parent) not in text
    assert json.loads(text)["file"] == "sealed.mp4"


def test_verifying_twice_gives_the_same_answer(sealed, keys):
    assert finding_to_json(look(sealed, keys)) == finding_to_json(look(sealed, keys))


def test_verifying_opens_no_socket(sealed, keys, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    assert look(sealed, keys).verdict is V.AI_MADE_TRUSTED


def test_whoever_is_in_a_hurry_is_told_that_no_mark_was_looked_for(sealed, keys, tmp_path):
    def never(*_args, **_options):
        raise AssertionError("nobody asked for this")

    quick = {"trust": keys.trust, "keys": [keys.watermark_key], "look_up": lambda _: None, "quick": True}
    finding = verify(sealed, detect=never, **quick)
    assert finding.verdict is V.AI_MADE_TRUSTED
    assert finding.watermark.note.startswith("not looked for")
    assert "No watermark was looked for" in next(one.says for one in finding.evidence if one.kind == "watermark")
    for trust, path in ((TrustStore(), sealed), (keys.trust, remux(sealed, tmp_path / "again.mp4"))):
        with pytest.raises(AssertionError, match="nobody asked"):  # what does not suffice is looked at closely
            verify(path, detect=never, **{**quick, "trust": trust})
