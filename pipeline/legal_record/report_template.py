"""The template of the transparency report as data (`report_template.toml`), and a checker for what is filled in."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.legal_record.dsa_codes import OTHER_SPECIFICATION, categories

Cells = Sequence[str]
TOTAL = "TOTAL"
_CATEGORY = 3  # the column of the category in parts 3 to 6
_OTHER = 4
_PERIOD = re.compile(r"(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})")
_COUNT = re.compile(r"0|[1-9][0-9]*")
_DECIMAL = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?")
_MOST_TEXT = 5000
_SHARES = ("Accuracy of the automated means", "Percentage of")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file of the template: its columns, and its rows or the categories that make them."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    applicability: str
    categories: tuple[str, ...]

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.csv"


@cache
def template_parts() -> Mapping[str, Part]:
    """Every part by its name, in order."""
    return {
        name: Part(
            name=name,
            columns=tuple(found["columns"]),
            rows=tuple(tuple(row) for row in found.get("rows", ())),
            applicability=found.get("applicability", ""),
            categories=tuple(found.get("categories", ())),
        )
        for name, found in _data()["parts"].items()
    }


@cache
def official_languages() -> tuple[str, ...]:
    """The Union's, as the template writes them."""
    return tuple(_data()["languages"])


@cache
def member_states() -> tuple[str, ...]:
    """The Union's, as the template writes them."""
    return tuple(_data()["states"])


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads((Path(__file__).parent / "report_template.toml").read_text("utf-8"))


def expanded_rows(part: Part) -> Iterator[tuple[str, ...]]:
    """The fixed rows of a part, one for each language or state where it says so."""
    for row in part.rows:
        each = {"LANGUAGE": official_languages(), "STATE": member_states()}.get(row[-1], (row[-1],))
        for value in each:
            yield (*row[:-1], value)


