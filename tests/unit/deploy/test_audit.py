"""No release passes on a vulnerability that is known, nor on an answer that nobody gave."""

from __future__ import annotations

import json
import stat
from datetime import date

import pytest

from deploy.audit.gate import CANNOT_TELL, PASSED, VULNERABLE, Accepted, accepted, gate, judge

TODAY = date(2026, 11, 26)
NOTHING = Accepted(vulnerabilities=frozenset(), unjudged=frozenset())
CLEAN = {"name": "numpy", "version": "2.4.6", "vulns": []}
FLAWED = {
    "name": "idna",
    "version": "3.6",
    "vulns": [{"id": "PYSEC-2024-60", "aliases": ["CVE-2024-3651"], "fix_versions": ["3.7"]}],
}
UNKNOWN = {"name": "torch", "skip_reason": "Dependency not found on PyPI and could not be audited: torch (2.13.0+cpu)"}


@pytest.mark.parametrize(
    ("packages", "code"),
    [
        ([CLEAN], PASSED),
        ([CLEAN, FLAWED], VULNERABLE),
        ([UNKNOWN, FLAWED], VULNERABLE),
        ([CLEAN, UNKNOWN], CANNOT_TELL),
        ([UNKNOWN], CANNOT_TELL),
        ([], CANNOT_TELL),
    ],
)
def test_a_package_that_nobody_judged_was_not_found_clean(packages, code):
    assert judge({"dependencies": packages}, NOTHING).code == code


def test_the_vulnerability_is_named_with_what_mends_it():
    assert judge({"dependencies": [FLAWED]}, NOTHING).lines[1] == "idna 3.6: PYSEC-2024-60, mended in 3.7"


@pytest.mark.parametrize(("day", "code"), [(TODAY, PASSED), (date(2027, 1, 1), VULNERABLE)])
def test_what_is_accepted_is_accepted_until_its_day_and_by_any_of_its_names(day, code):
    text = '[[vulnerability]]\nid = "CVE-2024-3651"\nwhy = "not called"\nuntil = 2026-12-31\n'
    assert judge({"dependencies": [FLAWED]}, accepted(text, day)).code == code


def test_a_reason_has_to_be_given():
    with pytest.raises(KeyError):
        accepted('[[unjudged]]\npackage = "torch"\nuntil = 2026-12-31\n', TODAY)


@pytest.mark.parametrize(
    ("says", "ends", "code"),
    [
        (json.dumps({"dependencies": [CLEAN]}), 0, PASSED),
        (json.dumps({"dependencies": [UNKNOWN]}), 0, CANNOT_TELL),  # "No known vulnerabilities found", says pip-audit
        ("", 1, CANNOT_TELL),
        ("ERROR: connection refused", 1, CANNOT_TELL),
    ],
)
def test_a_service_that_does_not_answer_passes_nothing(tmp_path, says, ends, code):
    tool = tmp_path / "pip-audit"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit {ends}\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    assert gate(tool, tmp_path, today=TODAY).code == code


def test_a_tool_that_is_not_there_passes_nothing(tmp_path):
    assert gate(tmp_path / "nowhere", tmp_path, today=TODAY).code == CANNOT_TELL
