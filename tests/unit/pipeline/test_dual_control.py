"""Who has said all they can about a rule for two persons."""

from __future__ import annotations

import pytest

from core.verdicts import Decision, Gate, Ruling, Verdict
from pipeline.policy_rollout.dual_control import has_already_allowed

ALLOW, REFUSE = Decision.ALLOW, Decision.REFUSE


def verdict(*rules: str, awaiting: tuple[str, ...] = ()) -> Verdict:
    return Verdict(gate=Gate.PROMPT, decision=Decision.HOLD, rules=rules, policy="p", awaiting=awaiting)


def ruled(
    moderator: str, decision: Decision = ALLOW, gate: Gate = Gate.PROMPT, over: tuple[str, ...] = ("a",)
) -> Ruling:
    return Ruling(gate=gate, decision=decision, moderator=moderator, over=over, code="context")


@pytest.mark.parametrize(
    ("judged", "rulings", "said"),
    [
        (verdict("a", awaiting=("a",)), [ruled("ana")], True),
        (verdict("a", awaiting=("a",)), [ruled("ben")], False),
        (verdict("a"), [ruled("ana")], False),
        (verdict("a", "b", awaiting=("a",)), [ruled("ana")], False),
        (verdict("a", awaiting=("a",)), [ruled("ana", gate=Gate.VIDEO)], False),
        (verdict("a", awaiting=("a",)), [ruled("ana"), ruled("ana", REFUSE)], False),
        (verdict("a", "b", awaiting=("a", "b")), [ruled("ana"), ruled("ana", over=("b",))], True),
        (verdict("a", "b", awaiting=("a", "b")), [ruled("ana"), ruled("ben", over=("b",))], False),
    ],
)
def test_only_who_allowed_all_that_still_waits_is_sent_away(judged: Verdict, rulings: list[Ruling], said: bool) -> None:
    assert has_already_allowed("ana", Gate.PROMPT, judged, rulings) is said
