"""Documents on topics: they are what their schemas say, old ones are read for ever, and none repeats anybody's words."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from core.case import Case
from core.events import EngineDeclined, EngineFailed, Judged, Recalled, StageFailed, Submitted, Waiting, Withdrawn
from core.verdicts import Decision, Gate, Verdict
from pipeline.topic_contract.outcome_document import (
    DeadLetterV1,
    OutcomeDocumentV1,
    outcome_of,
    rejected_outcome,
)
from pipeline.topic_contract.outcome_sender import encode_outcome
from pipeline.topic_contract.request_document import NotARequest, RequestDocumentV1, RequestDocumentV2, parse_request
from tests.conftest import ROOT
from tests.stub_pipeline import stages

NOW = datetime(2026, 11, 29, tzinfo=UTC)
MODELS = {
    "request.v1": RequestDocumentV1,
    "request.v2": RequestDocumentV2,
    "outcome.v1": OutcomeDocumentV1,
    "dead-letter.v1": DeadLetterV1,
}
STORED = {path.name.removesuffix(".json"): path for path in (ROOT / "tests" / "data" / "topic_documents").iterdir()}
REQUEST = json.loads(STORED["request.v1"].read_text())
REQUEST_2 = json.loads(STORED["request.v2"].read_text())


def schema(name):
    return json.loads((ROOT / "deploy" / "schemas" / f"{name}.json").read_text())


def validate(name, document):
    Draft202012Validator(schema(name), format_checker=Draft202012Validator.FORMAT_CHECKER).validate(document)


def not_a_request(document):
    with pytest.raises(NotARequest) as raised:
        parse_request(document if isinstance(document, bytes | None) else json.dumps(document).encode())
    return raised.value.reason, raised.value.field


@pytest.mark.parametrize("path", sorted((ROOT / "deploy" / "schemas").glob("*.json")), ids=lambda path: path.stem)
def test_a_schema_is_one_and_describes_each_field(path):
    Draft202012Validator.check_schema(schema(path.stem))
    assert all(field["description"] for field in schema(path.stem)["properties"].values())


@pytest.mark.parametrize("name", MODELS)
def test_the_schema_names_the_fields_of_the_code(name):
    assert set(schema(name)["properties"]) == set(MODELS[name].model_fields)


@pytest.mark.parametrize("name", STORED)
def test_a_document_of_every_version_that_was_published_is_valid_and_read(name):
    document = json.loads(STORED[name].read_text())
    validate(name, document)
    is_request = name.startswith("request.")
    read = parse_request(json.dumps(document).encode()) if is_request else MODELS[name](**document)
    assert isinstance(read, MODELS[name])
    assert json.loads(read.model_dump_json()) == document


def test_every_version_has_its_schema_and_a_stored_document():
    assert {path.stem for path in (ROOT / "deploy" / "schemas").glob("*.json")} == set(STORED)


def test_every_field_of_a_request_reaches_the_service():
    request = parse_request(json.dumps(REQUEST).encode()).to_request()
    assert (request.key, request.prompt, request.model, request.seconds) == (
        "order-17",
        "a rabbit in a meadow",
        "wan",
        4,
    )
    assert (request.cameos, request.territory, request.voices, request.purpose) == (
        ("ana",),
        ("DE", "FR"),
        True,
        "advertising",
    )
    assert (request.end_user, request.parent) == (REQUEST["safety_identifier"], "0123456789abcdef")
    assert (request.audience, request.account_minor, request.region, request.tier) == ("teen", False, "DE", "trusted")


def test_what_is_no_request_is_told_by_a_code_and_a_known_field():
    assert not_a_request(b"{") == ("not_json", "")
    assert not_a_request(None) == ("not_json", "")
    assert not_a_request(b"[" * 100_000) == ("not_json", "")
    assert not_a_request([]) == ("not_a_request", "")
    assert not_a_request({"prompt": "x"}) == ("not_a_request", "")
    assert not_a_request(REQUEST | {"version": 3}) == ("unknown_version", "")
    assert not_a_request(REQUEST | {"version": True}) == ("unknown_version", "")
    assert not_a_request(REQUEST | {"Zebedee": 1}) == ("unknown_field", "")
    assert not_a_request(REQUEST | {"seconds": "4"}) == ("invalid_field", "seconds")
    assert not_a_request(REQUEST | {"prompt": ""}) == ("invalid_field", "prompt")
    assert not_a_request({name: value for name, value in REQUEST.items() if name != "id"}) == ("invalid_field", "id")


def test_from_version_2_on_what_cannot_be_honoured_is_named_and_its_sender_can_be_answered():
    for change, said in (
        ({"guidance": 1}, ("unknown_field", "guidance")),
        ({"a meadow": 1}, ("unknown_field", "")),
        ({"seconds": "4"}, ("invalid_field", "seconds")),
        ({"input_reference": {"file_id": "x"}}, ("invalid_field", "input_reference")),
        ({"input_reference": {"image_url": "x", "blob": "x"}}, ("invalid_field", "input_reference")),
        ({"remix_of": "x"}, ("invalid_field", "remix_of")),
    ):
        with pytest.raises(NotARequest) as raised:
            parse_request(json.dumps(REQUEST_2 | change).encode())
        assert (raised.value.reason, raised.value.field) == said
        assert (raised.value.header.id, raised.value.header.account) == ("order-18", "acct_1")
    for change in ({"id": ""}, {"account": 1}):
        with pytest.raises(NotARequest) as raised:
            parse_request(json.dumps(REQUEST_2 | change).encode())
        assert raised.value.header is None


_TEXTS = st.sampled_from(
    ["", "x", "DE", "teen", *("x" * length for length in (6, 7, 16, 17, 40, 41, 200, 201, 256, 513))]
)
_VALUES = st.none() | st.booleans() | st.integers(-5, 5000) | _TEXTS | st.lists(_TEXTS, max_size=3)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*(set(REQUEST) - {"type", "version"}), "other"]), _VALUES, max_size=4))
def test_the_code_takes_what_the_schema_takes_and_nothing_else(changes):
    document = REQUEST | changes
    try:
        validate("request.v1", document)
    except ValidationError:
        not_a_request(document)
    else:
        parse_request(json.dumps(document).encode())


_OBJECTS = st.dictionaries(st.sampled_from(["image_url", "blob", "seed", "other"]), _VALUES, max_size=2)
_NEW = sorted(set(REQUEST_2) - set(REQUEST))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*_NEW, "seconds", "other"]), _VALUES | _OBJECTS, max_size=3))
def test_the_code_takes_of_version_2_what_its_schema_takes_and_nothing_else(changes):
    document = REQUEST_2 | changes
    try:
        validate("request.v2", document)
    except ValidationError:
        not_a_request(document)
    else:
        parse_request(json.dumps(document).encode())


def judged(decision):
    return Judged(verdict=Verdict(gate=Gate.PROMPT, decision=decision, policy="digest", reason="Zebedee is named"))


SUBMITTED = Submitted(author="acct_1", prompt="text-id")
WAITS = Waiting(phase="commissioned", reason="Zebedee's engine is away", since=NOW)
BROKE = StageFailed(phase="rendered", kind="X", error="Zebedee")
PUBLISHED = [
    SUBMITTED,
    *stages.screen(None),
    judged(Decision.ALLOW),
    *stages.commission(Case(id="c" * 16)),
    *stages.render(None),
    *stages.inspect(Case(id="c" * 16, submitted=SUBMITTED)),
    replace(judged(Decision.ALLOW), verdict=replace(judged(Decision.ALLOW).verdict, gate=Gate.VIDEO)),
    *stages.seal(Case(id="c" * 16)),
    *stages.publish(Case(id="c" * 16)),
]
STORIES = {
    "accepted": ([SUBMITTED], "accepted", None),
    "waiting": ([*PUBLISHED[:4], WAITS], "waiting", "unavailable"),
    "held": ([*PUBLISHED[:2], judged(Decision.HOLD)], "held", "policy_hold"),
    "broke": ([*PUBLISHED[:5], BROKE, BROKE, BROKE], "held", "stage_failed"),
    "refused": ([*PUBLISHED[:2], judged(Decision.REFUSE)], "refused", "policy_refused"),
    "declined": ([*PUBLISHED[:3], EngineDeclined(engine="toy", code="nsfw")], "refused", "engine_declined"),
    "failed": ([*PUBLISHED[:4], EngineFailed(engine="toy", code="out_of_memory")], "failed", "out_of_memory"),
    "published": (PUBLISHED, "published", None),
    "withdrawn": ([*PUBLISHED, Recalled(by="ana", code="rights"), Withdrawn()], "withdrawn", "rights"),
}


@pytest.mark.parametrize("name", STORIES)
def test_every_outcome_is_what_its_schema_says_and_repeats_nobody(name):
    events, status, code = STORIES[name]
    case = Case(id="c" * 16).apply(events)
    outcome = outcome_of(case, request="order-17", account="acct_1", at=NOW)
    assert (outcome.status, outcome.code, outcome.revision) == (status, code, len(events))
    document = json.loads(encode_outcome(outcome))
    validate("outcome.v1", document)
    assert "Zebedee" not in json.dumps(document)
    assert (document["url"], document["sha256"]) == (
        (f"toy:{case.id}", "a" * 64) if status == "published" else (None, None)
    )


def test_an_outcome_without_a_case_and_a_dead_letter_are_what_their_schemas_say():
    validate(
        "outcome.v1", json.loads(encode_outcome(rejected_outcome(request="a", account="b", code="invalid_request")))
    )
    rejected = rejected_outcome(request="a", account="b", code="invalid_request", field="seed")
    assert json.loads(encode_outcome(rejected))["field"] == "seed"
    validate("outcome.v1", json.loads(encode_outcome(rejected)))
    letter = DeadLetterV1(topic="assay.requests", partition=0, offset=1, reason="not_json", at=NOW)
    validate("dead-letter.v1", json.loads(letter.model_dump_json()))
