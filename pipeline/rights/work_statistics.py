"""Figures of a work by month, as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, fields

from registry.rights.work_uses import WorkMonth

STATISTICS_COLUMNS = tuple(one.name for one in fields(WorkMonth))


def statistics_csv(months: Sequence[WorkMonth]) -> str:
    """CSV (RFC 4180) with a line of names."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(STATISTICS_COLUMNS)
    rows.writerows((month.month.strftime("%Y-%m"), *astuple(month)[1:]) for month in months)
    return written.getvalue()