def csv_text(rows: Sequence[Cells]) -> str:
    """As RFC 4180 has it, in UTF-8."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def check_report(files: Mapping[str, str]) -> list[str]:
    """What is wrong with a report, by the names of its files; empty where it is as the template wants it."""
    wrong = [f"{name}: the template has no such file" for name in files if name not in _file_names()]
    for part in template_parts().values():
        if part.file not in files:
            wrong.append(f"{part.file}: it is missing")
            continue
        rows = list(csv.reader(io.StringIO(files[part.file]), strict=True))
        wrong += [f"{part.file}, line {line}: {says}" for line, says in _part_problems(part, rows)]
    return wrong


def _file_names() -> frozenset[str]:
    return frozenset(part.file for part in template_parts().values())


def _part_problems(part: Part, rows: Sequence[Cells]) -> Iterator[tuple[int, str]]:
    if not rows or tuple(rows[0]) != part.columns:
        yield 1, "the columns are not those of the template"
        return
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(part.columns):
            yield number, f"it has {len(row)} cells and not {len(part.columns)}"
            return
    check = _listed if part.categories else _fixed
    for number, says in check(part, rows[1:]):
        yield number + 2, says
    if "Reporting period" in part.columns:
        column = part.columns.index("Reporting period")
        for number, row in enumerate(rows[1:], 2):
            if not _is_period(row[column]):
                yield number, f"{row[column]!r} is no period, as 2026-01-01/2026-12-31"
    if len({row[1] for row in rows[1:]}) > 1 and part.name != "2_categories_names":
        yield 2, "it names several services"


def _fixed(part: Part, rows: Sequence[Cells]) -> Iterator[tuple[int, str]]:
    """Parts whose rows are given: each is there once, in order."""
    keys = [tuple(row[at] for at in _key_columns(part)) for row in rows]
    wanted = list(expanded_rows(part))
    if keys != wanted:
        at = next((n for n, (one, other) in enumerate(zip(keys, wanted, strict=False)) if one != other), len(keys))
        yield min(at, len(rows)), "the rows are not those of the template"
        return
    for number, row in enumerate(rows):
        if "Value" in part.columns and (says := _value_problem(part, row)):
            yield number, says


def _key_columns(part: Part) -> tuple[int, ...]:
    if part.name == "2_categories_names":
        return (0, 1, 2)
    named = ("Applicability", "Section", "Indicator", "Scope")
    return tuple(part.columns.index(name) for name in named if name in part.columns)


def _value_problem(part: Part, row: Cells) -> str:
    value = row[part.columns.index("Value")]
    indicator, scope = (row[part.columns.index(n)] if n in part.columns else "" for n in ("Indicator", "Scope"))
    if part.name == "1_report_identification":
        empty = not value and "previous" in indicator
        return "" if empty or not indicator.startswith(("Date", "Start", "End")) or _is_day(value) else "it is no day"
    if part.name == "11_qualitative":
        return "" if len(value) <= _MOST_TEXT else f"it is longer than {_MOST_TEXT} characters"
    if not value:
        return ""
    if indicator.startswith(_SHARES) or scope.startswith(_SHARES):
        return "" if _DECIMAL.fullmatch(value) and float(value) <= 1 else f"{value!r} is no share from 0 to 1"
    if scope == "Median time":
        return "" if _DECIMAL.fullmatch(value) else f"{value!r} is no number of hours"
    return "" if _COUNT.fullmatch(value) else f"{value!r} is no whole number"


def _listed(part: Part, rows: Sequence[Cells]) -> Iterator[tuple[int, str]]:
    """Parts with a row for each category and specification, whose sums have to agree."""
    scope = part.columns.index("Scope") if "Scope" in part.columns else None
    for of in dict.fromkeys(row[scope] if scope is not None else "" for row in rows):
        if scope is not None and of != TOTAL and of not in member_states():
            yield 0, f"{of!r} is no state"
        mine = [(n, row) for n, row in enumerate(rows) if scope is None or row[scope] == of]
        yield from _category_rows(part, mine, everything=of in ("", TOTAL))
    for number, row in enumerate(rows):
        for column, name in enumerate(part.columns):
            if row[column] and (says := _cell_problem(name, row[column])):
                yield number, says


def _category_rows(part: Part, rows: Sequence[tuple[int, Cells]], *, everything: bool) -> Iterator[tuple[int, str]]:
    wanted = [TOTAL, *(code for name in part.categories for code in (name, *categories()[name]))]
    found: list[str] = []
    others: set[tuple[str, str]] = set()
    category = ""
    for number, row in rows:
        code, other = row[_CATEGORY], row[_OTHER]
        category = code if code.startswith("STATEMENT") else category
        if code == OTHER_SPECIFICATION:
            if (category, other) in others:
                yield number, "two rows for other specifications have one description"
            others.add((category, other))
            if any(row[at] not in ("", "0") for at in _counting(part)) and not other:
                yield number, "another specification is counted and not described"
            if found and found[-1] == OTHER_SPECIFICATION:
                continue  # more of the same, as the template allows
        found.append(code)
    if everything and found != wanted:
        yield 0, "the categories are not those of the template, in its order"
    yield from _sum_problems(part, [row for _, row in rows])


def _sum_problems(part: Part, rows: Sequence[Cells]) -> Iterator[tuple[int, str]]:
    for column in _counting(part):
        name = part.columns[column].strip()
        total, sums, stated = 0, dict[str, int](), dict[str, int]()
        category = ""
        for row in rows:
            value = int(row[column]) if _COUNT.fullmatch(row[column]) else 0
            if row[_CATEGORY] == TOTAL:
                total = value
            elif row[_CATEGORY].startswith("STATEMENT"):
                category = row[_CATEGORY]
                stated[category] = value
            else:
                sums[category] = sums.get(category, 0) + value
        if total != sum(stated.values()):
            yield 0, f"the total of {name!r} is not the sum of its categories"
        for one, value in sums.items():
            if value != stated[one]:
                yield 0, f"the specifications of {one} do not add up to {name!r}"


def _counting(part: Part) -> tuple[int, ...]:
    """The columns whose numbers add up."""
    counted = ("Number of", "Visibility restriction")
    return tuple(at for at, name in enumerate(part.columns) if name.strip().startswith(counted))


def _cell_problem(column: str, value: str) -> str:
    name = column.strip()
    if name.startswith("Median time"):
        return "" if _DECIMAL.fullmatch(value) else f"{value!r} is no number of hours"
    counted = ("Number of", "Visibility", "Monetary", "Provision", "Account")
    return "" if not name.startswith(counted) or _COUNT.fullmatch(value) else f"{value!r} is no whole number"


def _is_period(text: str) -> bool:
    found = _PERIOD.fullmatch(text)
    return found is not None and _is_day(found[1]) and _is_day(found[2]) and found[1] <= found[2]


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
