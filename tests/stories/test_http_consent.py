"""Consent asked for and given, what was found without it, and two users of one platform: everything real, over HTTP."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import cv2
import pytest

from core.case import Phase
from core.roles import Role
from pipeline.accounts import create_account
from registry.consent.requests.request_store import RequestsFrom
from tests.stories.axe_findings import axe_findings
from tests.stories.http_installation import ApiAccount, serve_real_installation
from tests.stories.keyboard_browser import signed_in_page
from tests.stories.page_pictures import SIZES, take_picture
from tests.stories.test_http_browser import CHROMIUM, DRAWN, chromium, fits
from tests.stories.test_recognised import clip, portrait

__all__ = ["chromium"]

pytestmark = [pytest.mark.postgres, pytest.mark.models]
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")


@pytest.fixture(scope="module")
def at(tmp_path_factory, unused):
    """An installation whose engine films one portrait, whatever is asked for."""
    home = shutil.copytree(unused.home, tmp_path_factory.mktemp("consent") / "house")
    shutil.rmtree(home / "engine")
    (home / "engine").mkdir()
    clip(home / "engine" / "clip.mp4", portrait())
    cv2.imwrite(str(home / "portrait.png"), portrait())
    with serve_real_installation(home, requests_per_minute=0, one_person=False) as serving:
        yield serving


@pytest.fixture(scope="module")
def eileen(at):
    """The person in the portrait, enrolled; who owns the account."""
    owner = account(at)
    service = at.installation.service.cameos
    cameo = service.stores.cameos.add("eileen", owner.person.id)
    model, vector = service.enrolment.capture.describe(at.installation.settings.root / "portrait.png")
    service.stores.templates.add(cameo.id, "face", model, vector)
    service.review.activate(cameo, by=owner.person.id)
    return owner


def account(at, role=Role.PLATFORM):
    return ApiAccount(*create_account(at.installation.accounts, [role]))


def enrolled(at, handle, owner):
    """Somebody whom no video shows here."""
    service = at.installation.service.cameos
    service.review.activate(service.stores.cameos.add(handle, owner.person.id), by=owner.person.id)


def order(at, who, prompt, **more):
    with at.client(who) as client:
        made = client.post("/v1/videos", json={"prompt": prompt, **more})
    assert made.status_code == 200, made.text
    return made.json()["id"], at.settle(made.json()["id"])


def answer(at, who, video):
    with at.client(who) as client:
        return client.get(f"/v1/videos/{video}").json()


def ask(at, who, video, cameo, **body):
    with at.client(who) as client:
        return client.post(f"/v1/videos/{video}/consent-requests", json={"cameo": cameo, **body})


def test_a_video_that_shows_somebody_waits_for_their_yes_and_goes_on_and_then_it_is_found_nowhere(at, eileen):
    asker = account(at)
    video, case = order(at, asker, "a woman smiles")
    assert (case.phase, case.verdict.rules) == (Phase.HELD, ("video_protected_person",))
    consent = answer(at, asker, video)["assay"]["consent"]
    assert consent == {"people": [], "method": "POST", "path": f"/v1/videos/{video}/consent-requests"}
    assert "eileen" not in json.dumps(answer(at, asker, video))  # whom it shows is nothing that an order tells
    refused = ask(at, asker, video, "eileen")
    assert (refused.status_code, "takes no requests" in refused.text) == (409, True)
    with at.client(eileen) as owner:
        assert owner.get("/api/cameos/eileen/takes-requests").json() == {"takes": "mutuals"}
        assert owner.put("/api/cameos/eileen/takes-requests", json={"takes": "everyone"}).status_code == 204
        [found] = owner.get("/api/cameos/eileen/found").json()["found"]
        assert (found["video"], found["state"], found["still"]) == (video, "held", None)
        asked = ask(at, asker, video, "@Eileen", message="We met at the museum.", show_prompt=True)
        assert asked.status_code == 201, asked.text
        assert answer(at, asker, video)["assay"]["consent"]["people"][0]["state"] == "open"
        listed = owner.get("/api/consent-requests").json()
        assert listed["open"] == 1
        [request] = listed["requests"]
        assert (request["prompt"], request["message"]) == ("a woman smiles", "We met at the museum.")
        assert request["asker"] == {"account": asker.person.id, "user": None}
        given = owner.post(f"/api/consent-requests/{request['id']}/grant", json={"approval": False})
        assert given.status_code == 200, given.text
        assert at.settle(video).phase is Phase.PUBLISHED
        assert answer(at, asker, video)["assay"]["consent"] is None
        assert owner.get("/api/cameos/eileen/found").json()["found"] == []
        lease = given.json()["lease"]
        assert (lease["case_id"], lease["holder"]) == (video, asker.person.id)
        receipts = at.installation.service.cameos.stores
        assert (
            "granted on request, for one order" in receipts.keys.verify_receipt(given.json()["receipt"]["jws"]).decode()
        )
        again, held = order(at, asker, "a woman smiles")
        assert held.phase is Phase.HELD and again != video
        assert owner.delete(f"/api/leases/{lease['id']}").status_code == 200
    assert at.installation.ledger.load(video).phase is Phase.WITHDRAWN


def test_after_a_no_the_order_is_refused_in_words_that_say_why(at):
    asker, owner = account(at), account(at)
    enrolled(at, "nora", owner)
    with at.client(owner) as client:
        assert client.put("/api/cameos/nora/takes-requests", json={"takes": "everyone"}).status_code == 204
        video, _ = order(at, asker, "@nora plays chess", purpose="parody", territory=["DE"])
        people = answer(at, asker, video)["assay"]["consent"]["people"]
        assert people == [{"cameo": "nora", "may_ask": True, "state": None, "expires": None}]
        assert ask(at, asker, video, "nora").status_code == 201
        [request] = client.get("/api/consent-requests").json()["requests"]
        assert (request["prompt"], request["purpose"], request["territory"]) == (None, "parody", ["DE"])
        assert client.post(f"/api/consent-requests/{request['id']}/refuse", json={"block": True}).status_code == 204
        assert client.get("/api/consent-requests/blocked").json() == {"blocked": [asker.person.id]}
        assert client.post(f"/api/consent-requests/{request['id']}/refuse", json={}).status_code == 409
    at.settle(video)
    error = answer(at, asker, video)["error"]
    assert error == {"code": "policy_refused", "message": "A person shown here does not want this video."}
    with at.client(asker) as client:
        told = client.get("/api/notices").json()["notices"][0]
        assert told["says"] == "The person you asked for their consent said no. Your order is refused."


def test_two_users_of_one_platform_have_cameos_and_leases_of_their_own(at, eileen):
    platform = account(at)
    anna, ben = ({"Assay-End-User": name} for name in ("user-anna-5f2a", "user-ben-77b1"))
    service = at.installation.service.cameos
    with at.client(platform) as client:
        for who, handle in ((anna, "anna-on-p"), (ben, "ben-on-p")):
            challenge = client.post("/api/cameos/challenges", json={"handle": handle}, headers=who).json()["challenge"]
            party = challenge["account"]
            assert party.startswith(f"{platform.person.id}#") and "user-" not in party
            service.review.activate(service.stores.cameos.add(handle, party), by=platform.person.id)
        assert [one["handle"] for one in client.get("/api/cameos", headers=anna).json()["cameos"]] == ["anna-on-p"]
        assert client.get("/api/cameos").json()["cameos"] == []
        assert client.get("/api/cameos/anna-on-p", headers=ben).status_code == 404
        assert client.get("/v1/videos/characters/anna-on-p", headers=anna).status_code == 200
        assert client.get("/v1/videos/characters/anna-on-p", headers=ben).status_code == 404
        shown = {"prompt": "a sleepy rabbit in a meadow", "characters": [{"id": "anna-on-p"}], "purpose": "personal"}
        held = order(at, platform, **shown, safety_identifier="user-ben-77b1")[1]
        assert (held.phase, held.verdict.rules) == (Phase.HELD, ("prompt_cameo_unleased",))
        lease = {"holder": platform.person.id, "end_user": "user-ben-77b1"}
        assert client.post("/api/cameos/anna-on-p/leases", json=lease, headers=anna).status_code == 201
        assert client.post("/api/cameos/anna-on-p/leases", json=lease, headers=ben).status_code == 404
        assert client.get("/v1/videos/characters/anna-on-p", headers=ben).status_code == 200
    rules = {}
    for name in ("user-ben-77b1", "user-carl-0001", ""):
        video, _ = order(at, platform, **shown, **({"safety_identifier": name} if name else {}))
        rules[name] = at.installation.ledger.load(video).verdict.rules
    # The engine shows Eileen, whom nobody named: past the gate for prompts, that alone holds it.
    assert rules == {
        "user-ben-77b1": ("video_protected_person",),
        "user-carl-0001": ("prompt_cameo_unleased",),
        "": ("prompt_cameo_unleased",),
    }


def released(at, prompt):
    """A video that shows somebody, which a moderator let through."""
    video, case = order(at, at.platform, prompt)
    assert case.phase is Phase.HELD, case.verdict
    with at.client(at.moderator) as moderator:
        ruling = {"decision": "allow", "code": "context", "revision": case.revision}
        assert moderator.post(f"/api/cases/{video}/rule", json=ruling).status_code == 200
    assert at.settle(video).phase is Phase.PUBLISHED
    return video


def signed_in(chromium, at, who, language="en", size=(1280, 800), **options):
    options |= {"viewport": {"width": size[0], "height": size[1]}, "locale": language}
    return signed_in_page(chromium, at, who.token, **options)[0]


def tab_to(page, name):
    """Go on by the tabulator until the element of this name has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if name in (page.evaluate("document.activeElement.innerText || document.activeElement.value || ''")):
            return
    raise AssertionError(f"{name!r} is not reached by the tabulator")


