"""Makes the views that the dashboards read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

_VIEWS_SQL = (
    Path(__file__).parents[2] / "pipeline" / "ledgers" / "reports.sql"
)  # SQL over the log lives with the ledger


def create_reporting_views(connection: psycopg.Connection[Any]) -> None:
    """Make the schema `reports` anew, within the connection's transaction. The ledger's tables must be there."""
    connection.execute(_VIEWS_SQL.read_bytes())
    connection.execute("SELECT sum_report_minutes(%s)", (timedelta(hours=6),))
    connection.execute("SELECT sum_cost_minutes(%s)", (timedelta(hours=6),))
