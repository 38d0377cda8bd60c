"""What a rule file may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.verdicts import Decision, Gate
from policy.rule import Mode
from policy.rule_files import read_rules
from tests.unit.policy.packs import rule


def problems(folder: Path, text: str, name: str = "a.toml") -> list[str]:
    (folder / name).write_text(text, encoding="utf-8")
    return [str(problem) for problem in read_rules(folder)[1]]


def test_what_is_not_said_is_strict(tmp_path: Path) -> None:
    assert problems(tmp_path, rule("hate")) == []
    [one] = read_rules(tmp_path)[0]
    assert (one.name, one.gate, one.then) == ("a", Gate.PROMPT, Decision.HOLD)
    assert (one.if_missing, one.mode, one.final) == (Decision.HOLD, Mode.ENFORCE, False)
    assert [example.line for example in one.examples] == [9, 13]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version      = 1", "version = 0", "a.toml:7: versions count from 1"),
        ("version      = 1", 'version = "1"', "a.toml:7: `version` must be of type int"),
        ("version      = 1", "version = true", "a.toml:7: `version` must be of type int"),
        ('then         = "hold"', 'then = "allow"', "a.toml:3: `then` must be one of hold, refuse"),
        ('"prompt"', '"door"', "a.toml:1: `gate` must be one of enrol, prompt, video"),
        ("VIOLENCE", "MISCHIEF", "a.toml:5: `dsa_category` must be one of ANIMAL_WELFARE"),
        ("It is about hate.", " ", "a.toml:4: `reason` is empty"),
        ("\n\n[[", '\nmode = "on"\n[[', "a.toml:8: `mode` must be one of enforce, off, shadow"),
        ("\n\n[[", '\nmod = "off"\n[[', "a.toml:8: there is no key `mod`; there are gate, when, then"),
        ("\n\n[[", '\nif_missing = "allow"\n[[', "a.toml:8: to allow what could not be measured, say `why`"),
        ("\n\n[[", '\nif_missing = "refuse"\n[[', "a.toml:8: missing evidence may not be graver"),
        ("{ hate = 0.5 }", "{ hate = 1.5 }", "a.toml:9: the score of 'hate' must be from 0 to 1"),
        ("{ hate = 0.5 }", '{ hate = "high" }', "a.toml:9: the score of 'hate' must be from 0 to 1"),
        ('gives  = "allow"', 'gives = "yes"', "a.toml:13: `gives` must be one of allow, hold, refuse"),
        ('gives  = "allow"', 'gives = "allow"\nnote = 1', "a.toml:13: there is no key `note`"),
    ],
)
def test_each_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = rule("hate")
    assert old in text
    [found] = problems(tmp_path, text.replace(old, new, 1))
    assert found.startswith(said)


def test_keys_that_are_missing_are_all_named(tmp_path: Path) -> None:
    found = problems(tmp_path, 'gate = "prompt"\n')
    assert len(found) == 7
    assert "a.toml:1: the key `reason` is missing" in found


@pytest.mark.parametrize(
    ("text", "line"), [("gate = \n", 1), ('gate = "prompt"\nwhen = \n', 2), ("a = 1\n[[examples", 2)]
)
def test_what_is_not_toml_is_named_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    [found] = problems(tmp_path, text)
    assert found.startswith(f"a.toml:{line}: not TOML: ")


def test_what_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    assert [str(problem) for problem in read_rules(tmp_path)[1]] == ["a.toml: not UTF-8 text: save it as UTF-8"]


def test_a_name_is_taken_once_in_all_folders(tmp_path: Path) -> None:
    (tmp_path / "eu").mkdir()
    (tmp_path / "eu" / "a.toml").write_text(rule("hate"), encoding="utf-8")
    assert problems(tmp_path, rule("hate")) == ["eu/a.toml: the name 'a' is taken by a.toml: rename this file"]


def test_a_rule_is_named_in_lower_case(tmp_path: Path) -> None:
    [found] = problems(tmp_path, rule("hate"), "No-Hate.toml")
    assert found.startswith("No-Hate.toml: the file's name is the rule's")