@needs_browser
@pytest.mark.browser
def test_an_owner_finds_a_video_by_keyboard_and_has_it_taken_down(at, eileen, chromium):
    video, other = released(at, "a woman smiles"), released(at, "a woman laughs")
    page = signed_in(chromium, at, eileen)
    page.goto(f"{at.url}/me/eileen")
    page.goto(f"{at.url}/cameos/eileen/found")
    assert page.locator(".found-list > li").count() >= 2
    for still in page.locator("img.found-still").all():
        still.scroll_into_view_if_needed()
        still.evaluate(DRAWN)
    assert fits(page)
    assert take_picture(page, "found", "desktop", "light").stat().st_size > 2000
    tab_to(page, "That is not me")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=not_me")
    assert other not in page.locator(".found-list").inner_text()
    tab_to(page, "Ask for its removal")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("I never agreed to this.")
    tab_to(page, "Take it down now")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=down")
    assert page.get_by_role("status").inner_text() == "It is down, and so is everything made from it."
    assert at.installation.ledger.load(video).phase is Phase.WITHDRAWN
    with at.client(at.moderator) as moderator:
        assert "I never agreed to this." in [one["words"] for one in moderator.get("/api/reviews").json()["reported"]]
        assert moderator.get("/api/reviews/match-figures").json()["not_me"] >= 1
    page.goto(f"{at.url}/cameos/eileen/found?show=not_me")
    tab_to(page, "Put back")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=put_back")
    assert other in page.locator(".found-list").inner_text()
    page.context.close()


