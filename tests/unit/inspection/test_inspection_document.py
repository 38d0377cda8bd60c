"""What `assay inspect --json` prints is what its schema says."""

import json
from dataclasses import fields, replace

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from core.codec import dump
from core.signals import Signal, Span
from pipeline.inspection.inspection_document import inspection_document
from pipeline.inspection.inspection_view import (
    FootageFacts,
    FootagePassage,
    Hit,
    LabelTimeline,
    RuleLine,
    ThresholdMark,
    Waveform,
)
from pipeline.inspection.inspections import FileInspection
from pipeline.screening.dry_run import DryRunVerdict
from pipeline.stages.stage_context import Measurements
from tests.conftest import ROOT
from tests.unit.inspection.views import SIGNALS, VERDICT, view

SCHEMA = json.loads((ROOT / "docs" / "reference" / "inspection.v1.json").read_text())
RECORDS = {
    "span": Span,
    "threshold": ThresholdMark,
    "hit": Hit,
    "label": LabelTimeline,
    "word": FootagePassage,
    "rule": RuleLine,
}


@pytest.fixture
def document():
    opinion = DryRunVerdict(measured=Measurements(signals=SIGNALS, seconds={"test/1": 0.5}), verdict=VERDICT)
    shown = replace(view(), waveform=Waveform(peaks=(0.0, 1.0), seconds=10.0), missing=(("film", "too long"),))
    return json.loads(json.dumps(inspection_document(FileInspection(opinion=opinion, view=shown))))


def test_the_document_is_what_the_schema_says(document):
    Draft202012Validator(SCHEMA).validate(document)
    Draft202012Validator(SCHEMA).validate(document | {"waveform": None, "missing": {}})


@pytest.mark.parametrize("name", RECORDS)
def test_the_schema_describes_each_field_of_the_code(name):
    described = SCHEMA["$defs"][name]
    assert set(described["properties"]) == {field.name for field in fields(RECORDS[name])} == set(described["required"])
    assert all("description" in one or "$ref" in one for one in described["properties"].values())


def test_of_a_signal_the_schema_describes_what_every_kind_has():
    described = SCHEMA["$defs"]["signal"]
    assert set(described["properties"]) <= {field.name for field in fields(Signal)}
    assert described["additionalProperties"] is True


def test_the_schema_describes_what_is_known_of_the_file(document):
    assert set(SCHEMA["properties"]["file"]["properties"]) == {field.name for field in fields(FootageFacts)}
    assert set(SCHEMA["properties"]) == set(document) == set(SCHEMA["required"])


def test_the_schema_refuses_a_score_outside_its_range(document):
    document["labels"][0]["score"] = 1.5
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(document)


def test_the_keys_that_earlier_versions_printed_are_still_there(document):
    assert document["verdict"] == dump(VERDICT)
    assert document["signals"] == json.loads(json.dumps(dump(SIGNALS)))
    assert {"reasons", "seconds", "shows_nothing", "words"} <= set(document)


def test_the_schema_is_one_and_describes_each_field():
    Draft202012Validator.check_schema(SCHEMA)
    assert all(field["description"] for field in SCHEMA["properties"].values())
