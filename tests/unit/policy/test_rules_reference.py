"""The page about rules says what the rules say."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import PolicyError
from policy import rules_reference
from policy.pack import DEFAULT_PACK
from tests.unit.policy.packs import write_pack


def test_the_page_in_the_repository_is_current() -> None:
    assert rules_reference.main(["--check"]) == 0


def test_a_page_that_is_not_current_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules_reference, "PAGE", tmp_path / "reference" / "rules.md")
    assert rules_reference.main(["--check"]) == 1
    assert rules_reference.main([]) == 0
    assert rules_reference.main(["--check"]) == 0
    rules_reference.PAGE.write_text(
        rules_reference.PAGE.read_text(encoding="utf-8").replace("hold", "allow"), encoding="utf-8"
    )
    assert rules_reference.main(["--check"]) == 1


def test_every_rule_has_its_section() -> None:
    text = rules_reference.rules_page()
    assert all(f"### {path.stem}\n" in text for path in DEFAULT_PACK.glob("*.toml"))


def test_a_pack_that_cannot_be_read_has_no_page(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="not TOML"):
        rules_reference.rules_page(write_pack(tmp_path, broken="gate ="))
