"""What `check_pack` says of packs that can be loaded, and of those that cannot."""

from __future__ import annotations

from pathlib import Path

from policy.lint.pack_check import check_pack
from tests.unit.policy.packs import VOCABULARY, rule, write_pack


def warnings(folder: Path) -> list[str]:
    report = check_pack(folder, VOCABULARY)
    assert report.errors == ()
    return [str(warning) for warning in report.warnings]


def test_labels_that_no_rule_speaks_of_are_named(tmp_path: Path) -> None:
    found = warnings(write_pack(tmp_path))
    assert "(pack): no rule at the prompt gate uses the label 'hate'" in found
    assert not any("'sexual'" in warning for warning in found)


def test_labels_that_are_only_watched_are_named(tmp_path: Path) -> None:
    found = warnings(write_pack(tmp_path, prompt_hate=rule("hate", more='mode = "shadow"\n')))
    assert "(pack): only shadow rules at the prompt gate use the label 'hate'" in found


def test_a_rule_that_is_off_is_named(tmp_path: Path) -> None:
    found = warnings(write_pack(tmp_path, prompt_hate=rule("hate", more='mode = "off"\n')))
    assert "prompt_hate.toml:8: switched off: nobody asks this rule" in found


def test_a_rule_that_always_or_never_fires_is_refused_for_want_of_examples(tmp_path: Path) -> None:
    report = check_pack(write_pack(tmp_path, never=rule("hate", at=1.1), always=rule("hate", at=-1.0)), VOCABULARY)
    assert {error.file for error in report.errors} == {"never.toml", "always.toml"}
    assert report.digest == ""


def test_the_report_counts_rules_and_names_the_policy(tmp_path: Path) -> None:
    report = check_pack(write_pack(tmp_path), VOCABULARY)
    assert (report.rules, len(report.digest)) == (2, 64)