@needs_browser
@pytest.mark.browser
def test_an_owner_answers_requests_by_keyboard(at, chromium):
    asker, owner = account(at), account(at)
    enrolled(at, "kim", owner)
    at.installation.service.cameos.requests.set_takes(owner.person, "kim", RequestsFrom.EVERYONE)
    videos = [order(at, asker, f"@kim plays chess, game {number}")[0] for number in (1, 2)]
    for video in videos:
        assert ask(at, asker, video, "kim", message="For our club.", show_prompt=True).status_code == 201
    page = signed_in(chromium, at, owner)
    page.goto(f"{at.url}/consent-requests")
    assert "game 2" in page.locator("main").inner_text()
    assert fits(page)
    tab_to(page, "Yes, this video")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=yes")
    assert at.settle(videos[1]).verdict.rules != ("prompt_cameo_unleased",)
    tab_to(page, "No, and block them")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=block")
    assert at.settle(videos[0]).phase is Phase.REFUSED
    assert "Nobody asks for your consent." in page.locator("main").inner_text()
    tab_to(page, "No longer block")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=unblocked")
    page.goto(f"{at.url}/consent-requests?show=all")
    assert {"you said yes", "you said no"} <= set(page.locator(".card .tag").all_inner_texts())
    page.context.close()


@needs_browser
@pytest.mark.browser
def test_an_author_asks_from_the_page_of_the_case_by_keyboard(at, chromium):
    asker, owner = account(at), account(at)
    enrolled(at, "lou", owner)
    at.installation.service.cameos.requests.set_takes(owner.person, "lou", RequestsFrom.EVERYONE)
    video, _ = order(at, asker, "a sleepy rabbit in a meadow", characters=[{"id": "lou"}])
    page = signed_in(chromium, at, asker)
    page.goto(f"{at.url}/cases/{video}")
    tab_to(page, "Ask for consent")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/consent-requests/for/{video}")
    assert "@lou" in page.locator("main").inner_text()
    tab_to(page, "@lou")
    page.keyboard.press("Tab")
    page.keyboard.type("We met in the garden.")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    tab_to(page, "Ask")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=asked")
    assert "asked: no answer yet" in page.locator("main").inner_text()
    [received] = at.installation.service.cameos.requests.received(owner.person)
    assert (received.message, received.prompt) == ("We met in the garden.", "a sleepy rabbit in a meadow")
    page.goto(f"{at.url}/consent-requests/for/{order(at, account(at), 'a rabbit')[0]}")
    assert "404" in page.content() or "no such" in page.content()
    page.context.close()


