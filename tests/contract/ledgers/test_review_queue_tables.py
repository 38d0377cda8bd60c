"""The tables behind the queue: what was held before they were there, and whoever writes to `cases` past the ledger."""

import shutil
from datetime import timedelta

import psycopg
import pytest

from core.case import new_case
from core.events import Judged, Measured, Submitted
from core.verdicts import Decision, Gate, Verdict
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.migrations import MIGRATION_FOLDERS, migrate
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.ledgers.postgres_review_queue import PostgresReviewQueue
from pipeline.ledgers.rebuild_cases import rebuild_cases
from pipeline.moderation.review_queue import Preparation, QueueFilter

pytestmark = pytest.mark.postgres
ASKED = [
    Submitted(author="ana", prompt="t"),
    Measured(signals=()),
    Judged(verdict=Verdict(gate=Gate.PROMPT, decision=Decision.HOLD, rules=("gore",), policy="p")),
]


def test_what_was_held_before_there_was_a_queue_is_in_it_with_its_time(server, tmp_path):
    older = tmp_path / "ledgers"
    older.mkdir()
    for file in MIGRATION_FOLDERS["ledgers"].glob("*.sql"):
        if file.name < "067":
            shutil.copy(file, older)
    with psycopg.connect(server) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        migrate(connection, {"ledgers": older})
    database = Database(server)
    case = PostgresLedger(database).append(new_case(), ASKED)
    with psycopg.connect(server) as connection:
        connection.execute("UPDATE cases SET moved = moved - interval '2 days'")
    database.close()
    database = open_database(server)
    queue = PostgresReviewQueue(database)
    (held,) = queue.held("mo")
    assert held.case_id == case.id and held.due_at - held.since == timedelta(hours=72)
    assert queue.count() == queue.count(QueueFilter(rule="gore")) == 1
    with psycopg.connect(server) as connection:
        (moved,) = connection.execute("SELECT moved FROM cases").fetchone()
    assert held.since == moved
    database.close()


def test_the_queue_follows_a_table_of_cases_that_is_rebuilt(postgres):
    case = postgres.ledger.append(new_case(), ASKED)
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("UPDATE cases SET phase = 'refused'")
    assert postgres.reviews.entry(case.id) is None and postgres.reviews.count() == 0
    with psycopg.connect(postgres.dsn) as connection:
        assert rebuild_cases(connection) == [case.id]
    assert postgres.reviews.entry(case.id).revision == case.revision and postgres.reviews.count() == 1


def test_counts_are_right_whichever_of_them_was_summed(postgres):
    cases = [postgres.ledger.append(new_case(), ASKED) for _ in range(3)]
    postgres.reviews.tidy()
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("UPDATE cases SET phase = 'refused' WHERE id = %s", [cases[0].id])
        assert connection.execute("SELECT n FROM review_counts WHERE kind = 'all'").fetchone() == (3,)
    assert postgres.reviews.counts()["all"] == {"": 2} == {"": postgres.reviews.count()}
    postgres.reviews.tidy()
    with psycopg.connect(postgres.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM review_count_changes").fetchone() == (0,)
    assert postgres.reviews.counts()["all"] == {"": 2}


def test_what_was_erased_is_found_by_its_words_and_looks_no_more(postgres):
    case = postgres.ledger.append(new_case(), ASKED)
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("INSERT INTO texts (id, case_id, body) VALUES ('t', %s, 'fog')", [case.id])
    made = Preparation(words=(7,), looks=3)
    postgres.reviews.prepare(case.id, made)
    wanted = QueueFilter(words=(7,))
    assert postgres.reviews.count(wanted) == 1 == postgres.reviews.count(QueueFilter(like=case.id))
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("UPDATE texts SET body = NULL, erased_at = now()")
    assert postgres.reviews.count(wanted) == 0 == postgres.reviews.count(QueueFilter(like=case.id))
    postgres.reviews.prepare(case.id, made)
    assert postgres.reviews.count(wanted) == 0, "nor where it is prepared a moment later"
