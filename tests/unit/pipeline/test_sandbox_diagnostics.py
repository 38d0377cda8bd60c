"""assay doctor has a row for each protection of the sandbox, and says what is refused where one is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from media.sandbox.protections import SandboxProtection, sandbox_protections
from pipeline.diagnostics import installation_checks
from pipeline.settings import Settings

LOST = SandboxProtection(name="files", means="only the one file", essential=True, got_out=("read a file outside",))
MINOR = SandboxProtection(name="namespaces", means="a network of its own", essential=False, got_out=("net",))


def rows(settings: Settings) -> list[tuple[str, str]]:
    return [(row.state, row.says) for row in installation_checks._sandbox(settings)]


def test_each_protection_has_a_row(tmp_path: Path) -> None:
    assert len(rows(Settings(home=tmp_path))) == len(sandbox_protections())


def test_a_missing_one_is_broken_and_names_what_was_possible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation_checks, "sandbox_protections", lambda: (LOST, MINOR))
    broken, lacks = rows(Settings(home=tmp_path))
    assert broken[0] == "broken" and "read a file outside" in broken[1] and "refused" in broken[1]
    assert lacks[0] == "lacks"


def test_overruled_it_is_only_lacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation_checks, "sandbox_protections", lambda: (LOST,))
    ((state, says),) = rows(Settings(home=tmp_path, allow_unsandboxed=True))
    assert state == "lacks" and "allow_unsandboxed" in says
