"""What counts as saying something of a person, and what nobody may redact."""

from __future__ import annotations

import pytest

from provenance.c2pa.redaction import find_personal_data


def store(*assertions):
    return {"active_manifest": "m", "manifests": {"m": {"assertions": list(assertions)}}}


def says(label, data, **more):
    return find_personal_data(store({"label": label, "data": data} | more))


@pytest.mark.parametrize(
    "data",
    [
        {"prompt": "a"},
        {"settings": [{"negative_prompt": "a"}]},
        {"com.engine:prompt": "a"},
        {"userPrompt": "a"},
        {"dc:creator": ["Jane"]},
        {"author": [{"name": "Jane"}]},
        {"user_id": "u1"},
        {"e-mail": "a@b"},
        {"a": {"b": {"c": {"UserName": "jane"}}}},
    ],
)
def test_a_prompt_or_a_name_is_found_wherever_it_lies(data):
    assert says("com.engine.run", data) == (("self#jumbf=/c2pa/m/c2pa.assertions/com.engine.run",), ())


@pytest.mark.parametrize(
    "data",
    [{"prompt": ""}, {"promptness": 3}, {"model": "wan", "steps": 30}, {"humanOversightLevel": "prompt_guided"}, None],
)
def test_what_says_nothing_of_anyone_stays(data):
    assert says("com.engine.run", data) == ((), ())


def test_whose_work_it_is_and_who_signed_for_whom_are_about_people_whatever_the_keys():
    for label in ("stds.schema-org.CreativeWork", "cawg.identity"):
        assert says(label, {"@type": "CreativeWork"})[0]


def test_the_second_of_a_kind_has_its_own_address():
    assert says("com.engine.run", {"prompt": "a"}, instance=1)[0][0].endswith("/com.engine.run__1")


def test_actions_and_bindings_cannot_be_redacted_and_are_told():
    for label in ("c2pa.actions.v2", "c2pa.soft-binding", "c2pa.ingredient.v3"):
        found, stuck = says(label, {"actions": [{"parameters": {"prompt": "a"}}]})
        assert found == () and len(stuck) == 1