@needs_browser
@pytest.mark.browser
@pytest.mark.parametrize(
    ("lang", "scheme", "width"), [("en", "light", "desktop"), ("fr", "dark", "phone")], ids=["wide", "phone"]
)
def test_axe_finds_nothing_wrong_with_both_pages_and_they_fit(at, eileen, chromium, lang, scheme, width):
    at.installation.service.cameos.requests.set_takes(eileen.person, "eileen", RequestsFrom.EVERYONE)
    video, _ = order(at, account(at), "a woman smiles")
    with at.client(eileen):
        assert ask(at, at.platform, video, "eileen").status_code == 404  # of another account
    asker = account(at)
    video, _ = order(at, asker, "a woman smiles")
    assert ask(at, asker, video, "eileen", message="x" * 900, show_prompt=True).status_code == 201
    mine, _ = order(at, eileen, "a sleepy rabbit in a meadow", characters=[{"id": "nora"}])
    page = signed_in(chromium, at, eileen, size=SIZES[width], color_scheme=scheme, bypass_csp=True)
    for path in (
        f"/consent-requests/for/{mine}",
        "/consent-requests",
        "/consent-requests?show=all",
        "/cameos/eileen/found",
        "/me/eileen",
    ):
        page.goto(f"{at.url}{path}{'&' if '?' in path else '?'}lang={lang}")
        assert axe_findings(page) == [], path
        assert fits(page), path
        assert (
            take_picture(page, path.strip("/").replace("/", "-").replace("?", "-"), width, scheme).stat().st_size > 2000
        )
    page.context.close()


def test_an_order_that_nobody_answered_says_so(at):
    asker, owner = account(at), account(at)
    enrolled(at, "omar", owner)
    requests = at.installation.service.cameos.requests
    requests.set_takes(owner.person, "omar", RequestsFrom.EVERYONE)
    video, _ = order(at, asker, "a sleepy rabbit in a meadow", characters=[{"id": "omar"}])
    assert ask(at, asker, video, "omar").status_code == 201
    requests.run_upkeep(datetime.now(UTC) + timedelta(days=15))
    assert at.settle(video).phase is Phase.WITHDRAWN
    error = answer(at, asker, video)["error"]
    assert error == {
        "code": "recalled",
        "message": "Nobody answered the request for consent in time, so this order was stopped.",
    }
    with at.browser(asker) as page:
        assert "nobody answered the request for consent" in page.get(f"/cases/{video}").text
