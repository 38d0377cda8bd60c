"""What is wrong with a statement of reasons, by what the DSA Transparency Database documents of each field.

Stricter than the database where its documentation says more than it checks: a field that is not documented is refused,
a category's specification has to be one of its own, an end is not before the beginning, and the territory is not empty.
Identifiers of products (content_id) are left out: no video has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from urllib.parse import urlsplit

from pipeline.legal_record.dsa_codes import (
    NOT_IN_DATABASE,
    OTHER_SPECIFICATION,
    categories,
    codes,
    limits,
    specifications,
)

_PUID = re.compile(r"[a-zA-Z0-9_-]+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LAST_DAY = date(2038, 1, 1)
_FIRST_DAYS = {"content_date": date(2000, 1, 1), "application_date": date(2020, 1, 1)}
_END_DATES = tuple(f"end_date_{what}_restriction" for what in ("account", "monetary", "service", "visibility"))
_DECISIONS = ("decision_visibility", "decision_monetary", "decision_provision", "decision_account")
_ONE_OF = (
    "decision_monetary",
    "decision_provision",
    "decision_account",
    "account_type",
    "decision_ground",
    "source_type",
    "automated_detection",
    "automated_decision",
    "incompatible_content_illegal",
    "content_language",
)
_LISTS = ("decision_visibility", "content_type", "territorial_scope", "category_addition", "category_specification")
_CODED_LISTS = ("decision_visibility", "content_type", "territorial_scope")
_REQUIRED = (
    *("puid", "decision_ground", "content_type", "category", "territorial_scope", "content_date"),
    *("application_date", "decision_facts", "source_type", "automated_detection", "automated_decision"),
)
_GROUNDS = {
    "DECISION_GROUND_ILLEGAL_CONTENT": ("illegal_content_legal_ground", "illegal_content_explanation"),
    "DECISION_GROUND_INCOMPATIBLE_CONTENT": ("incompatible_content_ground", "incompatible_content_explanation"),
}
_WITH_OTHER = (
    ("decision_visibility", "DECISION_VISIBILITY_OTHER"),
    ("decision_monetary", "DECISION_MONETARY_OTHER"),
    ("content_type", "CONTENT_TYPE_OTHER"),
)
FIELDS = (
    *dict.fromkeys(
        (
            *_REQUIRED,
            *_DECISIONS,
            *_ONE_OF,
            *_LISTS,
            *limits(),
            *_FIRST_DAYS,
            *_END_DATES,
            "decision_ground_reference_url",
        )
    ),
)
"""Every field that a statement may have."""


def statement_problems(statement: Mapping[str, object]) -> dict[str, list[str]]:
    """What is wrong, by field; empty where the database takes the statement."""
    found: dict[str, list[str]] = {}
    for field, problem in _problems(statement):
        found.setdefault(field, []).append(problem)
    return found


def _problems(statement: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for field in statement:
        if field not in FIELDS:
            yield field, "is no field of a statement"
    for field in _REQUIRED:
        if not statement.get(field):
            yield field, "is required"
    if not any(statement.get(field) for field in _DECISIONS):
        yield "decision_visibility", "is required where no other decision is stated"
    yield from _closed_lists(statement)
    yield from _categories(statement)
    yield from _texts(statement)
    yield from _grounds(statement)
    yield from _dates(statement)


def _closed_lists(statement: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for field in _ONE_OF:
        if field in statement and statement[field] not in codes(field):
            yield field, "is not one of its codes"
    for field in _LISTS:
        values = statement.get(field, [])
        if not isinstance(values, list) or any(not isinstance(one, str) for one in values):
            yield field, "is not a list of codes"
        elif len(set(values)) != len(values):
            yield field, "names a code twice"
        elif field in _CODED_LISTS and set(values) - set(codes(field)):
            yield field, "has a code that is none of its own"


def _categories(statement: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    known = set(categories()) - NOT_IN_DATABASE
    category = statement.get("category")
    if category is not None and category not in known:
        yield "category", "is not one of its codes"
    added = statement.get("category_addition")
    if isinstance(added, list) and (set(added) - known or category in added):
        yield "category_addition", "has a code that is none, or the category itself"
    named = statement.get("category_specification")
    if isinstance(named, list):
        if set(named) - specifications():
            yield "category_specification", "has a code that is none of its own"
        elif category in known and isinstance(added := added or [], list):
            fitting = {one for name in (category, *added) for one in categories().get(str(name), ())}
            if set(named) - fitting - set(codes("further_specifications")):
                yield "category_specification", "belongs to another category"
    other = isinstance(named, list) and OTHER_SPECIFICATION in named
    if statement.get("category_specification_other") and not other:
        yield "category_specification_other", "is given without KEYWORD_OTHER"


def _texts(statement: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for field, most in limits().items():
        value = statement.get(field)
        if value is not None and (not isinstance(value, str) or len(value) > most):
            yield field, f"is not a text of at most {most} characters"
    puid = statement.get("puid")
    if isinstance(puid, str) and puid and not _PUID.fullmatch(puid):
        yield "puid", "has a character that is none of a-z, A-Z, 0-9, - and _"
    url = statement.get("decision_ground_reference_url")
    if isinstance(url, str) and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        yield "decision_ground_reference_url", "is not an address"
    for field, code in _WITH_OTHER:
        stated = statement.get(field)
        asked = code in stated if isinstance(stated, list) else stated == code
        if asked != bool(statement.get(f"{field}_other")):
            yield f"{field}_other", f"is there exactly where {field} is {code}"
    if statement.get("source_identity") and statement.get("source_type") == "SOURCE_VOLUNTARY":
        yield "source_identity", "is there although nobody gave notice"


def _grounds(statement: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    ground = statement.get("decision_ground")
    for name, fields in _GROUNDS.items():
        for field in fields:
            if ground == name and not statement.get(field):
                yield field, f"is required where decision_ground is {name}"
            elif ground != name and statement.get(field):
                yield field, f"is there although decision_ground is not {name}"


def _dates(statement: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for field, first in _FIRST_DAYS.items():
        if field in statement:
            day = _day(statement[field])
            if day is None or not first <= day <= _LAST_DAY:
                yield field, f"is not a day from {first} to {_LAST_DAY}, as 2026-11-30"
    begins = _day(statement.get("application_date"))
    for field in _END_DATES:
        if field in statement:
            day = _day(statement[field])
            if day is None or day > _LAST_DAY or (begins is not None and day < begins):
                yield field, "is not a day from the application date on"


def _day(value: object) -> date | None:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
