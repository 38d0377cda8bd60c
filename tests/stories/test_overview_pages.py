"""The pages of leads and each moderator's own: who gets in, the log and its CSV, and both roles at real browsers."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from core.roles import Role
from core.verdicts import Decision
from pipeline.moderation.quality.decision_log import LoggedDecision, csv_lines
from tests.stories.axe_findings import axe_findings
from tests.stories.http_installation import REFUSED, form_token, memory_installation, serve_installation
from tests.stories.keyboard_browser import signed_in_page
from tests.stories.test_http_blind_review import checks, held, rule, rule_on_check, until_a_check_is_due
from tests.stories.test_http_browser import CHROMIUM, chromium, fits

__all__ = ["chromium"]

PAGES = ("/overview", "/overview?days=30", "/decisions", "/decisions?kind=ruled&decision=allow", "/quality")


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    house = memory_installation(tmp_path_factory.mktemp("house"), second_review_share=1.0, golden_share=0.0)
    with serve_installation(house) as serving:
        yield serving


@pytest.fixture(scope="module")
def chief(at):
    return at.installation.account(Role.LEAD, Role.MODERATOR)


@pytest.fixture(scope="module")
def second(at):
    return at.installation.account(Role.MODERATOR)


@pytest.fixture(scope="module")
def story(at, chief, second):
    """Some rulings, one of which comes out otherwise the second time, one automatic refusal, one golden item."""
    cases = [held(at) for _ in range(4)]
    for number, case_id in enumerate(cases[:3]):
        rule(at, at.moderator, case_id, Decision.REFUSE if number == 2 else Decision.ALLOW, note="a secret note")
    for answer in (Decision.REFUSE, Decision.ALLOW):
        until_a_check_is_due(at, second)
        check_id = at.installation.service.reviews.take_next(second.person)
        assert checks(at).check(check_id)
        rule_on_check(at, second, check_id, answer)
    at.settle(at.submit(REFUSED))
    at.installation.service.quality.make_golden(chief.person, cases[2], decision="refuse", reason="A wound, close up.")
    return cases


def test_who_is_no_lead_sees_neither_overview_nor_log_and_moderators_only_their_own(at, chief, second, story):
    only_lead = at.installation.account(Role.LEAD)
    allowed = {
        at.platform: (),
        at.moderator: ("/quality",),
        only_lead: ("/overview", "/decisions", "/decisions.csv", "/quality"),
    }
    for account, pages in allowed.items():
        with at.browser(account) as browser:
            for page in ("/overview", "/decisions", "/decisions.csv", "/quality"):
                assert browser.get(page).status_code == (200 if page in pages else 403), page
    with at.browser(at.moderator) as browser:
        page = browser.get("/quality").text
    assert at.moderator.person.id not in page.split("<main")[1] and second.person.id not in page
    assert "Second reviews that came out otherwise" not in page
    with at.browser(only_lead) as browser:
        page = browser.get("/quality").text
        assert "needs the role moderator as well" in page and "To allow is right" not in page
        form = {"form_token": form_token(page), "case_id": story[0], "revision": "3", "decision": "allow"}
        assert browser.post("/quality/settle", data=form).status_code == 403
        assert browser.post("/quality/golden", data=form | {"reason": "why"}).status_code == 403
        assert browser.post("/quality/golden/retire", data=form).status_code == 403


def test_a_form_of_another_site_changes_nothing(at, chief, story):
    with at.browser(chief) as browser:
        form = {"form_token": "forged", "case_id": story[0], "revision": "3", "decision": "allow", "reason": "why"}
        for path in ("settle", "golden", "golden/retire"):
            assert browser.post(f"/quality/{path}", data=form).status_code == 403


def test_the_log_as_csv_has_each_row_once_and_no_words_of_anybody(at, chief, story):
    with at.browser(chief) as browser:
        answer = browser.get("/decisions.csv")
        only = browser.get("/decisions.csv?kind=refused").text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["kind"] for row in rows] == ["refused", "ruled", "ruled", "ruled"]
    assert {row["case"] for row in rows if row["kind"] == "ruled"} == set(story[:3])
    assert "secret" not in answer.text and "battle" not in answer.text
    assert len(list(csv.DictReader(io.StringIO(only)))) == 1


@pytest.mark.parametrize("query", ["kind=x", "decision=hold", "gate=x", "since=yesterday", "after=nowhere"])
def test_a_filter_that_is_none_is_said(at, chief, query):
    with at.browser(chief) as browser:
        assert browser.get(f"/decisions?{query}").status_code == 400


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tx", "\r=1"])
def test_a_spreadsheet_finds_no_formula_in_the_csv(cell):
    row = LoggedDecision(
        case_id="a" * 16,
        revision=1,
        at=datetime.now(UTC) + timedelta(0),
        kind="ruled",
        person=cell,
        decision="allow",
        gate="prompt",
        rules=(cell, "b"),
        code='quoted "code", and a comma',
        waited=None,
        answers_appeal=False,
    )
    (read,) = csv.DictReader(io.StringIO("".join(csv_lines([row])), newline=""))
    assert read["person"] == f"'{cell}" and read["rules"] == f"'{cell} b"
    assert read["code"] == 'quoted "code", and a comma'


# At real browsers

browsers = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"
)


@browsers
@pytest.mark.browser
def test_a_lead_finds_the_disagreement_settles_it_and_makes_it_golden(chromium, at, chief, story):
    page, complaints = signed_in_page(chromium, at, chief.token, viewport={"width": 1280, "height": 800})
    page.get_by_role("link", name="Overview").click()
    expect(page.locator("svg[role=img]")).to_have_count(4)
    held_table = page.get_by_role("region", name="Held now").get_by_role("row")
    assert held_table.nth(1).inner_text().split() == ["under", "1", "hour", "1"]
    page.get_by_role("link", name="settle them").click()
    disputed = page.get_by_role("region", name="Second reviews that came out otherwise").get_by_role("listitem")
    expect(disputed).to_have_count(1)
    disputed.get_by_role("link", name="Make it a golden item").click()
    case_id = page.get_by_label("A case that was ruled on").input_value()
    assert case_id in story
    page.get_by_label("Refuse", exact=True).check()
    page.get_by_label("Why, for whoever answered").fill("Somebody is hurt in it.")
    page.get_by_role("button", name="Make it a golden item").click()
    page.get_by_text("It is a golden item now.").wait_for()
    page.get_by_role("button", name="To refuse is right").click()
    page.get_by_text("Settled. No case was changed").wait_for()
    page.get_by_text("None wait for you.").wait_for()
    page.get_by_role("row", name=case_id).get_by_role("button", name="Show it no more").click()
    page.get_by_text("It is shown no more.").wait_for()
    page.get_by_role("link", name="Decisions").click()
    page.get_by_label("Decision", exact=True).select_option("allow")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("table.log tbody tr")).to_have_count(2)
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="Export as CSV").click()
    assert len(downloaded.value.path().read_text().splitlines()) == 3
    page.context.close()
    assert complaints == []


@browsers
@pytest.mark.browser
def test_a_moderator_finds_their_own_figures_and_no_others(chromium, at, story):
    page, complaints = signed_in_page(chromium, at, at.moderator.token, viewport={"width": 390, "height": 844})
    assert page.get_by_role("link", name="Overview").count() == 0
    page.get_by_role("link", name="Quality").click()
    assert "2 allowed, 1 refused" in page.get_by_role("region", name="Your own figures").inner_text()
    page.context.close()
    assert complaints == []


@browsers
@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme", "language"), [(1280, "light", "en"), (360, "dark", "fr")])
def test_axe_finds_nothing_wrong_and_nothing_is_cut_off(chromium, at, chief, story, width, scheme, language):
    page, complaints = signed_in_page(
        chromium, at, chief.token, viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
    )
    for path in PAGES:
        page.goto(f"{at.url}{path}")
        assert fits(page), path
        assert axe_findings(page) == [], path
        if language == "fr":
            english = [
                text
                for text in ("Rulings", "Allowed", "Refused", "None yet", "Golden")
                if text in page.inner_text("main")
            ]
            assert english == [], path
    page.context.close()
    assert complaints == []
