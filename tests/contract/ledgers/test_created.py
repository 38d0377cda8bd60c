"""An author's cases page by page, on every ledger: each once, in the order in which they were begun."""

from __future__ import annotations

import psycopg
import pytest

from core.errors import NotFound
from core.ports import Ledger
from ledgers.benches import MEASURED, Bench, submit


def test_pages_hold_each_case_of_the_author_once_in_the_order_of_their_beginning(ledger: Ledger) -> None:
    mine = [submit(ledger).id for _ in range(5)]
    submit(ledger, "bob")
    ledger.append(ledger.load(mine[0]), [MEASURED])  # that a case moves does not move it in the list
    for ascending in (False, True):
        pages, after = [], ""
        while page := ledger.created_by("ana", after=after, limit=2, ascending=ascending):
            pages.append([case.id for case in page])
            after = page[-1].id
        assert [len(page) for page in pages] == [2, 2, 1]
        assert [one for page in pages for one in page] == (mine if ascending else mine[::-1])


def test_a_case_that_is_begun_meanwhile_disturbs_no_page(ledger: Ledger) -> None:
    mine = [submit(ledger).id for _ in range(3)]
    first = ledger.created_by("ana", limit=2)
    submit(ledger)
    assert [case.id for case in ledger.created_by("ana", after=first[-1].id)] == mine[:1]


def test_a_page_after_a_case_that_is_not_the_authors_is_refused(ledger: Ledger) -> None:
    submit(ledger)
    theirs = submit(ledger, "bob")
    for after in (theirs.id, "0" * 16):
        with pytest.raises(NotFound):
            ledger.created_by("ana", after=after)
    assert ledger.created_by("nobody") == ()


@pytest.mark.postgres
def test_a_page_is_read_from_an_index_however_many_cases_there_are(postgres: Bench) -> None:
    from pipeline.ledgers.postgres_ledger import _CREATED_BY

    last, *_ = [submit(postgres.ledger) for _ in range(30)]
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("SET enable_seqscan = off")
        begun = connection.execute("SELECT submitted FROM cases WHERE id = %s", [last.id]).fetchone()
        wanted = {"author": "ana", "after": last.id, "created": begun[0] if begun else None, "limit": 2}
        plan = connection.execute("EXPLAIN " + _CREATED_BY, wanted).fetchall()
    assert "cases_by_author_created" in str(plan) and "Sort" not in str(plan)


@pytest.mark.postgres
def test_a_case_that_cannot_be_read_makes_no_page_shorter(postgres: Bench) -> None:
    cases = [submit(postgres.ledger) for _ in range(4)]
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute('UPDATE cases SET body = body || \'{"phase": "dreaming"}\' WHERE id = %s', [cases[1].id])
    assert list(postgres.ledger.created_by("ana", limit=3, ascending=True)) == [cases[0], *cases[2:]]
    assert list(postgres.ledger.created_by("ana", after=cases[1].id, limit=1, ascending=True)) == [cases[2]]
