"""`assay review` in a terminal, over the real database."""

import csv
import io

import pytest

from tests.stories.conftest import database_kept_running

pytestmark = pytest.mark.postgres


@pytest.fixture
def running(fresh):
    with database_kept_running(fresh):
        yield fresh


def test_what_was_refused_and_recalled_is_in_the_log_and_in_the_overview(running):
    case_id = running.assay("submit", "a rabbit in a meadow", "--no-wait", "--json").json["case"]["id"]
    assert running.assay("recall", case_id, "--code", "mistake").code == 0
    found = running.assay("review", "overview", "--json").json
    assert found["kinds"] == {"recalled": 1} and found["held"]["total"] == 0 and found["rules"][0]["rule"] == ""
    (row,) = running.assay("review", "decisions", "--json").json
    assert (row["case_id"], row["kind"], row["code"]) == (case_id, "recalled", "mistake")
    (line,) = csv.DictReader(io.StringIO(running.assay("review", "decisions", "--csv").out))
    assert (line["case"], line["kind"]) == (case_id, "recalled")
    assert "1 recalled" in running.assay("review", "overview").out
    assert case_id in running.assay("review", "decisions", "--kind", "recalled").out


def test_what_is_no_day_and_no_window_is_said(running):
    assert running.assay("review", "overview", "--days", "3").code == 3
    assert running.assay("review", "decisions", "--since", "yesterday").code == 3
    assert running.assay("review", "decisions", "--kind", "thought").code == 3
