"""What differs between two policies is told rule by rule."""

from __future__ import annotations

from pathlib import Path

from policy.lint.rule_diff import diff_rules
from policy.rule_files import read_rules
from tests.unit.policy.packs import rule, write_pack


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
