"""`within` and `before`: what holds where signals lie, what is not known, and that evidence never makes it milder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.signals import Signal, Span
from core.verdicts import Decision, Gate
from policy.cel.compiled_rule import cel_environment
from policy.cel.monotonicity import label_violation
from policy.cel.rule_index import RuleIndex, required_scores
from policy.cel.syntax_tree import parse_syntax_tree
from policy.decide import decide
from policy.lint.pack_check import check_pack
from policy.lint.rule_diff import diff_rules
from policy.pack import Policy, load, try_load
from tests.unit.policy.packs import RULE, VIDEO, VOCABULARY, write_pack

ENV = cel_environment(VOCABULARY)


def relation_rule(when: str, *, gate: str = "video", then: str = "hold", more: str = "") -> str:
    """A rule about gore and nudity in time, with examples."""
    return RULE.format(
        gate=gate,
        when=f'"{when}"',
        then=then,
        reason="It is about an order.",
        more=more,
        fires="{ gore = 0.9, nudity = 0.9 }\nat = { gore = [1.0, 2.0], nudity = [2.0, 3.0] }",
        quiet="{ gore = 0.9, nudity = 0.9 }\nat = { gore = [90.0, 91.0], nudity = [0.0, 1.0] }",
    )


def pack_of(folder: Path, when: str, **options: str) -> Policy:
    return load(write_pack(folder, video_order=relation_rule(when, **options)), VOCABULARY)


def found(label: str, score: float | None, start: float | None = None, end: float | None = None) -> Signal:
    at = None if start is None or end is None else Span(start=start, end=end)
    return Signal(subject=VIDEO, label=label, score=score, source="test/1", at=at)


WITHIN = "within(gore >= 0.3, nudity >= 0.4, 2.0)"
BEFORE = "before(gore >= 0.3, nudity >= 0.4, 2.0)"


@pytest.mark.parametrize(
    ("when", "gore", "nudity", "fires"),
    [
        (WITHIN, (0.4, 0, 5), (0.4, 4, 6), True),  # they overlap
        (WITHIN, (0.4, 0, 5), (0.4, 7, 8), True),  # two seconds lie between them
        (WITHIN, (0.4, 7, 8), (0.4, 0, 5), True),  # the other way round
        (WITHIN, (0.4, 0, 5), (0.4, 7.1, 8), False),
        (WITHIN, (0.2, 0, 5), (0.9, 4, 6), False),  # one of them is too weak
        (BEFORE, (0.4, 0, 5), (0.4, 4, 6), True),
        (BEFORE, (0.4, 0, 5), (0.4, 7, 8), True),
        (BEFORE, (0.4, 0, 5), (0.4, 7.1, 8), False),
        (BEFORE, (0.4, 4, 6), (0.4, 0, 5), False),  # the wrong order
        (BEFORE, (0.4, 0, 1), (0.4, 0, 1), False),  # at the same time
    ],
)
def test_a_relation_holds_where_signals_lie_so(
    tmp_path: Path, when: str, gore: tuple[float, float, float], nudity: tuple[float, float, float], fires: bool
) -> None:
    policy = pack_of(tmp_path, when)
    verdict = decide(Gate.VIDEO, [found("gore", *gore), found("nudity", *nudity)], {}, [], policy)
    assert ("video_order" in verdict.rules) is fires


def test_any_pair_of_several_signals_is_enough(tmp_path: Path) -> None:
    policy = pack_of(tmp_path, WITHIN)
    several = [found("gore", 0.45, 0, 1), found("gore", 0.4, 50, 51), found("nudity", 0.9, 20, 21)]
    assert "video_order" not in decide(Gate.VIDEO, several, {}, [], policy).rules
    assert "video_order" in decide(Gate.VIDEO, [*several, found("nudity", 0.4, 52, 53)], {}, [], policy).rules


@pytest.mark.parametrize("nudity", [found("nudity", None), found("nudity", 0.4)])
def test_what_may_be_anywhere_is_missing_evidence(tmp_path: Path, nudity: Signal) -> None:
    verdict = decide(Gate.VIDEO, [found("gore", 0.45, 0, 1), nudity], {}, [], pack_of(tmp_path, WITHIN))
    assert "video_order" in verdict.missing


def test_nothing_is_missing_where_the_other_label_is_too_weak_anyway(tmp_path: Path) -> None:
    verdict = decide(Gate.VIDEO, [found("gore", 0.1, 0, 1), found("nudity", None)], {}, [], pack_of(tmp_path, WITHIN))
    assert "video_order" not in verdict.rules


def test_a_relation_is_joined_with_facts_and_with_an_audience_threshold(tmp_path: Path) -> None:
    more = "threshold = 0.4\n\n[[audiences]]\naccount_minor = true\nthreshold = 0.2\n"
    text = relation_rule("seconds > 1.0 && within(gore >= threshold, nudity >= 0.4, 2.0)", more=more)
    text = text.replace("\ngives", "\nfacts = { seconds = 9.0, account_minor = false }\ngives")
    text += "\n[[examples]]\nscores = { gore = 0.3, nudity = 0.5 }\nat = { gore = [0.0, 1.0], nudity = [0.0, 1.0] }\n"
    text += 'facts = { seconds = 9.0, account_minor = true }\ngives = "hold"\n'
    policy = load(write_pack(tmp_path, video_order=text), VOCABULARY)
    signals = [found("gore", 0.3, 0, 1), found("nudity", 0.4, 1, 2)]
    asked = [
        "video_order" in decide(Gate.VIDEO, signals, {"seconds": 9.0, "account_minor": minor}, [], policy).rules
        for minor in (True, False)
    ]
    assert asked == [True, False]


SCORES = st.sampled_from([None, 0.0, 0.29, 0.3, 0.4, 0.9])
SIGNALS = st.lists(
    st.builds(
        lambda label, score, start, length, placed: found(
            label, score, *((start, start + length) if placed else (None, None))
        ),
        st.sampled_from(["gore", "nudity"]),
        SCORES,
        st.integers(0, 9),
        st.integers(0, 4),
        st.booleans(),
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def relations(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return pack_of(tmp_path_factory.mktemp("pack"), f"{WITHIN} || (nudity >= 0.2 && {BEFORE})", then="refuse")


@settings(max_examples=200, deadline=None)
@given(SIGNALS, SIGNALS)
def test_more_evidence_never_makes_it_milder(relations: Policy, first: list[Signal], more: list[Signal]) -> None:
    known = [one for one in more if one.score is not None]
    before, after = (decide(Gate.VIDEO, signals, {}, [], relations) for signals in (first, first + known))
    measured = {one.label for one in first if one.score is not None} - {o.label for o in first if o.score is None}
    if measured >= {"gore", "nudity"}:  # else what is found may show that what was missing is harmless
        assert after.decision >= before.decision
    assert ("video_order" in before.rules and "video_order" not in before.missing) <= ("video_order" in after.rules)


@settings(max_examples=200, deadline=None)
@given(SIGNALS)
def test_the_index_leaves_out_only_what_is_quiet(relations: Policy, signals: list[Signal]) -> None:
    several = relations.compiled_rules[Gate.VIDEO]
    everything = RuleIndex(compiled_rules=several, always_evaluated=tuple(range(len(several))), scores={}, positions={})
    unindexed = replace(relations, index={**relations.index, Gate.VIDEO: everything})
    assert decide(Gate.VIDEO, signals, {}, [], unindexed) == decide(Gate.VIDEO, signals, {}, [], relations)


@pytest.mark.parametrize(
    "when",
    [
        "!within(gore >= 0.3, nudity >= 0.4, 2.0)",
        "within(gore < 0.3, nudity >= 0.4, 2.0)",
        "within(gore >= 0.3, gore >= 0.4, 2.0)",
        "within(gore >= 0.3 || nudity >= 0.2, nudity >= 0.4, 2.0)",
        "within(gore + nudity >= 0.3, nudity >= 0.4, 2.0)",
        "within(gore >= 0.3, has_reference, 2.0)",
        "within(gore >= seconds, nudity >= 0.4, 2.0)",
        "within(gore >= 0.3, nudity >= 0.4, seconds)",
        "within(gore >= 0.3, nudity >= 0.4, 601.0)",
        "within(gore >= 0.3, nudity >= 0.4, 2.0) == false",
    ],
)
def test_what_cannot_be_proved_is_refused(when: str) -> None:
    violation = label_violation(parse_syntax_tree(ENV.compile(when).serialize()), VOCABULARY.labels)
    assert violation


def test_the_index_asks_for_the_label_that_has_to_reach_more() -> None:
    tree = parse_syntax_tree(ENV.compile(WITHIN).serialize())
    assert required_scores(tree, VOCABULARY.labels) == {("nudity", 0.4)}


def test_a_relation_is_for_the_video_gate(tmp_path: Path) -> None:
    _, problems = try_load(write_pack(tmp_path, prompt_order=relation_rule(WITHIN, gate="prompt")), VOCABULARY)
    assert "they are for the video gate" in "\n".join(map(str, problems))


def test_seconds_without_a_point_are_explained(tmp_path: Path) -> None:
    when = "within(gore >= 0.3, nudity >= 0.4, 2)"
    _, problems = try_load(write_pack(tmp_path, video_order=relation_rule(when)), VOCABULARY)
    assert "seconds with a point" in "\n".join(map(str, problems))


@pytest.mark.parametrize("at", ["{ gore = [2.0, 1.0] }", "{ gore = 1.0 }", "{ hate = [1.0, 2.0] }"])
def test_an_example_says_when_in_seconds(tmp_path: Path, at: str) -> None:
    text = relation_rule(WITHIN).replace("{ gore = [1.0, 2.0], nudity = [2.0, 3.0] }", at)
    _, problems = try_load(write_pack(tmp_path, video_order=text), VOCABULARY)
    assert any("`at` of" in str(one) or "says when" in str(one) for one in problems)


def test_lint_sees_what_a_relation_makes_superfluous(tmp_path: Path) -> None:
    folder = write_pack(
        tmp_path,
        video_order=relation_rule("within(gore >= 0.6, nudity >= 0.4, 1.0)"),
        video_wider=relation_rule("within(gore >= 0.6, nudity >= 0.4, 1.0) || before(nudity >= 0.9, gore >= 0.9, 1.0)"),
        video_far=relation_rule("within(gore >= 1.5, nudity >= 0.4, 1.0) || within(gore >= 0.3, nudity >= 0.4, 9.0)"),
    )
    warnings = "\n".join(map(str, check_pack(folder, VOCABULARY).warnings))
    assert "video_order.toml:2: shadowed" in warnings  # video_gore holds from 0.5 whenever it does
    assert "video_far.toml:2: unreachable: the scores add up to 1" in warnings


def test_a_changed_relation_is_a_difference(tmp_path: Path) -> None:
    packs = []
    for seconds in ("2.0", "3.0"):
        folder = tmp_path / seconds
        folder.mkdir()
        packs.append(pack_of(folder, WITHIN.replace("2.0", seconds)))
    [change] = diff_rules(packs[0].rules, packs[1].rules)
    assert change.fields == {"when": (WITHIN, WITHIN.replace("2.0", "3.0"))}
    assert packs[0].digest != packs[1].digest


def test_the_decision_is_the_rules_own(tmp_path: Path) -> None:
    signals = [found("gore", 0.45, 0, 1), found("nudity", 0.45, 1, 2)]
    verdict = decide(Gate.VIDEO, signals, {}, [], pack_of(tmp_path, BEFORE, then="refuse"))
    assert (verdict.decision, verdict.rules) == (Decision.REFUSE, ("video_order",))
