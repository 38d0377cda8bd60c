"""The page of requirements names each one, and only tests that exist."""

import re

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "reference" / "requirements.md").read_text()
EXPECTED = [
    *(f"G{number}" for number in range(1, 14)),
    *(f"W{number}" for number in range(1, 5)),
    *(f"R{number}" for number in range(1, 6)),
    *(f"V{number}" for number in range(15)),
    "O1",
]


def test_every_requirement_has_its_row():
    assert re.findall(r"^\| ([A-Z]\d+) \|", PAGE, re.M) == EXPECTED


def test_every_row_names_a_test_that_exists():
    missing = []
    for row in re.findall(r"^\| [A-Z]\d+ \|.*", PAGE, re.M):
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", row)
        missing += [row[:8]] if not named else []
        for file, test in named:
            path = ROOT / "tests" / file
            if not path.exists() or f"def {test}(" not in path.read_text():
                missing.append(f"{file}::{test}")
    assert missing == []
