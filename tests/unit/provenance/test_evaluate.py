"""Which verdict follows from which evidence. None of them is "not AI"."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.finding import ContentCredentials, Finding, FindingVerdict, WatermarkedSpan, WatermarkFinding
from provenance.c2pa.credentials_report import AiAssertion, CredentialsReport, SoftBinding
from provenance.metadata.xmp_reader import UnsignedDeclaration
from provenance.verification.evaluate import (
    Observations,
    evaluate_observations,
    find_conflicts,
    watermark_not_searched,
)
from provenance.verification.finding_evidence import gather_evidence
from provenance.verification.summary import summarise
from provenance.verification.verify import exit_code, finding_to_json

PAYLOAD, OTHER = "01abcdef00112233445566aa", "01abcdef00112233445566bb"
CASE = "00112233445566aa"
NO_MARK = WatermarkFinding(detected=False)
OURS = WatermarkFinding(detected=True, payload=PAYLOAD, p_value=1e-9, case_id=CASE)
WEAK = WatermarkFinding(detected=True, p_value=1e-9)
AI = AiAssertion(route="digital_source_type", says="c2pa.created: trainedAlgorithmicMedia")
BOUND = SoftBinding(algorithm="com.assay.lattice.1", value=PAYLOAD)
XMP = UnsignedDeclaration(field="XMP DigitalSourceType", says="trainedAlgorithmicMedia")
V = FindingVerdict


def reading(state="trusted", *, ai=None, ai_assertions=(), bindings=(), source_type="", causes=(), **more):
    credentials = ContentCredentials(state=state, ai=ai, signer="Maker", source_type=source_type, causes=tuple(causes))
    return CredentialsReport(
        credentials=credentials, ai_assertions=tuple(ai_assertions), soft_bindings=tuple(bindings), **more
    )


AI_READING = {"ai": True, "ai_assertions": [AI], "source_type": "trainedAlgorithmicMedia"}
CAMERA = {"ai": None, "source_type": "digitalCapture"}

TABLE = [
    ("ours, as sealed", reading(**AI_READING, bindings=[BOUND]), OURS, {}, (), V.AI_MADE_TRUSTED),
    ("AI of a maker we trust", reading(**AI_READING), NO_MARK, None, (), V.AI_MADE_TRUSTED),
    ("AI of a maker we do not know", reading("valid", **AI_READING), NO_MARK, None, (), V.AI_MADE_VALID_UNKNOWN_SIGNER),
    ("laundered as a photograph", reading(**CAMERA), OURS, {}, (), V.CLAIMS_CONFLICT),
    ("laundered, the mark only just visible", reading(**CAMERA), WEAK, None, (), V.CLAIMS_CONFLICT),
    ("laundered with our binding copied", reading(**CAMERA, bindings=[BOUND]), OURS, {}, (), V.CLAIMS_CONFLICT),
    ("signed anew by another, history dropped", reading(**AI_READING), OURS, {}, (), V.CLAIMS_CONFLICT),
    (
        "another video's credentials",
        reading(**AI_READING, bindings=[SoftBinding(algorithm="com.assay.lattice.1", value=OTHER)]),
        OURS,
        {},
        (),
        V.CLAIMS_CONFLICT,
    ),
    (
        "edited elsewhere, history kept",
        reading(**AI_READING, bindings=[SoftBinding(algorithm="com.assay.lattice.1", value=PAYLOAD, depth=1)]),
        OURS,
        {},
        (),
        V.AI_MADE_TRUSTED,
    ),
    ("camera and an AI label", reading(**CAMERA), NO_MARK, None, (XMP,), V.CLAIMS_CONFLICT),
    ("camera", reading(**CAMERA), NO_MARK, None, (), V.CAPTURE_CLAIMED),
    ("served footage, ours", reading(bindings=[BOUND]), OURS, {}, (), V.CREDENTIALS_WITHOUT_AI_STATEMENT),
    ("changed after signing", reading("invalid"), NO_MARK, None, (), V.CREDENTIALS_DAMAGED),
    ("changed after signing, mark alive", reading("invalid"), OURS, {}, (), V.CREDENTIALS_DAMAGED),
    (
        "the file changed and the certificate ran out",
        reading("invalid", causes=["file_changed", "certificate_expired"]),
        NO_MARK,
        None,
        (),
        V.CREDENTIALS_DAMAGED,
    ),
    *(
        (cause, reading("invalid", causes=[cause]), NO_MARK, None, (), V.CREDENTIALS_DAMAGED)
        for cause in ("file_changed", "credentials_changed", "ingredient_changed")
    ),
    *(
        (cause, reading("invalid", causes=[cause]), NO_MARK, None, (), V.CREDENTIALS_UNCONFIRMED)
        for cause in ("certificate_expired", "certificate_unsuitable", "stream_start", "identity_invalid")
    ),
    ("credentials that cannot be read", reading("unreadable"), NO_MARK, None, (), V.CREDENTIALS_UNREADABLE),
    ("stripped", reading("none"), OURS, {"engine": "wan"}, (), V.RECOVERED_BY_WATERMARK),
    ("stripped, another container", reading("unsupported"), OURS, {}, (), V.RECOVERED_BY_WATERMARK),
    ("stripped, no record", reading("none"), OURS, None, (), V.WATERMARK_ONLY),
    ("stripped, mark too weak to read", reading("none"), WEAK, None, (), V.WATERMARK_ONLY),
    ("a label only", reading("none"), NO_MARK, None, (XMP,), V.AI_DECLARED_UNSIGNED),
    ("credentials elsewhere", reading("remote"), NO_MARK, None, (), V.NO_INFORMATION),
    ("nothing", reading("none"), NO_MARK, None, (), V.NO_INFORMATION),
]
CODES = {
    V.AI_MADE_TRUSTED: 0,
    V.AI_MADE_VALID_UNKNOWN_SIGNER: 0,
    V.CONTAINS_AI_PARTS: 0,
    V.AI_DECLARED_UNSIGNED: 0,
    V.RECOVERED_BY_WATERMARK: 0,
    V.WATERMARK_ONLY: 0,
    V.CAPTURE_CLAIMED: 1,
    V.CREDENTIALS_WITHOUT_AI_STATEMENT: 1,
    V.NO_INFORMATION: 1,
    V.CLAIMS_CONFLICT: 2,
    V.CREDENTIALS_DAMAGED: 2,
    V.CREDENTIALS_UNREADABLE: 2,
    V.CREDENTIALS_UNCONFIRMED: 1,
}


def finding(found: Observations) -> Finding:
    verdict = evaluate_observations(found)
    return Finding(
        file="a.mp4",
        verdict=verdict,
        summary=summarise(verdict, found),
        credentials=found.report.credentials,
        watermark=found.watermark,
        evidence=gather_evidence(found),
        case=None if found.case is None else dict(found.case),
    )


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_the_verdict_and_the_exit_code_follow_from_the_evidence(row):
    _, read, mark, case, declared, expected = row
    made = finding(Observations(report=read, watermark=mark, case=case, declarations=declared))
    assert made.verdict is expected
    assert exit_code(made) == CODES[expected]


def test_every_verdict_has_an_exit_code():
    assert set(CODES) == set(FindingVerdict)


def test_the_watermark_of_footage_whose_record_states_no_ai_is_no_evidence_of_ai():
    for stated, code in (("trainedAlgorithmicMedia", 0), ("compositeSynthetic", 0), ("", 1), ("digitalCreation", 1)):
        found = Observations(report=reading("none"), watermark=OURS, case={"source_type": stated})
        assert evaluate_observations(found) is V.RECOVERED_BY_WATERMARK
        assert exit_code(finding(found)) == code
        assert ("AI made it" in finding(found).summary) is (code == 0)


def test_a_recovered_video_is_said_to_differ_from_the_original_and_not_to_be_tampered_with():
    summary = finding(Observations(report=reading("none"), watermark=OURS, case={})).summary
    assert "differ from the signed original" in summary and "tamper" not in summary


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([], ""),
        ([1], " Other seconds carry the watermark of case 0000000000000001."),
        ([1, None, 2, 1], " Other seconds carry the watermarks of cases 0000000000000001, 0000000000000002."),
        (
            range(1, 6),
            " Other seconds carry the watermarks of cases 0000000000000001, 0000000000000002, 0000000000000003 and 2 more.",
        ),
    ],
)
def test_the_sentence_names_the_other_cases_of_a_compilation(others, said):
    payloads = [PAYLOAD, *(None if case is None else f"{PAYLOAD[:8]}{case:016x}" for case in others)]
    spans = [
        WatermarkedSpan(start=at, end=at + 1.0, payload=payload, p_value=0.0) for at, payload in enumerate(payloads)
    ]
    found = Observations(report=reading("none"), watermark=replace(OURS, segments=tuple(spans)), case={})
    alone = Observations(report=reading("none"), watermark=OURS, case={})
    assert finding(found).summary == finding(alone).summary + said


def test_the_operators_word_about_served_footage_is_called_the_operators():
    served = reading(**AI_READING, bindings=[BOUND], existing_footage=True, source_type_stated_by="operator")
    made = finding(Observations(report=served, watermark=OURS, case={}))
    assert made.summary.startswith("The operator who served this footage states that AI made it")
    assert any(one.kind == "engine" and "folder of files" in one.says for one in made.evidence)


def test_a_development_certificate_is_called_one():
    made = finding(
        Observations(report=reading(**AI_READING, trust_list="urn:assay:development:signers"), watermark=NO_MARK)
    )
    assert "development certificate" in made.summary


STATES = ["trusted", "valid", "invalid", "none", "unreadable", "remote", "unsupported"]
readings = st.builds(
    lambda state, says, bindings, served: reading(state, **says, bindings=bindings, existing_footage=served),
    st.sampled_from(STATES),
    st.sampled_from([AI_READING, CAMERA, {}]),
    st.lists(st.sampled_from([BOUND, SoftBinding(algorithm="x", value=OTHER)]), max_size=2),
    st.booleans(),
)
everything = st.builds(
    Observations,
    report=readings,
    watermark=st.sampled_from([NO_MARK, OURS, WEAK]),
    case=st.sampled_from([None, {}, {"source_type": "digitalCreation"}]),
    declarations=st.sampled_from([(), (XMP,)]),
)


@given(everything)
def test_no_answer_ever_says_that_ai_was_not_used(found):
    made = finding(found)
    told = made.summary + " ".join(f"{one.says} {one.proves} {one.limits}" for one in made.evidence)
    for phrase in ("not AI", "no AI was", "is authentic", "is real", "is genuine", "human-made"):
        assert phrase.lower() not in told.lower()
    if "without AI" in told:
        assert "does not mean that it was made without AI" in told


@given(everything)
def test_every_look_is_told_even_one_that_found_nothing(found):
    kinds = [one.kind for one in finding(found).evidence]
    assert kinds.count("credentials") == 1 and kinds.count("watermark") == 1
    assert all(one.says and one.proves for one in finding(found).evidence)


@given(everything)
def test_no_verdict_of_no_information_hides_a_mark_or_a_label(found):
    if evaluate_observations(found) is V.NO_INFORMATION:
        assert not found.watermark.detected and not found.declarations


@given(everything)
def test_a_conflict_is_a_conflict_whatever_else_was_found(found):
    assert (evaluate_observations(found) is V.CLAIMS_CONFLICT) is bool(find_conflicts(found))


def test_damaged_credentials_are_never_evidence_of_ai():
    for mark, declared in product((NO_MARK, OURS, WEAK), ((), (XMP,))):
        found = Observations(report=reading("invalid", ai_assertions=[AI]), watermark=mark, declarations=declared)
        assert exit_code(finding(found)) == 2


def test_a_mark_next_to_credentials_that_could_not_be_confirmed_is_evidence():
    found = Observations(report=reading("invalid", causes=["certificate_expired"]), watermark=OURS, case={})
    assert exit_code(finding(found)) == 0
    assert CASE in finding(found).summary


def test_credentials_that_lie_elsewhere_are_said_to_and_not_called_nothing():
    summary = finding(Observations(report=reading("remote"), watermark=NO_MARK)).summary
    assert "stored on another server" in summary and "Nothing was found" not in summary
    declared = finding(Observations(report=reading("remote"), watermark=NO_MARK, declarations=(XMP,))).summary
    assert "stored on another server" in declared


def test_why_no_mark_was_looked_for_is_in_the_answer():
    mark = watermark_not_searched("its pictures are not decoded here (the picture is 1 x 1)")
    made = finding(Observations(report=reading(**AI_READING), watermark=mark))
    assert made.summary.endswith(
        "No watermark was looked for: its pictures are not decoded here (the picture is 1 x 1)."
    )
    assert any("not decoded here" in piece.says for piece in made.evidence if piece.kind == "watermark")


def test_the_json_has_exactly_the_agreed_shape():
    value = finding_to_json(finding(Observations(report=reading(**AI_READING), watermark=OURS, case={"engine": "wan"})))
    assert list(value) == [
        *("file", "verdict", "summary", "credentials", "watermark", "evidence", "case", "unexamined"),
        *("other_installation", "incoming", "layers", "origins", "consent"),
    ]
    assert list(value["credentials"])[:2] == ["state", "ai"]
    assert set(value["watermark"]) == {
        "detected",
        "payload",
        "p_value",
        "case_id",
        "note",
        "among",
        "compared_since",
        "segments",
        "audio",
        "unexamined",
    }
    assert all(set(one) == {"kind", "says", "proves", "limits"} for one in value["evidence"])


def test_a_copy_of_a_video_whose_consent_ended_says_so_whatever_its_marks_say():
    withdrawn = {"source_type": "trainedAlgorithmicMedia", "consent": "withdrawn"}
    ours = reading(**AI_READING, bindings=[BOUND])
    for read, verdict in ((ours, V.AI_MADE_TRUSTED), (reading("none"), V.RECOVERED_BY_WATERMARK)):
        found = finding(Observations(report=read, watermark=OURS, case=withdrawn))
        assert found.verdict is verdict and "the consent of a person it shows has ended" in found.summary
        assert [one.kind for one in found.evidence].count("consent") == 1
        still = finding(Observations(report=read, watermark=OURS, case={"source_type": "trainedAlgorithmicMedia"}))
        assert "consent" not in still.summary + str([one.kind for one in still.evidence])


def test_a_copy_of_a_video_that_a_claim_took_down_says_so_and_not_who_claimed():
    claimed = {"source_type": "trainedAlgorithmicMedia", "taken_down": "claim"}
    ours = reading(**AI_READING, bindings=[BOUND])
    for read, verdict in ((ours, V.AI_MADE_TRUSTED), (reading("none"), V.RECOVERED_BY_WATERMARK)):
        found = finding(Observations(report=read, watermark=OURS, case=claimed))
        assert found.verdict is verdict and found.summary.endswith("This service has taken it down after a claim.")
        assert [one.kind for one in found.evidence].count("claim") == 1
        still = finding(Observations(report=read, watermark=OURS, case={"source_type": "trainedAlgorithmicMedia"}))
        assert "claim" not in still.summary + str([one.kind for one in still.evidence])


def test_how_far_back_a_damaged_mark_was_looked_for_is_said_where_that_is_not_all():
    since = {"compared_since": "2026-11-01T00:00:00+00:00"}
    for mark in (WatermarkFinding(detected=False, **since), WatermarkFinding(detected=True, p_value=1e-9, **since)):
        (said,) = [one for one in gather_evidence(observed(mark)) if one.kind == "watermark"]
        assert "sealed since 2026-11-01T00:00:00+00:00" in said.limits
    for mark in (NO_MARK, WEAK, OURS, WatermarkFinding(detected=True, payload=PAYLOAD, case_id=CASE, among=9, **since)):
        (said,) = [one for one in gather_evidence(observed(mark)) if one.kind == "watermark"]
        assert "sealed since" not in said.limits


def observed(mark):
    return Observations(report=reading("none"), watermark=mark)
