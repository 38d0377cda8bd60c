"""The page of a platform: its first video copied from the page, its keys, its usage, in English and French, with axe."""

import html
import re
import shutil
import subprocess
import sys
import threading

import pytest

from core.errors import NotFound
from core.roles import Principal, Role, Scope
from pipeline.access.account_service import AccountService
from tests.stories.axe_findings import axe_findings
from tests.stories.http_installation import (
    FINE,
    HELD,
    REFUSED,
    ApiAccount,
    form_token,
    memory_installation,
    serve_installation,
)
from tests.stories.test_http_browser import CHROMIUM, chromium, fits

__all__ = ["chromium"]

OPERATOR = Principal(id="local:op", roles=frozenset({Role.OPERATOR}))


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    house = memory_installation(tmp_path_factory.mktemp("house"), videos_per_day=0)
    with serve_installation(house) as serving:
        stop = threading.Event()
        thread = threading.Thread(target=house.runner.run_forever, args=(stop,))
        thread.start()
        yield serving
        stop.set()
        thread.join()


def text_of(page):
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def snippet(page, name):
    return html.unescape(re.search(rf'<pre id="{name}"[^>]*><code>(.*?)</code></pre>', page, re.S)[1])


def send(browser, action, **fields):
    token = form_token(browser.get("/platform?lang=en").text)
    return browser.post(f"/platform/{action}?lang=en", data={"form_token": token, **fields})


def test_the_first_video_is_made_by_what_the_page_has_to_copy(at, tmp_path):
    pytest.importorskip("openai", reason="OpenAI's client is not installed")
    with at.browser(at.platform) as browser:
        page = browser.get("/platform").text
    code = snippet(page, "python")
    assert f'base_url="{at.url}/v1"' in code
    env = {"ASSAY_TOKEN": at.platform.token, "PATH": "/usr/bin:/bin", "NO_PROXY": "*"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "video.mp4").read_bytes()[4:8] == b"ftyp"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_curl_of_the_page_works_too(at, tmp_path):
    with at.browser(at.platform) as browser:
        code = snippet(browser.get("/platform").text, "curl")
    order, ask, fetch = code.split("\n\n")
    env = {"ASSAY_TOKEN": at.platform.token, "PATH": "/usr/bin:/bin", "NO_PROXY": "*"}

    def run(script):
        done = subprocess.run(["sh", "-ec", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
        return done.stdout

    env["VIDEO_ID"] = re.search(r'"id":\s*"([0-9a-f]{16})"', run(order))[1]
    assert '"status"' in run(ask)
    for _ in range(100):
        if '"completed"' in run(ask):
            break
    run(fetch)
    assert (tmp_path / "video.mp4").read_bytes()[4:8] == b"ftyp"


def test_a_key_is_made_shown_once_rotated_and_revoked_on_the_page(at):
    with at.browser(at.platform) as browser:
        made = send(browser, "keys", name="from the page", scope=["read"], days="30", videos_per_day="5")
        token = snippet(made.text, "secret")
        assert made.status_code == 200 and token.startswith("assay_")
        assert token not in browser.get("/platform").text
        with at.client(ApiAccount(at.platform.person, token)) as reader:
            assert reader.get("/v1/videos").status_code == 200
            key = next(k for k in at.installation.accounts.keys(at.platform.person.id) if k.name == "from the page")
            assert (key.scopes, key.limits.videos_per_day) == ({Scope.READ}, 5) and key.expires
            rotated = snippet(send(browser, f"keys/{key.id}/rotate", overlap_hours="24").text, "secret")
            assert reader.get("/v1/videos").status_code == 200
        new = next(k for k in at.installation.accounts.keys(at.platform.person.id) if rotated.startswith(k.hint))
        done = send(browser, f"keys/{new.id}/revoke")
        assert done.status_code == 303
        assert "The key is revoked." in browser.get(done.headers["location"]).text
        with at.client(ApiAccount(at.platform.person, rotated)) as ended:
            assert ended.get("/v1/videos").status_code == 401


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "x"}, "choose what the key may do"),
        ({"name": "", "scope": "read"}, "a key has a name of 1 to 80 printable characters"),
        ({"name": "x", "scope": "everything"}, "there is no such scope"),
        ({"name": "x", "scope": "read", "videos_per_day": "many"}, "write whole numbers in digits"),
        ({"name": "x", "scope": "read", "days": "-1"}, "write whole numbers in digits"),
        ({"name": "token", "scope": "read"}, "works already"),
        ({"name": "x", "scope": "moderate"}, "no role for the scope moderate"),
    ],
)
def test_what_is_wrong_in_a_form_is_said_beside_it_and_what_was_written_stays(at, fields, said):
    with at.browser(at.platform) as browser:
        answer = send(browser, "keys", **fields)
    assert answer.status_code in (400, 403, 409) and said in html.unescape(answer.text)
    assert f'name="name" value="{fields["name"]}"' in answer.text


