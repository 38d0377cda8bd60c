"""A profile: modes for a kind of machine, and honest words about what it does not measure."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import PolicyError
from policy.lint.pack_check import check_pack
from policy.pack import load, try_load
from policy.profile import PROFILES, PolicyProfile, load_profile, parse_profile
from policy.rule import Mode
from tests.unit.policy.packs import VOCABULARY, rule, write_pack

HONEST = """\
says = "A small machine."

[modes]
prompt_hate = "shadow"

[instead]
hate = "Hate is not looked for."
"""


def small(text: str = HONEST) -> PolicyProfile:
    return parse_profile("small", text)


def test_a_profile_gives_rules_another_mode_and_the_digest_says_so(tmp_path: Path) -> None:
    folder = write_pack(tmp_path, prompt_hate=rule("hate"))
    plain, changed = load(folder, VOCABULARY), load(folder, VOCABULARY, small())
    assert [one.mode for one in changed.rules if one.name == "prompt_hate"] == [Mode.SHADOW]
    assert plain.digest != changed.digest
    shadow = write_pack(tmp_path, prompt_hate=rule("hate", more='mode = "shadow"\n'))
    assert load(shadow, VOCABULARY).digest == changed.digest


def test_what_is_not_covered_is_listed_with_what_happens_instead(tmp_path: Path) -> None:
    report = check_pack(write_pack(tmp_path, prompt_hate=rule("hate")), VOCABULARY, small())
    [gap] = [one for one in report.uncovered if one.label == "hate"]
    assert (gap.gate, gap.rules, gap.instead) == ("prompt", ("prompt_hate",), "Hate is not looked for.")
    assert not any("'hate'" in warning.text for warning in report.warnings)


def test_a_profile_that_is_silent_about_a_gap_leaves_the_warning(tmp_path: Path) -> None:
    silent = small(HONEST.split("[instead]")[0])
    texts = [w.text for w in check_pack(write_pack(tmp_path, prompt_hate=rule("hate")), VOCABULARY, silent).warnings]
    assert "only shadow rules at the prompt gate use the label 'hate'" in texts


def test_a_profile_that_denies_what_is_covered_is_told(tmp_path: Path) -> None:
    report = check_pack(
        write_pack(tmp_path, prompt_hate=rule("hate")), VOCABULARY, small(HONEST.replace("shadow", "enforce"))
    )
    assert "small.toml:7: the profile says that 'hate' is not covered, and enforced rules read it" in map(
        str, report.warnings
    )


def test_a_profile_may_not_leave_a_gate_unguarded(tmp_path: Path) -> None:
    _, problems = try_load(write_pack(tmp_path), VOCABULARY, small(HONEST.replace("prompt_hate", "prompt_sexual")))
    assert "nothing guards the prompt gate" in problems[0].text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (HONEST.replace("prompt_hate", "prompt_hat"), "small.toml:4: there is no rule 'prompt_hat' in this pack"),
        (HONEST.replace("\nhate =", "\nhat ="), "small.toml:7: there is no label 'hat'"),
    ],
)
def test_what_it_names_must_be_there(tmp_path: Path, text: str, complaint: str) -> None:
    _, problems = try_load(write_pack(tmp_path, prompt_hate=rule("hate")), VOCABULARY, small(text))
    assert complaint in map(str, problems)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("says = ", "small.toml: not TOML"),
        ('colour = "red"\n' + HONEST, "small.toml:1: there is no key `colour`"),
        (HONEST.replace('"shadow"', '"dark"'), "small.toml:4: a mode is one of enforce, shadow, off"),
        (HONEST.replace("Hate is not looked for.", " "), "small.toml:7: say in words what happens instead"),
        (HONEST.replace("A small machine.", ""), "a profile has `says`"),
    ],
)
def test_a_file_that_is_no_profile_is_refused_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(PolicyError, match=complaint.replace("[", r"\[").replace("?", r"\?")):
        small(text)


def test_an_unknown_profile_is_refused_and_a_path_is_no_way_out() -> None:
    for name in ("desktop", "../rules/prompt_gore"):
        with pytest.raises(PolicyError, match="it is one of laptop, server, or a TOML file"):
            load_profile(name)


@pytest.mark.parametrize("name", sorted(path.stem for path in PROFILES.glob("*.toml")))
def test_a_profile_that_comes_with_assay_is_read(name: str) -> None:
    assert load_profile(name).says.endswith(".")
    assert all(words.endswith(".") for words in load_profile(name).instead.values())
