"""Consent asked for and answered in a terminal."""

import pytest

pytestmark = [pytest.mark.postgres, pytest.mark.models]

ENROL = """
from pipeline.settings import load_settings
from pipeline.wiring import build_installation
at = build_installation(load_settings())
service = at.service.cameos
cameo = service.stores.cameos.add("kay", "acct_kay")
service.review.activate(cameo, by="acct_kay")
at.close()
"""


def test_an_order_is_asked_about_answered_and_published_in_a_terminal(fresh):
    made = fresh.python(ENROL)
    assert made.code == 0, made.err
    held = fresh.assay("submit", "a sleepy rabbit in a meadow", "--cameo", "kay", "--json")
    assert held.code == 5, held.out + held.err
    case = held.json["case"]["id"]
    refused = fresh.assay("ask-consent", case, "kay")
    assert refused.code == 3 and "takes no requests" in refused.err
    assert "everyone" in fresh.assay("cameo", "takes", "kay", "everyone", "--account", "acct_kay").out
    asked = fresh.assay("ask-consent", case, "@kay", "--message", "Please.", "--show-prompt", "--json")
    assert asked.code == 0, asked.err
    listed = fresh.assay("cameo", "requests", "--account", "acct_kay").out
    assert asked.json["id"] in listed and "a sleepy rabbit" in " ".join(listed.split())
    answered = fresh.assay("cameo", "answer", asked.json["id"], "yes", "--no-approve", "--account", "acct_kay")
    assert answered.code == 0, answered.err
    assert fresh.assay("case", case, "--json").json["case"]["phase"] == "published"
    again = fresh.assay("cameo", "answer", asked.json["id"], "no", "--account", "acct_kay")
    assert again.code == 3 and "answered" in again.err
    assert "no video" in fresh.assay("cameo", "found", "kay", "--account", "acct_kay").out
    wrong = fresh.assay("cameo", "found-answer", "kay", case, "archive", "--account", "acct_kay")
    assert wrong.code == 3 and "no such video" in wrong.err
    assert fresh.assay("cameo", "found", "kay", "--show", "all", "--account", "acct_kay").code == 3
