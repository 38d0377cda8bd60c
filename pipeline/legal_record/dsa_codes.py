"""Codes, lengths and categories of the DSA Transparency Database and of the report, from `dsa_codes.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

CATEGORY_PREFIX = "STATEMENT_CATEGORY_"
SPECIFICATION_PREFIX = "KEYWORD_"
OTHER_SPECIFICATION = "KEYWORD_OTHER"
NOT_IN_DATABASE = frozenset({"STATEMENT_CATEGORY_NOT_SPECIFIED_ORDER"})
"""Categories that the report has and the database does not."""


@cache
def _data() -> Mapping[str, Mapping[str, list[str]]]:
    return tomllib.loads((Path(__file__).parent / "dsa_codes.toml").read_text("utf-8"))


def codes(field: str) -> tuple[str, ...]:
    """What a field of the database may be."""
    return tuple(_data()["codes"][field])


@cache
def limits() -> Mapping[str, int]:
    """How many characters a field may have."""
    found: Mapping[str, int] = _data()["limits"]  # type: ignore[assignment]
    return found


@cache
def categories() -> Mapping[str, tuple[str, ...]]:
    """Every category with its specifications, in the report's order."""
    return {name: tuple(found) for name, found in _data()["categories"].items()}


@cache
def specifications() -> frozenset[str]:
    """Every specification that the database takes."""
    return frozenset({name for found in categories().values() for name in found} | set(codes("further_specifications")))
