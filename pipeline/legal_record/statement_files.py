"""Statements of reasons as files: JSON as the database's API takes it, and CSV (RFC 4180)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from pipeline.legal_record.statement import Payload
from pipeline.legal_record.statement_schema import FIELDS

_BETWEEN = "|"  # of several codes in one cell; no code has it


def statements_json(statements: Iterable[Payload]) -> Iterator[str]:
    """One JSON object, a statement a line: `{"statements": […]}`, as POST /api/v1/statements takes up to 100."""
    yield '{"statements": ['
    between = "\n"
    for one in statements:
        yield between + json.dumps(one, ensure_ascii=False, sort_keys=True)
        between = ",\n"
    yield "\n]}\n"


def statements_csv(statements: Iterable[Payload]) -> Iterator[str]:
    """A line for each statement below the names of the fields; several codes are separated by |."""
    yield _line(FIELDS)
    for one in statements:
        yield _line([_cell(one.get(field, "")) for field in FIELDS])


def _cell(value: str | list[str]) -> str:
    return _BETWEEN.join(value) if isinstance(value, list) else value


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
