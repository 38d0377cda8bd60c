"""An operator says in a terminal which queues each moderator has."""

import pytest

from tests.stories.conftest import database_kept_running

pytestmark = pytest.mark.postgres


@pytest.fixture
def running(fresh):
    with database_kept_running(fresh):
        yield fresh


def test_an_operator_limits_a_moderator_to_queues_and_appoints_an_expert(running):
    running.assay("account", "create", "--role", "moderator", "--id", "mo")
    running.assay("account", "create", "--role", "platform", "--id", "ana")
    limited = running.assay(
        "reviewers", "set", "mo", "--language", "fr", "--language", "de", "--subject", "prompt", "--max-severity", "3"
    )
    assert limited.out.strip() == "mo reviews subject prompt, language fr or de, severity up to 3"
    kept = running.assay("reviewers", "list", "--json").json["reviewers"]["mo"]
    assert (kept["languages"], kept["max_severity"], kept["expert"]) == (["fr", "de"], 3, False)
    assert running.assay("reviewers", "set", "mo", "--expert", "--json").json["languages"] == []
    assert "everything" in running.assay("reviewers", "list").out
    for wrong in (("set", "ana"), ("set", "nobody"), ("set", "mo", "--subject", "songs"), ("flag", "0" * 16)):
        assert running.assay("reviewers", *wrong).code == 3, wrong
