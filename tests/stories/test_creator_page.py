"""A creator follows the link that a platform passed on, reads why, and appeals; all real, in a real browser."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from console.web.rate_limits import RateLimiter
from core.case import Phase
from core.ports import Ticket
from core.roles import Role
from core.verdicts import Decision, Gate
from pipeline.accounts import create_account
from pipeline.advance import advance
from pipeline.creator_texts.sentences import REPLIES
from pipeline.ledgers.author_facts import PostgresAuthorFacts
from tests.lawful import judged
from tests.stories.axe_findings import axe_findings
from tests.stories.http_installation import ApiAccount, form_token, serve_real_installation
from tests.stories.page_pictures import on_each_screen, take_picture
from tests.stories.test_http_browser import CHROMIUM, chromium, fits

__all__ = ["chromium"]

PROMPT = "a knight lies on the battlefield, blood and guts and severed limbs everywhere, extreme gore"
SCREENING = frozenset({Phase.SUBMITTED, Phase.SCREENED})
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
pytestmark = [pytest.mark.postgres, pytest.mark.models]


@pytest.fixture(scope="module")
def at(installation):
    with serve_real_installation(installation.home, one_person=False, lookups_per_minute=100_000) as serving:
        yield serving


def screened(at, case_id):
    """The case once the gate before the engine has judged it."""
    works = replace(at.installation.works, accepted_phases=SCREENING)
    case = at.installation.ledger.load(case_id)
    while case.phase in SCREENING:
        case = advance(Ticket(case_id=case.id, revision=case.revision, phase=case.phase), works)
    return case


def refused(at, prompt=PROMPT):
    """A request that a moderator or the policy refused, and its link."""
    case_id = at.submit(prompt)
    case = screened(at, case_id)
    if case.phase is Phase.HELD:
        at.installation.service.rule(at.moderator.person, case_id, Decision.REFUSE, code="breaks_policy")
        case = screened(at, case_id)
    assert case.phase is Phase.REFUSED
    return case_id, link_of(at, case_id)


def link_of(at, case_id, **body):
    with at.client(at.platform) as platform:
        answer = platform.post(f"/v1/videos/{case_id}/creator_link", json=body or None)
    assert answer.status_code == 200, answer.text
    return answer.json()["url"]


def path_of(at, url):
    return url.removeprefix(at.url)


@needs_browser
@pytest.mark.browser
def test_a_creator_reads_why_appeals_by_keys_alone_and_sees_the_reply_and_what_was_undone(at, chromium):
    case_id, url = refused(at)
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(url)
    assert page.locator("h1").inner_text() == "Your video was refused"
    marked = page.locator("mark").all_inner_texts()
    assert marked and all(word in PROMPT for word in marked)
    assert "What you can change" in page.content()
    page.locator("#words").focus()
    page.keyboard.type("It is a painting of mine, with no real blood.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=appealed**")
    assert "A person is looking at your appeal" in page.locator("main").inner_text()
    assert at.installation.ledger.load(case_id).phase is Phase.HELD

    with at.client(at.platform) as platform:
        used = platform.get("/api/usage").json()["account"]
    counted = strikes(at, case_id)
    second, reply = another_moderator(at).person, "We were too strict here, sorry."
    at.installation.service.rule(second, case_id, Decision.ALLOW, code="context", reply=reply)
    done = at.settle(case_id)
    assert done.phase is Phase.PUBLISHED and strikes(at, case_id) == counted - 1
    with at.client(at.platform) as platform:
        assert platform.get("/api/usage").json()["account"] == used
        french = platform.get("/api/notices", headers={"Accept-Language": "fr"}).json()["notices"]
    told = {one["about"]: one for one in french}[case_id]
    assert told["code"] == "appeal_won" and told["says"].startswith("Il a été fait droit à votre recours")
    page.goto(url)
    said = page.locator("main").inner_text()
    assert page.locator("h1").inner_text() == "Your video is published"
    assert "We were too strict here, sorry." in said and "What was undone" in said
    assert "It is a painting of mine" in said
    page.goto(f"{url}?lang=fr")
    assert page.locator("html").get_attribute("lang") == "fr"
    context.close()


def strikes(at, case_id):
    """How many refusals count against the account, of this video alone."""
    author = at.installation.ledger.load(case_id).request.author
    facts = PostgresAuthorFacts(at.installation.ledger._database)
    counted = facts.author_facts(author)
    assert counted["author_strikes"] == counted["author_refused_hour"] == counted["author_refused_day"]
    return counted["author_strikes"]


def test_a_finished_video_that_wins_its_appeal_is_sealed_and_published_and_is_no_strike(at):
    case_id = at.submit("a rabbit sits in a meadow")
    works = replace(at.installation.works, accepted_phases=frozenset(Phase) - {Phase.INSPECTED})
    case = at.installation.ledger.load(case_id)
    while case.phase is not Phase.INSPECTED:
        case = advance(Ticket(case_id=case_id, revision=case.revision, phase=case.phase), works)
    before = strikes(at, case_id)
    case = at.installation.ledger.append(case, [judged(Gate.VIDEO, Decision.REFUSE, "video_gore")])
    assert strikes(at, case_id) == before + 1
    url = link_of(at, case_id)
    with at.client() as stranger:
        token = form_token(stranger.get(path_of(at, url)).text)
        stranger.post(f"{path_of(at, url)}/appeal", data={"form_token": token, "words": "it is a rabbit"})
        at.installation.service.rule(another_moderator(at).person, case_id, Decision.ALLOW, code="context")
        assert at.settle(case_id).phase is Phase.PUBLISHED
        page = stranger.get(path_of(at, url)).text
    assert strikes(at, case_id) == before
    assert "The decision is lifted, and the video is published." in page and "/verify/published/" in page


def another_moderator(at):
    return ApiAccount(*create_account(at.installation.accounts, [Role.MODERATOR]))


@needs_browser
@pytest.mark.browser
def test_the_page_fits_every_screen_and_axe_finds_nothing_wrong_in_it(at, chromium):
    _, url = refused(at)
    page = chromium.new_context(bypass_csp=True).new_page()
    for address in (f"{url}?lang=de", f"{url}?lang=ar", f"{at.url}/my-video/gone", f"{url}?lang=en"):
        page.goto(address)
        for screen in on_each_screen(page):
            assert axe_findings(page) == [] and fits(page), (address, screen)
    for size, scheme in on_each_screen(page):
        assert take_picture(page, "creator", size, scheme).stat().st_size > 2000
    page.context.close()


def test_a_link_says_nothing_by_itself_and_is_the_same_as_long_as_it_is_in_force(at):
    case_id, url = refused(at)
    secret = url.rsplit("/", 1)[1]
    assert case_id not in url and len(secret) == 43
    assert link_of(at, case_id) == url
    with at.installation.ledger._database.connection() as connection:
        rows = connection.execute("SELECT * FROM creator_links WHERE case_id = %s", [case_id]).fetchall()
    assert len(rows) == 1 and secret not in str(rows)


def test_a_link_is_for_the_account_that_asked_and_for_nobody_else(at):
    case_id, _ = refused(at)
    for account, status in ((at.other, 404), (at.moderator, 404), (None, 401)):
        with at.client(account) as client:
            assert client.post(f"/v1/videos/{case_id}/creator_link").status_code == status
            assert client.delete(f"/v1/videos/{case_id}/creator_link").status_code == status
    with at.client(at.platform) as client:
        assert client.post(f"/v1/videos/{case_id}/creator_link", json={"days": 9999}).status_code == 400
        assert client.post("/v1/videos/0123456789abcdef/creator_link").status_code == 404


def test_a_link_that_was_revoked_or_has_expired_opens_nothing_and_never_comes_back(at):
    case_id, url = refused(at)
    with at.client(at.platform) as client, at.client() as stranger:
        assert stranger.get(path_of(at, url)).status_code == 200
        assert client.delete(f"/v1/videos/{case_id}/creator_link").json()["deleted"] is True
        assert stranger.get(path_of(at, url)).status_code == 404
        second = link_of(at, case_id)
        assert second != url and stranger.get(path_of(at, second)).status_code == 200
        with at.installation.ledger._database.connection() as connection:
            connection.execute("UPDATE creator_links SET expires = made WHERE case_id = %s", [case_id])
        gone = stranger.get(path_of(at, second), headers={"Accept": "text/html"})
        assert gone.status_code == 404 and "This link does not work" in gone.text
        assert stranger.get("/my-video/" + "x" * 5000).status_code == 404
        assert link_of(at, case_id) not in (url, second)


def test_the_page_tells_no_score_no_rule_no_name_and_is_kept_from_search_engines(at):
    case_id, url = refused(at)
    with at.client() as stranger:
        answer = stranger.get(path_of(at, url), headers={"Accept": "text/html"})
    case = at.installation.ledger.load(case_id)
    inside = {at.platform.person.id, at.moderator.person.id, case.verdict.policy, *case.verdict.rules}
    inside |= {signal.source for signal in case.signals} | {s.label for s in case.signals if "_" in s.label}
    assert [one for one in inside if one in answer.text] == []
    assert not [s for s in case.signals if s.score and f"{s.score:.2f}" in answer.text.split('class="story"')[0]]
    assert answer.headers["x-robots-tag"] == "noindex, nofollow" and "noindex" in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer" and answer.headers["cache-control"] == "no-store"
    assert "<script" not in answer.text


def test_reasons_are_told_in_a_language_that_the_pages_do_not_have(at):
    _, url = refused(at)
    with at.client() as stranger:
        japanese = stranger.get(path_of(at, url), headers={"Accept-Language": "ja"}).text
        spanish = stranger.get(path_of(at, url), headers={"Accept-Language": "es"}).text
    assert 'lang="ja"' in japanese and re.search("[぀-ヿ]", japanese) and '<html lang="en">' in japanese
    assert '<html lang="es">' in spanish and "Su vídeo fue rechazado" in spanish


def test_an_appeal_needs_the_form_of_its_own_page_and_is_taken_once(at):
    case_id, url = refused(at)
    _, other = refused(at, "a knight, blood and guts and severed limbs everywhere, extreme gore, take two")
    with at.client() as stranger:
        stranger.headers["Accept"] = "text/html"
        path = path_of(at, url)
        token = form_token(stranger.get(path).text)
        foreign = form_token(stranger.get(path_of(at, other)).text)
        for wrong in ("", "00", foreign):
            form = {"form_token": wrong, "words": "x"}
            assert stranger.post(f"{path}/appeal", data=form).status_code == 403
        assert stranger.post(f"{path}/appeal", data={"form_token": token, "words": "é" * 4001}).status_code == 400
        assert at.installation.ledger.load(case_id).phase is Phase.REFUSED
        form = {"form_token": token, "words": "It is paint\r\nof mine", "lang": "de"}
        sent = stranger.post(f"{path}/appeal", data=form)
        assert sent.status_code == 303 and sent.headers["location"].endswith("?done=appealed&lang=de")
        assert "Ihre Beschwerde ist angekommen" in stranger.get(sent.headers["location"]).text
        again = stranger.post(f"{path}/appeal", data=form)
        assert again.status_code == 409 and 'href="' + path in again.text
    with at.client(at.platform) as platform:
        notes = platform.get(f"/api/cases/{case_id}/history").json()["notes"]
    assert [(note["text"], note["is_appeal"]) for note in notes] == [("It is paint\nof mine", True)]


def test_whoever_is_signed_in_reads_it_and_signs_out_from_there(at):
    _, url = refused(at)
    with at.browser(at.platform) as browser:
        page = browser.get(path_of(at, url)).text
        assert "Your video was refused" in page
        sent = browser.post("/logout", data={"form_token": form_token(page)})
        assert sent.status_code in (200, 303), sent.text


def test_a_lost_appeal_is_told_with_its_reply_in_the_readers_language_and_cannot_be_repeated(at):
    case_id, url = refused(at)
    with at.client() as stranger:
        path = path_of(at, url)
        token = form_token(stranger.get(path).text)
        stranger.post(f"{path}/appeal", data={"form_token": token, "words": "please"})
        at.installation.service.rule(
            another_moderator(at).person, case_id, Decision.REFUSE, code="breaks_policy", reply=REPLIES["appeal_read"]
        )
        assert screened(at, case_id).phase is Phase.REFUSED
        german = stranger.get(path, headers={"Accept-Language": "de"}).text
    assert "Wir haben Ihre Beschwerde gelesen" in german and "Die Entscheidung bleibt bestehen" in german
    assert "<form" not in german.split("<main")[1].split("</main>")[0]


def test_erasing_the_case_erases_what_its_page_says(at):
    case_id, url = refused(at)
    at.installation.service.erase(at.platform.person, case_id)
    with at.client() as stranger, at.client(at.platform) as platform:
        answer = stranger.get(path_of(at, url), headers={"Accept": "text/html"})
        assert answer.status_code == 410 and "Nothing is kept of this video any more" in answer.text
        assert "knight" not in answer.text and 'class="story"' not in answer.text
        assert platform.post(f"/v1/videos/{case_id}/creator_link").status_code == 410
        token = at.app.state.context.sessions.csrf_token(f"creator link {url.rsplit('/', 1)[1]}")
        assert stranger.post(f"{path_of(at, url)}/appeal", data={"form_token": token}).status_code == 410


def test_a_flood_at_the_page_is_turned_away(at):
    _, url = refused(at)
    context = at.app.state.context
    at.app.state.context = replace(context, rate_limiter=RateLimiter(max_requests=3))
    try:
        with at.client() as stranger:
            assert [stranger.get(path_of(at, url)).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    finally:
        at.app.state.context = context


def test_of_a_sealed_video_the_page_tells_the_reason_and_no_words(at):
    case_id, url = refused(at)
    case = at.installation.ledger.load(case_id)
    at.installation.service.reversals.seal(
        at.moderator.person, case_id, code="suspected_abuse", revision=case.revision, note="secret"
    )
    with at.client() as stranger:
        page = stranger.get(path_of(at, url)).text
        assert "Your video was refused" in page and "<mark>" not in page and "knight" not in page
        assert "suspected" not in page and "secret" not in page
        sent = stranger.post(f"{path_of(at, url)}/appeal", data={"form_token": form_token(page), "words": "why?"})
        assert sent.status_code == 303


def test_a_link_is_given_out_and_taken_back_in_a_terminal(at, installation):
    case_id = at.submit("a rabbit in a meadow")
    account = at.platform.person.id
    assert installation.assay("creator-link", case_id).code == 3  # of another account
    given = installation.assay("creator-link", case_id, "--account", account, "--json")
    assert given.code == 0, given.err
    with at.client() as stranger:
        assert given.json["url"] == path_of(at, link_of(at, case_id))
        assert "Your video is on its way" in stranger.get(given.json["url"]).text
        assert installation.assay("creator-link", case_id, "--account", account, "--revoke").code == 0
        assert stranger.get(given.json["url"]).status_code == 404
