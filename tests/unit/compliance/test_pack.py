"""The evidence pack says what is not met, names a file for what is, and is not made of figures of other code."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from core.errors import BadInput
from evals.compliance.report import PAGE, gathered_evidence, page
from pipeline.compliance.code_digest import code_digest
from pipeline.compliance.duties import REGIONS, duties_of, marking_duties
from pipeline.compliance.evidence import (
    EVIDENCE,
    FalseAlarmBound,
    MarkEvidence,
    evidence_as_json,
    read_evidence,
)
from pipeline.compliance.evidence_pack import NO_LEGAL_ADVICE, compliance_pack, pack_as_json
from pipeline.compliance.pack_html import pack_html
from pipeline.compliance.requirements import RequirementState, mark_requirements
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def figures() -> MarkEvidence:
    """Those of this release, read once."""
    return read_evidence()


def test_no_figure_of_the_pack_is_typed_by_hand() -> None:
    evidence = gathered_evidence()
    assert read_evidence() == evidence, "run python -m evals.compliance.report"
    assert PAGE.read_text(encoding="utf-8") == page(evidence), "run python -m evals.compliance.report"


def test_every_piece_of_evidence_is_a_file_of_this_repository(figures) -> None:
    pack = compliance_pack(evidence=figures)
    named = [file for one in pack.requirements for file in one.evidence]
    named += [output.shown_by for output in pack.outputs] + [source.file for source in pack.evidence.sources]
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_what_is_met_or_partly_met_has_evidence(figures) -> None:
    bare = [
        one.id
        for one in compliance_pack(evidence=figures).requirements
        if one.state in (RequirementState.MET, RequirementState.PARTLY) and not one.evidence
    ]
    assert bare == []


def test_every_requirement_names_duties_that_are_known_and_every_duty_is_asked_for(figures) -> None:
    known, asked = {duty.id for duty in marking_duties()}, set()
    for one in mark_requirements(figures):
        assert set(one.duties) <= known, one.id
        asked |= set(one.duties)
    assert asked == known


def test_the_duties_have_the_days_that_were_looked_up() -> None:
    days = {duty.id: duty.applies_from for duty in marking_duties()}
    assert days["eu_marking_older_systems"] == date(2026, 12, 2)
    assert days["eu_code_interoperable_detection"] == date(2027, 2, 2)
    assert days["california_platforms"] == date(2027, 1, 1)
    assert days["china_labels"] == date(2025, 9, 1)
    assert days["india_labels"] == date(2026, 2, 20)
    assert all(duty.source and duty.looked_up and duty.region in REGIONS for duty in marking_duties())


def test_a_pack_of_one_region_asks_for_nothing_of_another(figures) -> None:
    pack = compliance_pack(["china"], evidence=figures)
    assert {duty.region for duty in pack.duties} == {"china"}
    assert "common_icon" not in {one.id for one in pack.requirements}
    assert duties_of(["EU"]) == duties_of(["eu"])
    with pytest.raises(BadInput, match="no region"):
        duties_of(["atlantis"])


def test_figures_decide_where_something_is_measured(figures) -> None:
    states = {one.id: one.state for one in mark_requirements(figures)}
    assert states["robust_picture"] is RequirementState.PARTLY
    perfect = replace(
        figures, survival=tuple(replace(row, survived=row.n, low=0.5, high=1.0) for row in figures.survival)
    )
    assert {one.id: one.state for one in mark_requirements(perfect)}["robust_picture"] is RequirementState.MET
    lost = replace(figures, survival=tuple(replace(row, survived=0) for row in figures.survival))
    assert {one.id: one.state for one in mark_requirements(lost)}["robust_picture"] is RequirementState.NOT_MET
    nothing = replace(figures, survival=())
    assert {one.id: one.state for one in mark_requirements(nothing)}["robust_sound"] is RequirementState.NOT_MET


def test_one_false_alarm_is_enough_for_not_met(figures) -> None:
    alarm = FalseAlarmBound(layer="picture", alarms=1, n=10, high=0.4, proven=1e-9, says="", source="watermark_null")
    worse = replace(figures, false_alarms=(alarm,))
    assert {one.id: one.state for one in mark_requirements(worse)}["reliable"] is RequirementState.NOT_MET


def test_figures_of_other_code_are_an_error_that_says_what_to_run(tmp_path) -> None:
    stored = json.loads(EVIDENCE.read_text(encoding="utf-8"))
    stored["sources"][0]["digest"] = "0" * 64
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps(stored))
    with pytest.raises(BadInput, match=r"older than the code they measure.*video_robustness"):
        read_evidence(path)


def test_missing_figures_are_an_error_that_says_what_to_run(tmp_path) -> None:
    with pytest.raises(BadInput, match=r"is missing: run python -m evals.compliance.report"):
        read_evidence(tmp_path / "evidence.json")
    with pytest.raises(BadInput, match=r"measured_code.json is missing"):
        gathered_evidence(tmp_path)


def test_a_result_that_is_missing_is_named_with_its_command(tmp_path) -> None:
    (tmp_path / "measured_code.json").write_text("{}")
    with pytest.raises(BadInput, match=r"watermark\.json is missing: run python -m evals.watermark.video_robustness"):
        gathered_evidence(tmp_path)


def test_a_result_that_is_older_than_its_code_is_named(tmp_path) -> None:
    (tmp_path / "measured_code.json").write_text(json.dumps({"watermark": {"digest": "0" * 64}}))
    (tmp_path / "watermark.json").write_text("{}")
    with pytest.raises(BadInput, match=r"watermark.json is older than the code it measures"):
        gathered_evidence(tmp_path)


def test_a_digest_of_code_changes_with_what_it_does_and_not_with_its_words(tmp_path) -> None:
    file = tmp_path / "module.py"
    file.write_text('"""Says."""\nLIMIT = 3\n"""Of what."""\n\ndef f(x):\n    """Why."""\n    return x + LIMIT\n')
    before = code_digest(["module.py"], tmp_path)
    file.write_text("# other words\nLIMIT = 3\n\n\ndef f(x):\n    return x + LIMIT  # here too\n")
    assert code_digest(["module.py"], tmp_path) == before
    file.write_text("LIMIT = 4\n\ndef f(x):\n    return x + LIMIT\n")
    assert code_digest(["module.py"], tmp_path) != before
    with pytest.raises(BadInput, match="not there any more"):
        code_digest(["gone.py"], tmp_path)


def test_the_page_needs_nothing_from_elsewhere_and_says_what_is_not_met_before_what_is(figures) -> None:
    pack = compliance_pack(evidence=figures, day=date(2026, 12, 1))
    text = pack_html(pack)
    assert "<link" not in text
    assert "<script" not in text
    assert "src=" not in text
    assert NO_LEGAL_ADVICE in text
    assert text.index('id="trusted_certificate"') < text.index('id="linked_layers"')
    for one in pack.requirements:
        assert f'id="{one.id}"' in text


def test_as_json_it_says_which_duties_apply_on_its_day(figures) -> None:
    before = pack_as_json(compliance_pack(evidence=figures, day=date(2026, 12, 1)))
    after = pack_as_json(compliance_pack(evidence=figures, day=date(2026, 12, 2)))
    applies = [
        {duty["id"]: duty["applies"] for duty in said["duties"]}["eu_marking_older_systems"] for said in (before, after)
    ]
    assert applies == [False, True]
    json.dumps(after)
    assert evidence_as_json(figures)["sources"][0]["command"]
