"""Thresholds by audience: which applies, what is refused at load, and the laws of both."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import PolicyError
from core.verdicts import Decision, Gate, Verdict
from policy.audience import Audience, audience_problems, threshold_bounds
from policy.decide import decide
from policy.pack import Policy, load
from tests.unit.policy.packs import VOCABULARY, signal, write_pack

RULE = """\
gate         = "prompt"
when         = "{when}"
{threshold}
then         = "refuse"
reason       = "It is about hate."
dsa_category = "VIOLENCE"
owner        = "policy@assay.example"
version      = 1

{audiences}

[[examples]]
scores = {{ hate = 0.95 }}
facts  = {{ {facts} }}
gives  = "refuse"

[[examples]]
scores = {{ hate = 0.0 }}
gives  = "allow"
"""
MINOR = "[[audiences]]\naccount_minor = true\nthreshold = 0.4\n"
NEWSROOM = '[[audiences]]\ntier = "newsroom"\nthreshold = 0.9\nmilder = true\nwhy = "they report on it"\n'
KNOWN = {"has_reference": False, "account_minor": False, "tier": "free", "region": "FR"}


def rule(*audiences: str, when: str = "hate >= threshold", threshold: str = "threshold = 0.7") -> str:
    text = "\n".join(audiences)
    facts = {"account_minor": "true", "tier": '"newsroom"', "region": '"DE"'}
    stated = ", ".join(f"{name} = {value}" for name, value in facts.items() if f"{name} =" in text)
    return RULE.format(when=when, threshold=threshold, audiences=text, facts=stated)


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load(write_pack(tmp_path_factory.mktemp("pack"), prompt_hate=rule(MINOR, NEWSROOM)), VOCABULARY)


def judged(policy: Policy, score: float | None, **facts: object) -> Verdict:
    clean = [signal(label, 0.0) for label in ("sexual", "gore", "nudity")]
    return decide(Gate.PROMPT, [*clean, signal("hate", score)], KNOWN | facts, [], policy)


@pytest.mark.parametrize(
    ("score", "facts", "decision"),
    [
        (0.7, {}, Decision.REFUSE),
        (0.69, {}, Decision.ALLOW),
        (0.4, {"account_minor": True}, Decision.REFUSE),
        (0.39, {"account_minor": True}, Decision.ALLOW),
        (0.8, {"tier": "newsroom"}, Decision.ALLOW),
        (0.9, {"tier": "newsroom"}, Decision.REFUSE),
        (0.8, {"tier": "newsroom", "account_minor": True}, Decision.REFUSE),
    ],
)
def test_the_threshold_is_that_of_the_account(
    policy: Policy, score: float, facts: dict[str, object], decision: Decision
) -> None:
    assert judged(policy, score, **facts).decision is decision


def test_an_account_of_which_nothing_is_said_is_held_where_it_matters(policy: Policy) -> None:
    unsaid = {"account_minor": None, "tier": None}
    assert judged(policy, 0.3, **unsaid).decision is Decision.ALLOW
    between = judged(policy, 0.5, **unsaid)
    assert (between.decision, between.missing) == (Decision.HOLD, ("prompt_hate",))
    assert judged(policy, 0.95, **unsaid).decision is Decision.REFUSE


def test_a_label_that_was_not_measured_holds_whatever_the_audience(policy: Policy) -> None:
    for facts in ({}, {"account_minor": True}, {"tier": "newsroom"}):
        assert judged(policy, None, **facts).decision is Decision.HOLD


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            rule("[[audiences]]\nregion = 'DE'\nthreshold = 0.8\n"),
            "prompt_hate.toml:10: the threshold 0.8 for region = de",
        ),
        (rule(NEWSROOM.replace('why = "they report on it"\n', "")), "needs a `why`"),
        (rule(NEWSROOM.replace("0.9", "0.6")), "is not above 0.7"),
        (rule(MINOR.replace("0.4", "0.7")), "the rule's own: it never counts"),
        (rule(MINOR, MINOR), "prompt_hate.toml:14: the threshold 0.4 for account_minor = true never counts"),
        (rule(MINOR, '[[audiences]]\naccount_minor = true\nregion = "DE"\nthreshold = 0.5\n'), "never counts"),
        (rule(MINOR.replace("account_minor", "engine")), "there is no key `engine`"),
        (rule(MINOR.replace("true", '"yes"')), "the fact 'account_minor' is of type bool"),
        (rule("[[audiences]]\nthreshold = 0.2\n"), "an audience is named by facts of the account"),
        (rule(MINOR, threshold=""), "give `threshold`"),
        (rule(when="hate >= threshold", threshold=""), "the rule sets none"),
        (rule(MINOR, when="hate >= 0.7"), "`when` does not use `threshold`"),
        (rule(MINOR, when="hate >= 1.0 - threshold"), "`threshold` may only be what something has to reach"),
        (rule(MINOR, when="!(0.2 >= threshold) && hate >= 0.5"), "`threshold` may only be what something has to reach"),
        (
            rule("[[audiences]]\nregion = 'US'\nthreshold = 0.4\n"),
            "no example of the audience region = us gives refuse",
        ),
        (rule(threshold="threshold = 0"), "`threshold` must be of type float"),
    ],
)
def test_what_is_wrong_with_audiences_is_said_at_load(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load(write_pack(tmp_path, prompt_hate=text), VOCABULARY)
    assert complaint in str(caught.value)


def test_a_threshold_may_stand_in_several_places_and_lines(tmp_path: Path) -> None:
    when = '"""\\nhate >= threshold\\n  || 0.5 * sexual + 0.5 * hate > threshold\\n"""'.replace("\\n", "\n")
    text = rule(MINOR).replace('"hate >= threshold"', when)
    text = text.replace("{ hate = 0.0 }", "{ hate = 0.0, sexual = 0.0 }").replace(
        "{ hate = 0.95 }", "{ hate = 0.95, sexual = 0.0 }"
    )
    found = load(write_pack(tmp_path, prompt_hate=text), VOCABULARY)
    assert judged(found, 0.5, account_minor=True).decision is Decision.REFUSE
    assert judged(found, 0.5).decision is Decision.ALLOW


values = st.sampled_from(["a", "b"])
some_facts = st.fixed_dictionaries({}, optional={"account_minor": st.booleans(), "region": values, "tier": values})
thresholds = st.floats(0.01, 1.0)
audiences = st.builds(
    lambda facts, threshold: Audience(facts=facts, threshold=threshold, milder=threshold > 0.5, why="w", line=1),
    some_facts.filter(bool),
    thresholds,
)


@settings(max_examples=200)
@given(st.lists(audiences, max_size=5), some_facts, st.sampled_from(["account_minor", "region", "tier"]))
def test_knowing_less_of_an_account_never_gives_it_a_milder_threshold(
    several: list[Audience], facts: dict[str, object], forgotten: str
) -> None:
    less = {name: value for name, value in facts.items() if name != forgotten}
    (strict, mild), (strict_less, mild_less) = (
        threshold_bounds(0.5, several, facts),
        threshold_bounds(0.5, several, less),
    )
    assert strict_less <= strict <= mild <= mild_less


@settings(max_examples=200)
@given(st.lists(audiences, max_size=5), some_facts)
def test_a_threshold_above_the_rules_own_is_only_for_those_of_whom_the_file_says_so(
    several: list[Audience], facts: dict[str, object]
) -> None:
    strict, _ = threshold_bounds(0.5, several, facts)
    said = any(one.milder and one.facts.items() <= facts.items() for one in several)
    assert strict <= 0.5 or said


@settings(max_examples=200)
@given(st.lists(audiences, max_size=4), some_facts.filter(lambda facts: len(facts) == 3))
def test_everyone_has_one_threshold_and_the_strictest_of_their_audiences(
    several: list[Audience], facts: dict[str, object]
) -> None:
    strict, mild = threshold_bounds(0.5, several, facts)
    theirs = [one.threshold for one in several if one.facts.items() <= facts.items()]
    assert strict == mild == min(theirs, default=0.5)


@settings(max_examples=200)
@given(st.lists(audiences, max_size=4))
def test_what_loads_has_no_audience_that_never_counts(several: list[Audience]) -> None:
    if list(audience_problems(0.5, several)):
        return
    for one in several:
        without = [other for other in several if other is not one]
        everyone = [dict(one.facts) | {n: "z" for n in ("region", "tier") if n not in one.facts}]
        everyone = [facts | {"account_minor": facts.get("account_minor", "z")} for facts in everyone]
        assert any(threshold_bounds(0.5, several, facts) != threshold_bounds(0.5, without, facts) for facts in everyone)
