"""What differs between two policies is told rule by rule."""

from __future__ import annotations

from pathlib import Path

from policy.lint.rule_diff import diff_rules
from policy.lint.weakened_rules import weakened_rules
from policy.pack import load
from policy.rule_files import read_rules
from tests.unit.policy.packs import VOCABULARY, rule, write_pack


def rules(folder: Path, **given: str):
    folder.mkdir()
    return read_rules(write_pack(folder, **given))[0]


def test_rules_are_added_removed_and_changed(tmp_path: Path) -> None:
    old = rules(tmp_path / "a", gone=rule("gore"), prompt_hate=rule("hate"))
    new = rules(
        tmp_path / "b", came=rule("gore"), prompt_hate=rule("hate", at=0.9, then="refuse", more="final = true\n")
    )
    found = {change.rule: change for change in diff_rules(old, new)}
    assert {name: change.kind for name, change in found.items()} == {
        "gone": "removed",
        "came": "added",
        "prompt_hate": "changed",
    }
    assert found["prompt_hate"].fields == {
        "when": ("hate >= 0.5", "hate >= 0.9"),
        "then": ("hold", "refuse"),
        "final": ("False", "True"),
    }


def test_a_policy_does_not_differ_from_itself_and_comments_are_no_difference(tmp_path: Path) -> None:
    old, new = rules(tmp_path / "a"), rules(tmp_path / "b", prompt_sexual="# said anew\n" + rule("sexual"))
    assert list(diff_rules(old, new)) == []


def test_audiences_and_modes_are_told(tmp_path: Path) -> None:
    text = rule("hate", more="threshold = 0.5\n").replace('"hate >= 0.5"', '"hate >= threshold"')
    minor = text + "\n[[audiences]]\naccount_minor = true\nthreshold = 0.3\n"
    old, new = (
        rules(tmp_path / "a", h=text),
        rules(tmp_path / "b", h=minor.replace("threshold = 0.5", 'threshold = 0.5\nmode = "shadow"')),
    )
    [change] = diff_rules(old, new)
    assert change.fields == {"audiences": ("", "account_minor = true: 0.3"), "mode": ("enforce", "shadow")}


def test_an_added_rule_is_told_with_its_threshold_its_audiences_and_that_it_is_final(tmp_path: Path) -> None:
    text = rule("hate", more="threshold = 0.5\nfinal = true\n").replace('"hate >= 0.5"', '"hate >= threshold"')
    old = rules(tmp_path / "a", gone=rule("gore"))
    new = rules(
        tmp_path / "b", gone=rule("gore"), came=text + "\n[[audiences]]\naccount_minor = true\nthreshold = 0.3\n"
    )
    [change] = diff_rules(old, new)
    assert change.kind == "added"
    assert {name: change.fields[name][1] for name in ("threshold", "audiences", "final")} == {
        "threshold": "0.5",
        "audiences": "account_minor = true: 0.3",
        "final": "True",
    }
    assert "two_person" not in change.fields


def test_a_new_rule_that_no_single_person_may_lift_counts_as_a_changed_one_does(tmp_path: Path) -> None:
    for name, more in (("final", "final = true\n"), ("two", "two_person = true\n"), ("plain", "")):
        for folder in (f"{name}-a", f"{name}-b"):
            (tmp_path / folder).mkdir()
        before = load(write_pack(tmp_path / f"{name}-a"), VOCABULARY)
        after = load(write_pack(tmp_path / f"{name}-b", came=rule("hate", more=more)), VOCABULARY)
        assert weakened_rules(before, after) == ([] if name == "plain" else ["came"])
