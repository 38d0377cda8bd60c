import json

import pytest
from hypothesis import given

from core import codec
from core.case import Case
from core.events import Judged, Submitted
from core.verdicts import Decision, Gate, Verdict
from tests.unit.core.strategies import events


@given(events)
def test_every_event_survives_a_round_trip(event):
    assert codec.load_event(json.loads(json.dumps(codec.dump_event(event)))) == event


@given(events)
def test_fields_from_the_future_are_ignored(event):
    assert codec.load_event({**codec.dump_event(event), "from_the_future": [1, {"x": None}]}) == event


def test_an_old_event_without_the_newer_fields_loads():
    assert codec.load_event({"type": "Submitted", "author": "a", "prompt": "t"}) == Submitted(author="a", prompt="t")


def test_a_verdict_from_before_it_named_its_sources_and_facts_loads():
    old = {"gate": "prompt", "decision": 1, "rules": ["r"], "policy": "p", "reason": "why"}
    judged = codec.load_event({"type": "Judged", "verdict": old})
    assert judged == Judged(
        verdict=Verdict(gate=Gate.PROMPT, decision=Decision.HOLD, rules=("r",), policy="p", reason="why")
    )
    assert (judged.facts, judged.verdict.sources, judged.verdict.awaiting) == ({}, (), ())


def test_facts_keep_their_types():
    facts = {"a": True, "b": 1, "c": 1.0, "d": "1"}
    verdict = Verdict(gate=Gate.PROMPT, decision=Decision.ALLOW, policy="p")
    loaded = codec.load_event(json.loads(json.dumps(codec.dump_event(Judged(verdict=verdict, facts=facts)))))
    assert [type(value) for value in loaded.facts.values()] == [bool, int, float, str]


def test_an_event_from_the_future_is_refused_and_not_skipped():
    with pytest.raises(ValueError, match="newer Assay"):
        codec.load_event({"type": "Teleported"})


@pytest.mark.parametrize(
    "wrong", [{"type": "Submitted", "author": 7, "prompt": "t"}, {"type": "Submitted", "author": "a"}]
)
def test_what_does_not_fit_the_type_is_refused(wrong):
    with pytest.raises((TypeError, ValueError)):
        codec.load_event(wrong)


@given(events)
def test_a_case_survives_a_round_trip(event):
    case = Case(id="0" * 16).apply([Submitted(author="a", prompt="t"), event])
    assert codec.load(Case, codec.dump(case)) == case
