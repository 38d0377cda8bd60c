"""Rules over windows of time: more never makes a verdict milder, and what is not known is no permission."""

from __future__ import annotations

import pytest

from core.verdicts import Decision, Facts, Gate
from policy.decide import decide
from policy.pack import Policy, load
from tests.unit.policy.packs import VOCABULARY, signal, write_pack

RULE = """\
gate         = "prompt"
when         = "account_refusals_last_minute > 20 || classifier_drift >= 0.25"
then         = "hold"
if_missing   = "hold"
reason       = "Too much of this was refused just now, so a person will look at it first."
dsa_category = "OTHER_VIOLATION_TC"
owner        = "policy@assay.example"
version      = 1

[[examples]]
facts = { account_refusals_last_minute = 21, classifier_drift = 0.0 }
gives = "hold"

[[examples]]
facts = { account_refusals_last_minute = 20, classifier_drift = 0.2 }
gives = "allow"
"""


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load(write_pack(tmp_path_factory.mktemp("pack"), prompt_burst=RULE), VOCABULARY)


@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        ({"account_refusals_last_minute": 20, "classifier_drift": 0.24}, Decision.ALLOW),
        ({"account_refusals_last_minute": 21, "classifier_drift": 0.0}, Decision.HOLD),
        ({"account_refusals_last_minute": 0, "classifier_drift": 0.25}, Decision.HOLD),
        ({"account_refusals_last_minute": 0}, Decision.HOLD),
        ({"classifier_drift": 0.0}, Decision.HOLD),
        ({}, Decision.HOLD),
    ],
)
def test_a_rule_may_ask_for_windows_and_holds_where_they_are_not_known(
    policy: Policy, facts: Facts, decision: Decision
) -> None:
    verdict = decide(Gate.PROMPT, [signal("sexual", 0.0)], facts, [], policy)
    assert verdict.decision is decision
    assert verdict.rules == (() if decision is Decision.ALLOW else ("prompt_burst",))