def test_a_key_of_another_account_is_not_there(at):
    theirs = next(iter(at.installation.accounts.keys(at.other.person.id)))
    with at.browser(at.platform) as browser:
        for action in ("rotate", "revoke"):
            answer = send(browser, f"keys/{theirs.id}/{action}")
            assert answer.status_code == 404 and str(NotFound("there is no such key")) in answer.text
    with at.client(at.other) as other:
        assert other.get("/v1/videos").status_code == 200


def test_usage_and_the_last_troubles_are_the_accounts_own(at):
    refused, held = at.submit(REFUSED), at.submit(HELD)
    foreign = at.submit(REFUSED, at.other)
    for case in (refused, held, foreign):
        at.settle(case)
    with at.browser(at.platform) as browser:
        page = browser.get("/platform").text
    assert f'href="/cases/{refused}"' in page and f'href="/cases/{held}"' in page and foreign not in page
    assert "This asks for something we do not make." in page
    used = at.installation.service.usage.account_usage(at.platform.person.id, at.platform.person.account_limits)
    assert used[0].used >= 2 and f"<strong>{used[0].used}</strong>" in page


def test_who_signed_in_with_a_narrow_key_does_not_get_here(at):
    service = AccountService(accounts=at.installation.accounts)
    scopes = frozenset({Scope.READ, Scope.SUBMIT})
    _, token = service.create_key(OPERATOR, "narrow", scopes=scopes, account=at.other.person.id)
    with at.browser(ApiAccount(at.other.person, token)) as browser:
        answer = browser.get("/platform")
    assert answer.status_code == 403 and "scope manage" in answer.text


def test_forms_of_other_sites_change_nothing(at):
    with at.browser(at.platform) as browser:
        for action in ("keys", "keys/key_1/revoke", "keys/key_1/rotate", "webhooks", "webhooks/whe_1/delete"):
            assert browser.post(f"/platform/{action}", data={"name": "x", "scope": "read"}).status_code == 403
    assert "x" not in {key.name for key in at.installation.accounts.keys(at.platform.person.id)}


def test_the_page_is_in_french_where_that_is_asked_for(at):
    with at.browser(at.platform) as browser:
        page = browser.get("/platform", headers={"Accept-Language": "fr"}).text
        assert '<html lang="fr">' in page and "Votre première vidéo" in page and "Se déconnecter" in page
        token = form_token(page)
        wrong = browser.post("/platform/keys?lang=fr", data={"form_token": token, "name": "x"}).text
        assert "choisissez ce que la clé peut faire" in wrong


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
@pytest.mark.parametrize(("lang", "scheme", "width"), [("en", "light", 1280), ("fr", "dark", 390)])
def test_axe_finds_nothing_wrong_and_the_keyboard_is_enough(chromium, at, lang, scheme, width):
    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        bypass_csp=True,
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    page.goto(f"{at.url}/platform?lang={lang}")
    page.locator("#token").fill(at.platform.token)
    page.keyboard.press("Enter")
    page.wait_for_url("**/platform**")

    def wrong():
        return axe_findings(page) + ([] if fits(page) else ["does not fit"])

    assert wrong() == []
    page.locator("button.copy").first.focus()
    page.keyboard.press("Enter")
    assert "curl" in page.evaluate("navigator.clipboard.readText()")
    page.locator("details:has(#key-name) > summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(f"by keyboard {lang}")
    page.keyboard.press("Enter")
    page.locator(".shown").wait_for()
    page.wait_for_load_state()  # with its style sheets: without them all contrast is wrong
    assert page.locator("#secret").inner_text().startswith("assay_")
    for fold in page.locator("main details").all():
        fold.evaluate("one => one.open = true")
    assert wrong() == []
    context.close()


def test_an_account_that_only_moderates_sees_its_keys(at):
    with at.browser(at.moderator) as browser:
        page = browser.get("/platform")
    assert page.status_code == 200 and "you signed in with it" in page.text
    assert at.submit(FINE) not in text_of(page.text)
