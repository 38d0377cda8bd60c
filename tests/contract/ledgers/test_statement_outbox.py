"""Statements reach the DSA Transparency Database once each: over HTTP, with retries, and past a sender that was killed."""

import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from core.case import Phase, new_case
from core.events import Recalled
from pipeline.legal_record.classification import FALLBACK
from pipeline.legal_record.dsa_codes import codes
from pipeline.legal_record.eu_database import EuTransparencyDatabase
from pipeline.legal_record.postgres_outbox import PostgresStatementOutbox
from pipeline.legal_record.postgres_restrictions import PostgresRestrictions
from pipeline.legal_record.restriction import Period
from pipeline.legal_record.statement import StatementOptions, statement_of
from pipeline.legal_record.statement_sending import PeriodicSubmission, StatementSubmission, retry_wait
from tests.conftest import ROOT
from tests.dsa_database.server import TOKEN, serving_database
from tests.lawful import way_to

pytestmark = pytest.mark.postgres

EVER = Period(start=datetime.now(UTC) - timedelta(days=1), end=datetime.now(UTC) + timedelta(days=1))
OPTIONS = StatementOptions(terms_url="", territories=codes("european_union"))


@pytest.fixture
def database():
    with serving_database() as database:
        yield database


def removed(postgres, count=1):
    for _ in range(count):
        postgres.ledger.append(new_case(), [*way_to(Phase.PUBLISHED), Recalled(by="m", code="policy")])


def made_by(restrictions):
    return lambda puid: statement_of(
        restrictions.named(puid), category_of=lambda _rule: FALLBACK, sentences={}, options=OPTIONS
    )


def submission(postgres, url, *, token=TOKEN, timeout=5.0, lease=timedelta(minutes=5)):
    return StatementSubmission(
        outbox=PostgresStatementOutbox(postgres.database),
        make=made_by(PostgresRestrictions(postgres.database)),
        receiver=EuTransparencyDatabase(url=url, token=token, timeout=timeout) if url else None,
        lease=lease,
    )


def due_again(postgres):
    with postgres.database.connection() as connection:
        connection.execute("UPDATE statement_outbox SET due = now() WHERE state = 'waiting'")


def test_every_statement_of_a_period_is_sent_once_however_often_it_is_queued(postgres, database):
    removed(postgres, 130)
    sending = submission(postgres, database.url)
    assert sending.outbox.queue(EVER, published_only=True) == 130
    assert sending.outbox.queue(EVER, published_only=True) == 0
    assert sending.submit().sent == 130 and len(database.statements) == 130
    assert sending.submit().sent == 0 and sending.outbox.counts() == {"sent": 130}
    assert database.requests == ["POST /api/v1/statements"] * 2
    with postgres.database.statements() as connection:
        rows = connection.execute("SELECT puid, remote, payload FROM statement_outbox").fetchall()
    assert all(database.statements[puid]["uuid"] == remote for puid, remote, _ in rows)
    assert all(payload["puid"] == puid for puid, _, payload in rows)


def test_what_was_never_public_is_sent_only_where_all_is_to_be(postgres, database):
    postgres.ledger.append(new_case(), [*way_to(Phase.ADMITTED), Recalled(by="m", code="policy")])
    outbox = submission(postgres, database.url).outbox
    assert outbox.queue(EVER, published_only=True) == 0
    assert outbox.queue(EVER, published_only=False) == 1


def test_a_dry_run_shows_and_changes_nothing_and_nothing_is_sent_without_an_address(postgres, database):
    removed(postgres, 2)
    off = submission(postgres, "")
    off.outbox.queue(EVER, published_only=True)
    shown = off.dry_run()
    assert (len(shown.statements), shown.rejected, shown.later) == (2, 0, 2)
    assert off.submit().sent == 0 and off.outbox.counts() == {"waiting": 2} and database.requests == []


@pytest.mark.parametrize("status", [401, 429, 500, 503, 404, 307])
def test_a_database_that_is_away_is_asked_again(postgres, database, status):
    removed(postgres)
    sending = submission(postgres, database.url)
    sending.outbox.queue(EVER, published_only=True)
    database.manners = [status]
    assert sending.submit().later == 1
    assert sending.submit().later == 0, "it is not due yet"
    due_again(postgres)
    assert sending.submit().sent == 1 and len(database.statements) == 1


def test_a_wrong_token_and_a_closed_door_lose_nothing(postgres, database):
    removed(postgres)
    wrong = submission(postgres, database.url, token="wrong")
    wrong.outbox.queue(EVER, published_only=True)
    assert wrong.submit().later == 1
    due_again(postgres)
    assert submission(postgres, "http://127.0.0.1:9/api/v1").submit().later == 1
    due_again(postgres)
    assert submission(postgres, database.url).submit().sent == 1


def test_one_that_the_database_rejects_holds_up_no_other(postgres, database):
    removed(postgres, 3)
    sending = submission(postgres, database.url)
    sending.outbox.queue(EVER, published_only=True)
    bad = sending.outbox.pending()[1]
    real = sending.make

    def make(puid):
        return real(puid) | ({"content_language": "XX"} if puid == bad else {})

    spoiled = StatementSubmission(outbox=sending.outbox, make=make, receiver=sending.receiver)
    result = spoiled.submit()
    assert (result.sent, result.rejected) == (2, 1) and len(database.statements) == 2
    with postgres.database.statements() as connection:
        ((error,),) = connection.execute("SELECT error FROM statement_outbox WHERE state = 'rejected'").fetchall()
    assert "content_language" in error


def test_what_the_database_has_already_counts_as_sent(postgres, database):
    """As after a sender that died between sending and settling."""
    removed(postgres, 3)
    sending = submission(postgres, database.url)
    sending.outbox.queue(EVER, published_only=True)
    there = sending.outbox.pending()[0]
    assert database.create(sending.make(there))[0] == 201
    assert sending.submit().sent == 3 and len(database.statements) == 3


def test_a_sender_that_is_killed_while_it_sends_loses_nothing_and_doubles_nothing(postgres, database):
    removed(postgres, 2)
    sending = submission(postgres, database.url)
    sending.outbox.queue(EVER, published_only=True)
    database.store_and_hang.set()
    program = [sys.executable, "-m", "tests.dsa_database.send", postgres.dsn, database.url]
    with _running(program) as sender:
        assert database.stored.wait(60), "the statements never arrived"
        sender.kill()  # SIGKILL
        sender.wait(30)
    database.store_and_hang.clear()
    assert sending.outbox.counts() == {"waiting": 2} and len(database.statements) == 2
    assert sending.submit().sent == 0, "the dead sender's lease is not over"
    due_again(postgres)
    assert sending.submit().sent == 2 and len(database.statements) == 2


def test_the_installation_sends_by_itself_where_an_address_is_set(postgres, database):
    removed(postgres)
    sending = submission(postgres, database.url)
    task = PeriodicSubmission(
        submission=sending, queue=lambda: sending.outbox.queue(EVER, published_only=True), interval=3600
    )
    task.run_maintenance()
    removed(postgres)
    task.run_maintenance()  # not yet
    assert len(database.statements) == 1


def test_waits_grow_and_respect_what_the_receiver_asks():
    waits = [retry_wait(attempts, None).total_seconds() for attempts in (1, 2, 3, 50)]
    assert waits == [60, 120, 240, 6 * 3600]
    assert retry_wait(1, 600).total_seconds() == 600 and retry_wait(1, 10**8).total_seconds() == 6 * 3600


@contextmanager
def _running(program):
    process = subprocess.Popen(program, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)
