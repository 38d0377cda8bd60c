"""What rules hold against labels, read from their conditions."""

import pytest

from core.verdicts import Decision, Gate
from policy.pack import Policy, load
from policy.rule import Mode
from policy.rule_description import LabelThreshold, describe_rules
from tests.unit.policy.packs import RULE, VOCABULARY, rule, write_pack


def thresholds(tmp_path, when: str, fires: str = "{ gore = 1.0, nudity = 1.0 }", more: str = ""):
    """What is read from this condition of a rule about videos."""
    quiet = fires.replace("1.0", "0.0")
    text = RULE.format(
        gate="video", when=f'"{when}"', then="hold", reason="It is so.", more=more, fires=fires, quiet=quiet
    )
    folder = write_pack(tmp_path, video_one=text, video_nudity=rule("nudity", gate="video"), prompt_hate=rule("hate"))
    found = describe_rules(load(folder, VOCABULARY), Gate.VIDEO)
    return next(one for one in found if one.name == "video_one").thresholds


def test_rules_of_a_gate_are_described_with_what_they_say(policy: Policy) -> None:
    only = next(one for one in describe_rules(policy, Gate.VIDEO) if one.name == "video_nudity")
    assert (only.name, only.mode, only.then, only.if_missing) == (
        "video_nudity",
        Mode.ENFORCE,
        Decision.REFUSE,
        Decision.REFUSE,
    )
    assert only.reason == "It is about nudity."
    assert only.thresholds == (LabelThreshold(label="nudity", score=0.5),)


def test_a_rule_that_is_off_is_not_described_and_one_in_shadow_is(policy: Policy) -> None:
    modes = {one.name: one.mode for one in describe_rules(policy, Gate.PROMPT)}
    assert "prompt_sexual_off" not in modes
    assert modes["prompt_nudity"] is Mode.SHADOW


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("gore > 0.5 || nudity >= 0.7", [("gore", 0.5, True, True), ("nudity", 0.7, False, True)]),
        ("gore >= 0.5 && nudity >= 0.3", [("gore", 0.5, False, False), ("nudity", 0.3, False, False)]),
        (
            "0.5 <= gore && author_strikes >= 0 || nudity > 0.9",
            [("gore", 0.5, False, False), ("nudity", 0.9, True, True)],
        ),
        (
            "(account_minor ? gore >= 0.2 : gore >= 0.4) || nudity >= 1.0",
            [("gore", 0.2, False, False), ("gore", 0.4, False, False), ("nudity", 1.0, False, True)],
        ),
        ("math.greatest(gore, nudity) >= 0.6", [("gore", 0.6, False, True), ("nudity", 0.6, False, True)]),
        ("gore + 0.5 * nudity >= 0.75", [("gore", 0.75, False, True)]),
    ],
)
def test_each_comparison_of_a_label_with_a_number_is_a_threshold(tmp_path, when, expected) -> None:
    named = {"author_strikes": "author_strikes = 0", "account_minor": "account_minor = false"}
    facts = next((f"\nfacts = {{ {text} }}" for name, text in named.items() if name in when), "")
    found = thresholds(tmp_path, when, "{ gore = 1.0, nudity = 1.0 }" + facts)
    assert [(one.label, one.score, one.strict, one.alone) for one in found] == expected


def test_the_threshold_for_an_audience_names_it(tmp_path) -> None:
    more = "threshold = 0.5\n\n[[audiences]]\naccount_minor = true\nthreshold = 0.35\n\n[[examples]]\n"
    more += 'scores = { gore = 0.4 }\nfacts = { account_minor = true }\ngives = "hold"\n'
    found = thresholds(tmp_path, "gore >= threshold", "{ gore = 1.0 }\nfacts = { account_minor = false }", more)
    assert [(one.score, one.audience) for one in found] == [(0.5, ""), (0.35, "account_minor = true")]


def test_a_score_that_reaches_a_threshold_alone_fires_the_rule_of_the_default_pack() -> None:
    """What is described is what decides: each label alone, at its threshold, and just below it."""
    from classifiers.registered import label_subjects
    from policy.decide import decide
    from policy.pack import DEFAULT_PACK
    from policy.vocabulary import FACTS, SUBJECTS_BY_GATE, Vocabulary
    from tests.unit.policy.packs import signal

    vocabulary = Vocabulary(labels=label_subjects(), facts=FACTS)
    pack = load(DEFAULT_PACK, vocabulary)
    [subject] = SUBJECTS_BY_GATE[Gate.VIDEO]
    labels = vocabulary.labels_at(Gate.VIDEO)
    facts = {"account_minor": False, "audience": "general"}
    checked = 0
    for rule_of_pack in describe_rules(pack, Gate.VIDEO):
        for one in rule_of_pack.thresholds:
            if not one.alone or one.audience:
                continue
            over = one.score + (0.001 if one.strict else 0.0)
            for score, fires in ((over, True), (max(0.0, one.score - 0.001), False)):
                signals = [signal(name, score if name == one.label else 0.0, subject) for name in labels]
                verdict = decide(Gate.VIDEO, signals, facts, (), pack)
                assert (rule_of_pack.name in (*verdict.rules, *verdict.shadow)) is fires, (rule_of_pack.name, one)
            checked += 1
    assert checked > 10
