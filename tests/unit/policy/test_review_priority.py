"""How grave rules are, ours and those of others."""

from dataclasses import replace

from policy.pack import DEFAULT_PACK
from policy.review_priority import ReviewPriority, review_clocks, review_priorities
from policy.rule_files import read_rules

RULES, _ = read_rules(DEFAULT_PACK)


def test_every_rule_has_a_gravity_and_a_clock_that_there_is():
    found = review_priorities(RULES)
    assert set(found) == {rule.name for rule in RULES}
    assert all(1 <= one.severity <= 5 and one.clock in review_clocks() for one in found.values())
    assert found["prompt_sexual_minors"] == ReviewPriority(severity=5, clock="minors")
    assert found["prompt_intimate_image"] == ReviewPriority(severity=5, clock="intimate_image")
    assert review_clocks()["intimate_image"] == 48


def test_a_rule_of_others_goes_by_its_category():
    theirs = replace(RULES[0], name="acme_self_harm_challenge", dsa_category="SELF_HARM")
    unknown = replace(RULES[0], name="acme_other", dsa_category="SOMETHING_NEW")
    found = review_priorities([theirs, unknown])
    assert found["acme_self_harm_challenge"].severity == 4 and found["acme_other"] == ReviewPriority()
