"""What load() proves, and how it says that it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import PolicyError
from policy.pack import load
from policy.rule import rules_digest
from policy.vocabulary import Vocabulary
from tests.unit.policy.packs import PROMPT, VOCABULARY, rule, write_pack


def complaint(folder: Path) -> str:
    with pytest.raises(PolicyError) as caught:
        load(folder, VOCABULARY)
    return str(caught.value)


def test_a_sound_pack_is_loaded(tmp_path: Path) -> None:
    policy = load(write_pack(tmp_path), VOCABULARY)
    assert [one.name for one in policy.rules] == ["prompt_sexual", "video_gore"]
    assert len(policy.digest) == 64


def test_an_unknown_label_is_pointed_at_with_a_guess(tmp_path: Path) -> None:
    text = rule("hate").replace('"hate >= 0.5"', '"hat >= 0.5"')
    assert complaint(write_pack(tmp_path, prompt_hate=text)) == (
        "prompt_hate.toml:2: there is no label or fact 'hat'; did you mean 'hate'?\n    hat >= 0.5\n    ^"
    )


def test_a_wrong_type_is_pointed_at(tmp_path: Path) -> None:
    found = complaint(write_pack(tmp_path, prompt_hate=rule("hate").replace("hate >= 0.5", "hate >= 1")))
    assert found.startswith("prompt_hate.toml:2: a number beside a label, or a fact with a fraction, needs a point")
    assert "write 20.0 for 20" in found
    assert found.endswith("\n    hate >= 1\n         ^")


def test_in_a_condition_of_several_lines_the_right_line_is_named(tmp_path: Path) -> None:
    text = rule("hate").replace('"hate >= 0.5"', '"""\nhate >= 0.5\n  || nope\n"""')
    assert complaint(write_pack(tmp_path, prompt_hate=text)).startswith("prompt_hate.toml:4: there is no label")


def test_a_condition_that_is_no_condition_is_refused(tmp_path: Path) -> None:
    text = rule("hate").replace('"hate >= 0.5"', '"hate"')
    assert "`when` must be true or false, not DOUBLE" in complaint(write_pack(tmp_path, prompt_hate=text))


def test_a_condition_that_falls_when_a_score_rises_is_refused(tmp_path: Path) -> None:
    text = rule("hate").replace("hate >= 0.5", "!(hate >= 0.5)")
    assert complaint(write_pack(tmp_path, prompt_hate=text)).startswith(
        "prompt_hate.toml:2: a label may not be negated: more evidence would make the verdict milder"
    )


def test_a_label_that_is_not_measured_at_the_gate_is_refused(tmp_path: Path) -> None:
    found = complaint(write_pack(tmp_path, video_hate=rule("hate", gate="video")))
    assert "video_hate.toml:2: 'hate' is not measured at the video gate" in found


def test_an_example_that_does_not_hold_is_named_by_its_line(tmp_path: Path) -> None:
    text = rule("hate").replace("{ hate = 0.5 }", "{ hate = 0.4 }")
    found = complaint(write_pack(tmp_path, prompt_hate=text))
    assert "prompt_hate.toml:9: this example is to give hold, and the rule gives allow" in found
    assert "no example with all that it needs gives hold: add one" in found


def test_an_example_that_fires_only_for_want_of_evidence_shows_nothing(tmp_path: Path) -> None:
    text = rule("hate").replace("{ hate = 0.5 }", "{ }")
    assert "no example with all that it needs gives hold" in complaint(write_pack(tmp_path, prompt_hate=text))


def test_an_example_may_not_score_what_the_rule_does_not_speak_of(tmp_path: Path) -> None:
    text = rule("hate").replace("{ hate = 0.5 }", "{ hate = 0.5, sexual = 0.1 }")
    assert "scores 'sexual', of which the rule does not speak" in complaint(write_pack(tmp_path, prompt_hate=text))


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    found = complaint(
        write_pack(
            tmp_path, a=rule("nope"), b=rule("hate", more='colour = "red"\n'), c="then = ", d=rule("hate", at=2.0)
        )
    )
    said = [line.split(":")[0] for line in found.splitlines() if not line.startswith(" ")]
    assert list(dict.fromkeys(said)) == ["a.toml", "b.toml", "c.toml", "d.toml"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('mode = "shadow"\n', "a rule in shadow does not count"),
        ('mode = "off"\n', "nobody asks it"),
        ('if_missing = "allow"\nwhy = "because"\n', "it allows what is missing"),
    ],
)
def test_a_gate_that_nothing_guards_is_refused(tmp_path: Path, more: str, why: str) -> None:
    found = complaint(write_pack(tmp_path, prompt_sexual=rule("sexual", more=more)))
    assert "nothing guards the prompt gate" in found, why


def test_a_rule_that_a_fact_can_silence_guards_no_gate(tmp_path: Path) -> None:
    text = rule("sexual").replace("sexual >= 0.5", "has_reference && sexual >= 0.5")
    text = text.replace("{ sexual = 0.5 }", "{ sexual = 0.5 }\nfacts = { has_reference = true }")
    assert "nothing guards the prompt gate" in complaint(write_pack(tmp_path, prompt_sexual=text))


def test_an_empty_folder_is_no_policy(tmp_path: Path) -> None:
    assert complaint(tmp_path).count("nothing guards") == 2


def test_a_folder_that_is_not_there_is_no_policy(tmp_path: Path) -> None:
    assert "there is no folder of rules called 'nowhere'" in complaint(tmp_path / "nowhere")


def test_the_digest_changes_with_what_bears_on_a_verdict_and_with_nothing_else(tmp_path: Path) -> None:
    def named(text: str) -> str:
        return load(write_pack(tmp_path, prompt_hate=text), VOCABULARY).digest

    first = named(rule("hate"))
    assert named("# a word\n" + rule("hate") + '\n[[examples]]\nscores = { hate = 0.1 }\ngives = "allow"\n') == first
    assert named(rule("hate").replace("policy@", "someone@")) == first
    changed = [
        rule("hate", at=0.6),
        rule("hate", then="refuse"),
        rule("hate", more="final = true\n"),
        rule("hate", more='mode = "shadow"\n'),
        rule("hate").replace("version      = 1", "version      = 2"),
        rule("hate").replace("It is about", "It concerns"),
    ]
    assert len({first, *map(named, changed)}) == 7


def test_the_digest_does_not_depend_on_order(tmp_path: Path) -> None:
    rules = load(write_pack(tmp_path), VOCABULARY).rules
    assert rules_digest(rules) == rules_digest(reversed(rules))


def test_a_vocabulary_is_refused_where_names_are_odd_or_doubled() -> None:
    for labels, facts in (
        ({"Gore": frozenset({PROMPT})}, {}),
        ({"gore": frozenset({PROMPT})}, {"gore": int}),
        ({}, {"x": list}),
    ):
        with pytest.raises(ValueError, match=r"name|both|must be"):
            Vocabulary(labels=labels, facts=facts)
