"""What a manifest says, and what it never says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.errors import BadInput
from provenance.c2pa import source_types
from provenance.c2pa.library_settings import reading_settings, signing_settings, validated_settings
from provenance.c2pa.manifest_definition import SealOrder, build_manifest_definition, declares_ai, needs_parent
from provenance.c2pa.trust_store import TrustStore

PAYLOAD = "01abcdef00112233445566aa"


def data_of(claim, label):
    return next(one["data"] for one in claim["assertions"] if one["label"] == label)


def test_a_generated_video_is_created_as_trained_algorithmic_media_by_its_engine(order: SealOrder):
    claim = build_manifest_definition(order, payload=PAYLOAD, has_parent=False)
    actions = data_of(claim, "c2pa.actions.v2")
    first, second = actions["actions"]
    assert actions["allActionsIncluded"] is True
    assert first["action"] == "c2pa.created"
    assert first["digitalSourceType"] == "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    assert first["softwareAgent"] == {"name": "wan", "version": "2.2"}
    assert first["when"] == "2026-11-20T12:00:00+00:00"
    assert second["action"] == "c2pa.watermarked.bound"
    assert claim["claim_generator_info"][0]["specVersion"] == "2.4.0"
    assert data_of(claim, "c2pa.ai-disclosure")["modelName"] == "Wan2.2-T2V"
    assert {one["use"] for one in data_of(claim, "cawg.training-mining")["entries"].values()} == {"notAllowed"}


def test_the_soft_binding_and_the_case_name_the_payload_and_the_policy_its_digest(order: SealOrder):
    claim = build_manifest_definition(order, payload=PAYLOAD, has_parent=False)
    assert data_of(claim, "c2pa.soft-binding") == {
        "alg": "com.assay.lattice.1",
        "blocks": [{"scope": {}, "value": PAYLOAD}],
    }
    assert data_of(claim, "com.assay.case") == {"id": order.case_id, "payload": PAYLOAD}
    assert data_of(claim, "com.assay.policy") == {"sha256": order.policy}


def test_footage_that_was_only_served_is_opened_and_not_called_ai(order: SealOrder):
    served = replace(order, engine="folder", synthetic=False)
    claim = build_manifest_definition(served, payload=PAYLOAD, has_parent=True)
    first = data_of(claim, "c2pa.actions.v2")["actions"][0]
    assert needs_parent(served, has_credentials=False)
    assert not declares_ai(served)
    assert first["action"] == "c2pa.opened"
    assert first["parameters"] == {"ingredientIds": ["parent"]}
    assert "digitalSourceType" not in first
    assert "c2pa.ai-disclosure" not in {one["label"] for one in claim["assertions"]}
    engine = data_of(claim, "com.assay.engine")
    assert engine["generated"] is False and "folder of files" in engine["note"]
    assert engine["sourceTypeStatedBy"] == "nobody"


def test_what_the_operator_states_of_served_footage_is_written_as_the_operators_word(order: SealOrder):
    served = replace(order, engine="folder", synthetic=False, source_type="trainedAlgorithmicMedia")
    claim = build_manifest_definition(served, payload=PAYLOAD, has_parent=True)
    assert declares_ai(served)
    assert "digitalSourceType" not in data_of(claim, "c2pa.actions.v2")["actions"][0]  # the rubric wants none on opened
    assert data_of(claim, "cawg.metadata")["Iptc4xmpExt:DigitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert data_of(claim, "com.assay.engine")["sourceTypeStatedBy"] == "operator"
    assert "c2pa.ai-disclosure" not in {one["label"] for one in claim["assertions"]}


def test_nothing_but_what_the_order_holds_is_in_the_manifest(order: SealOrder):
    fields = set(SealOrder.__dataclass_fields__)
    assert not fields & {"prompt", "author", "name", "person", "cameos", "reason", "rules"}
    assert "prompt" not in json.dumps(build_manifest_definition(order, payload=PAYLOAD, has_parent=False)).replace(
        "prompt_guided", ""
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"case_id": "0011"},
        {"case_id": "00112233445566AA"},
        {"policy": "today's"},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(order: SealOrder, wrong):
    with pytest.raises(ValueError):
        replace(order, **wrong)


def test_a_source_type_that_an_operator_made_up_is_refused_with_where_to_look(order: SealOrder):
    with pytest.raises(BadInput, match="'madeByMagic' is not a digital source type: see docs"):
        replace(order, synthetic=False, source_type="madeByMagic")


@pytest.mark.parametrize("name", sorted(source_types.SOURCE_TYPES))
def test_source_types_come_back_from_their_uri_whatever_its_writing(name: str):
    assert source_types.source_type_name(source_types.source_type_uri(name)) == name
    assert source_types.source_type_name(source_types.source_type_uri(name).upper()) == name
    assert source_types.source_type_name(f"digsrctype:{name}") == name
    assert source_types.source_type_name(name) == name


def test_no_source_type_says_both_ai_and_camera():
    assert not source_types.CAPTURE_SOURCE_TYPES & (
        source_types.AI_SOURCE_TYPES | source_types.AI_COMPOSITE_SOURCE_TYPES
    )
    assert not source_types.AI_SOURCE_TYPES & source_types.AI_COMPOSITE_SOURCE_TYPES


def test_a_setting_the_library_would_silently_ignore_is_refused():
    with pytest.raises(ValueError, match="verify_cert_anchors"):
        validated_settings({"trust": {"verify_cert_anchors": "x"}})
    with pytest.raises(ValueError, match="trust_kindd"):
        validated_settings({"trust": {"anchors": [{"trust_kindd": "tsa"}]}})


def test_reading_never_touches_the_network_and_signing_checks_the_hash():
    for settings in (reading_settings((), (), ("1.2",)), signing_settings(TrustStore())):
        assert settings["verify"]["remote_manifest_fetch"] is False
        assert settings["verify"]["ocsp_fetch"] is False
    assert signing_settings(TrustStore())["verify"]["verify_after_sign_hash"] is True
