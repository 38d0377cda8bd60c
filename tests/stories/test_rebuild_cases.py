"""A table of cases that no longer says what the events say is put right from the command line."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from pipeline.ledgers.database import open_database
from tests.stories.conftest import CliInstallation

pytestmark = [pytest.mark.postgres, pytest.mark.models]


def query(installation: CliInstallation, sql: str) -> list[Any]:
    with closing(open_database(installation.home)) as database, database.connection() as connection:
        return connection.execute(sql).fetchall()


def test_cases_that_differ_from_their_events_are_named_and_put_right(fresh: CliInstallation) -> None:
    wrong, right = (
        fresh.assay("submit", words, "--no-wait", "--json").json["case"]["id"] for words in ("a rabbit", "a hare")
    )
    before = query(fresh, "SELECT * FROM cases ORDER BY id")
    spoil = "UPDATE cases SET phase = 'held', body = body || '{\"phase\": \"held\"}'"
    query(fresh, f"{spoil} WHERE id = '{wrong}' RETURNING id")
    assert query(fresh, "SELECT * FROM cases ORDER BY id") != before

    said = fresh.assay("rebuild-cases")
    assert said.code == 0, said.err
    assert "right again: 1" in said.out
    assert wrong in said.out
    assert right not in said.out
    assert query(fresh, "SELECT * FROM cases ORDER BY id") == before

    again = fresh.assay("rebuild-cases", "--json")
    assert again.code == 0, again.err
    assert again.json == {"mended": []}
