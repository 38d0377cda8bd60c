"""The page of verdicts is true: every verdict, state and exit code is on it as the code has it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from core.codec import load
from core.finding import Finding, FindingVerdict
from provenance.c2pa.credential_causes import CredentialsCause
from provenance.c2pa.source_types import SOURCE_TYPES
from provenance.verification.finding_evidence import _STATES
from provenance.verification.verify import _EXIT_CODES, finding_to_json

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "verdicts.md").read_text()


def test_every_verdict_is_on_the_page_with_its_exit_code():
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (\d)[^|]*\|$", PAGE, re.MULTILINE))
    assert {verdict.value: str(code) for verdict, code in _EXIT_CODES.items()} == rows
    assert set(_EXIT_CODES) == set(FindingVerdict)


def test_every_state_of_credentials_is_on_the_page():
    section = PAGE.split("## States of credentials")[1].split("<!-- causes -->")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(_STATES)


def test_every_cause_is_on_the_page():
    section = PAGE.split("<!-- causes -->")[1].split("<!-- end of causes -->")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [cause.value for cause in CredentialsCause]


def test_every_source_type_is_on_the_page():
    listed = PAGE.split("<!-- source types -->")[1].split("A seal also")[0]
    assert set(re.findall(r"\w+", listed)) == SOURCE_TYPES


def test_the_json_on_the_page_is_a_finding():
    shown = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])
    assert finding_to_json(load(Finding, shown)) == shown
