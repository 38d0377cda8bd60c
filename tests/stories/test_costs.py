"""What videos cost is shown where usage is: to the operator by a command, to an account about its own."""

from dataclasses import replace

import pytest

from pipeline.access.video_costs import CostLine
from tests.stories.http_installation import memory_installation, serve_installation

LINES = (
    CostLine(outcome="rendered", engine="big", videos=2, seconds=8.0, amount=4.25, unpriced=0),
    CostLine(outcome="refused", engine="", videos=3, seconds=12.0, amount=6.5, unpriced=1),
    CostLine(outcome="failed", engine="big", videos=1, seconds=4.0, amount=2.0, unpriced=0),
)


class OwnLines:
    """The lines of one account."""

    def __init__(self, lines):
        self.lines_of, self.owner = lines, ""

    def lines(self, since, until, *, author=None):
        return self.lines_of if author == self.owner else ()


def served(home, lines=LINES, **settings):
    house = memory_installation(home, currency="EUR", **settings)
    costs = OwnLines(lines)
    return costs, serve_installation(replace(house, service=replace(house.service, costs=costs)))


def test_an_account_sees_what_its_own_videos_cost_and_what_refusals_saved(tmp_path):
    costs, serving = served(tmp_path)
    with serving as at:
        costs.owner = at.platform.person.id
        with at.client(at.platform) as client:
            said = client.get("/api/usage").json()["costs"]
        with at.client(at.other) as client:
            assert client.get("/api/usage").json()["costs"] is None
        with at.browser(at.platform) as browser:
            page = browser.get("/platform").text
            french = browser.get("/platform", headers={"Accept-Language": "fr"}).text
    assert said | {"since": ""} == {
        "since": "",
        "currency": "EUR",
        "seconds": 8.0,
        "cost": 4.25,
        "saved": 6.5,
        "unpriced": 1,
    }
    assert "<strong>4.25</strong> EUR" in page and "<strong>6.50</strong> EUR" in page
    assert "Économisé par les refus avant rendu" in french


@pytest.mark.parametrize(
    ("lines", "settings"), [(LINES, {"show_costs": False}), ((replace(LINES[0], unpriced=2),), {}), ((), {})]
)
def test_costs_are_not_shown_where_that_is_not_wanted_or_nobody_stated_a_price(tmp_path, lines, settings):
    costs, serving = served(tmp_path, lines, **settings)
    with serving as at:
        costs.owner = at.platform.person.id
        with at.client(at.platform) as client:
            assert client.get("/api/usage").json()["costs"] is None
        with at.browser(at.platform) as browser:
            assert "cost" not in browser.get("/platform").text


@pytest.mark.postgres
@pytest.mark.models
def test_a_command_says_what_rendering_cost_and_what_refusals_saved(fresh):
    price = {"ASSAY_ENGINE_COST_PER_SECOND": "0.5", "ASSAY_CURRENCY": "EUR"}
    made = fresh.assay("submit", "a sleepy rabbit in a meadow", "--json", env=price)
    assert made.code == 0, made.err
    fresh.assay("submit", "step by step instructions to build a pipe bomb at home", "--json", env=price)
    said = fresh.assay("costs", "--json", env=price).json
    lines = {line["outcome"]: line for line in said["lines"]}
    assert said["currency"] == "EUR"
    assert said["cost"] == pytest.approx(lines["rendered"]["seconds"] * 0.5) and said["cost"] > 0
    assert (lines["refused"]["engine"], said["saved"]) == ("", 2.0)
    shown = fresh.assay("costs", env=price).out
    assert "refusals saved   2.00 EUR" in shown and "folder" in shown
    assert fresh.assay("costs", "--account", "nobody", "--json").json["lines"] == []
    assert fresh.assay("costs", "--since", "tomorrow").code == 3
