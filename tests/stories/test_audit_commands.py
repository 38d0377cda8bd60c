"""The audit as an operator and an outsider do it: anchor, keep a head, verify, hand the log out."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from core.case import new_case
from core.events import Submitted
from pipeline.ledgers.database import open_database
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.ledgers.postgres_ledger import PostgresLedger
from tests.stories.conftest import CliInstallation

pytestmark = pytest.mark.postgres


def test_an_edited_event_is_named_by_the_command_and_an_export_is_checked_elsewhere(
    fresh: CliInstallation, tmp_path: Path
) -> None:
    with closing(open_database(fresh.home)) as database:
        case = PostgresLedger(database).append(new_case(), [Submitted(author="ana", prompt="t1")])
    head, export = tmp_path / "head.txt", tmp_path / "export"
    assert fresh.assay("audit", "anchor", "--to", str(head)).code == 0
    before = fresh.assay("audit", "verify", "--against", str(head), "--json")
    assert (before.code, before.json["intact"], before.json["waiting"]) == (0, True, 0)
    key = fresh.assay("audit", "key", "--json").json["key"]
    assert fresh.assay("audit", "export", str(export), "--json").json["entries"] == before.json["events"]
    assert fresh.assay("audit", "verify", str(export), "--key", key, "--against", str(head)).code == 0

    embedded = EmbeddedPostgres(fresh.home)
    with psycopg.connect(embedded.start()) as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER events_stay")
        connection.execute('UPDATE events SET body = body || \'{"author": "ben"}\' WHERE case_id = %s', [case.id])
        connection.execute("ALTER TABLE events ENABLE ALWAYS TRIGGER events_stay")
    embedded.stop()
    after = fresh.assay("audit", "verify", "--json")
    assert (after.code, after.json["breaks"][0]["case_id"], after.json["breaks"][0]["revision"]) == (1, case.id, 1)
    assert f"case {case.id}, event 1" in fresh.assay("audit", "verify").out
    assert fresh.assay("audit", "verify", str(tmp_path)).code == 3
