"""The five ways in which real files say AI (reference: provenance §4.3), and the graph they are looked for in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.finding import FindingVerdict, WatermarkFinding
from provenance.c2pa.manifest_store import MAX_NODES, walk_manifests
from provenance.c2pa.store_interpretation import interpret_store
from provenance.verification.evaluate import Observations, evaluate_observations

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def manifest(*assertions, ingredients=()):
    return {
        "claim_generator_info": [{"name": "Maker", "version": "1"}],
        "signature_info": {"issuer": "Maker Ltd", "common_name": "Maker signer"},
        "assertions": [{"label": label, "data": data} for label, data in assertions],
        "ingredients": [
            {"relationship": relation, "active_manifest": label, **more} for relation, label, more in ingredients
        ],
    }


def actions(*each, label="c2pa.actions.v2"):
    return label, {"actions": list(each)}


def created(kind, action="c2pa.created", **more):
    return {"action": action, "digitalSourceType": IPTC + kind, **more}


def store(**manifests):
    return {"active_manifest": "top", "manifests": manifests}


def verdict(read_store, state="trusted"):
    return evaluate_observations(
        Observations(report=interpret_store(read_store, state=state), watermark=WatermarkFinding(detected=False))
    )


CHATGPT = store(
    top=manifest(ingredients=[("componentOf", "engine", {})]),
    engine=manifest(actions(created("trainedAlgorithmicMedia"))),
)
REAL_FILES = [
    ("source type", store(top=manifest(actions(created("trainedAlgorithmicMedia"), label="c2pa.actions")))),
    ("only in an ingredient, no actions on top", CHATGPT),
    ("Adobe's assertion of 2023", store(top=manifest(("com.adobe.generative-ai", {"prompt": "x"})))),
    (
        "words without a source type",
        store(top=manifest(actions({"action": "c2pa.created", "description": "AI Generated Image"}))),
    ),
    ("ai-disclosure", store(top=manifest(("c2pa.ai-disclosure", {"modelType": "c2pa.types.model"})))),
    (
        "in a parent that was edited by hand",
        store(
            top=manifest(
                actions({"action": "c2pa.opened"}, {"action": "c2pa.cropped"}),
                ingredients=[("parentOf", "engine", {})],
            ),
            engine=manifest(actions(created("trainedAlgorithmicMedia"))),
        ),
    ),
    ("the second instance of an assertion", store(top=manifest(("c2pa.ai-disclosure__2", {})))),
    (
        "metadata",
        store(top=manifest(("cawg.metadata", {"Iptc4xmpExt:DigitalSourceType": IPTC + "trainedAlgorithmicMedia"}))),
    ),
]
PARTS = [
    ("a composite", store(top=manifest(actions(created("compositeWithTrainedAlgorithmicMedia"))))),
    ("a mix of AI clips", store(top=manifest(actions(created("compositeSynthetic")), ("c2pa.ai-disclosure", {})))),
    (
        "an edit of a photograph",
        store(top=manifest(actions(created("digitalCapture"), created("trainedAlgorithmicMedia", "c2pa.edited")))),
    ),
    (
        "a clip placed into another",
        store(
            top=manifest(
                actions(created("digitalCapture"), {"action": "c2pa.placed"}),
                ingredients=[("componentOf", "engine", {})],
            ),
            engine=manifest(actions(created("trainedAlgorithmicMedia"))),
        ),
    ),
]


@pytest.mark.parametrize(("how", "read_store"), REAL_FILES, ids=[how for how, _ in REAL_FILES])
def test_every_way_in_which_real_files_say_ai_is_read(how, read_store):
    assert interpret_store(read_store, state="trusted").credentials.ai is True
    assert verdict(read_store) is FindingVerdict.AI_MADE_TRUSTED
    assert verdict(read_store, "valid") is FindingVerdict.AI_MADE_VALID_UNKNOWN_SIGNER


@pytest.mark.parametrize(("how", "read_store"), PARTS, ids=[how for how, _ in PARTS])
def test_ai_in_a_part_is_said_of_the_part(how, read_store):
    assert verdict(read_store) is FindingVerdict.CONTAINS_AI_PARTS


@pytest.mark.parametrize("kind", ["digitalCapture", "computationalCapture", "compositeCapture"])
def test_a_camera_is_a_claim_of_a_camera(kind):
    read_store = store(top=manifest(actions(created(kind))))
    assert interpret_store(read_store, state="trusted").credentials.ai is None
    assert verdict(read_store) is FindingVerdict.CAPTURE_CLAIMED


@pytest.mark.parametrize("kind", ["digitalCreation", "humanEdits", "somethingNew"])
def test_what_is_neither_camera_nor_ai_says_nothing_about_ai(kind):
    read_store = store(top=manifest(actions(created(kind))))
    assert interpret_store(read_store, state="trusted").credentials.ai is None
    assert verdict(read_store) is FindingVerdict.CREDENTIALS_WITHOUT_AI_STATEMENT


def test_words_that_only_mention_ai_are_not_a_statement():
    said = {"action": "c2pa.edited", "description": "Said in Dubai about painting"}
    assert interpret_store(store(top=manifest(actions(said))), state="trusted").ai_assertions == ()


def test_a_failure_deep_in_the_graph_is_surfaced():
    failed = {"validation_results": {"activeManifest": {"failure": [{"code": "assertion.bmffHash.mismatch"}]}}}
    read_store = store(
        top=manifest(ingredients=[("parentOf", "middle", {})]),
        middle=manifest(ingredients=[("componentOf", "deep", failed)]),
        deep=manifest(),
    )
    assert interpret_store(read_store, state="trusted").broken_ingredients == ("assertion.bmffHash.mismatch",)


def test_an_ingredient_of_an_unknown_signer_is_not_called_broken():
    unknown = {"validation_results": {"activeManifest": {"failure": [{"code": "signingCredential.untrusted"}]}}}
    reading = interpret_store(
        store(top=manifest(ingredients=[("parentOf", "a", unknown)]), a=manifest()), state="trusted"
    )
    assert reading.broken_ingredients == ()
    assert "ingredient: signingCredential.untrusted" in reading.credentials.issues


def test_a_graph_that_bites_its_tail_ends():
    read_store = store(
        top=manifest(ingredients=[("parentOf", "b", {})]), b=manifest(ingredients=[("parentOf", "top", {})])
    )
    assert len(list(walk_manifests(read_store))) == 2


def test_a_graph_without_end_is_cut():
    many = {f"m{i}": manifest(ingredients=[("parentOf", f"m{i + 1}", {})]) for i in range(3000)}
    assert len(list(walk_manifests({"active_manifest": "m0", "manifests": many}))) == MAX_NODES


@pytest.mark.parametrize(
    ("written", "hexed"),
    [("01AB", "01ab"), ([1, 171], "01ab"), ("q80=", "abcd"), ("not hex!", "not hex!"), (None, "")],
)
def test_a_soft_bindings_value_is_read_in_every_writing(written, hexed):
    binding = ("c2pa.soft-binding", {"alg": "x", "blocks": [{"value": written}]})
    assert interpret_store(store(top=manifest(binding)), state="trusted").soft_bindings[0].value == hexed


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
FIELDS = ["assertions", "ingredients", "claim_generator_info", "signature_info", "claim_generator"]


@given(top=st.dictionaries(st.sampled_from(FIELDS), anything), results=anything, data=anything)
def test_whatever_a_stranger_writes_into_a_store_is_interpreted_without_a_crash(top, results, data):
    odd = {**top, "assertions": [*(top["assertions"] if isinstance(top.get("assertions"), list) else []),
                                 {"label": "c2pa.actions.v2", "data": data}, {"label": "c2pa.soft-binding", "data": data},
                                 {"label": "com.assay.case", "data": data}]}  # fmt: skip
    reading = interpret_store(
        {"active_manifest": "top", "manifests": {"top": odd}, "validation_results": results}, state="valid"
    )
    json.dumps([reading.credentials.issues, reading.credentials.signer])
