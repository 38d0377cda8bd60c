"""Who gets in where, and what everybody is told who does not."""

import re

import pytest

from core.roles import Role
from tests.conftest import ROOT
from tests.stories.http_installation import FINE, HELD, REFUSED, form_token, memory_installation, serve_installation

PRIVATE = ["/queue", "/cases", "/cases/0123456789abcdef", "/cases/0123456789abcdef/video"]
PROGRAMS = [
    "/api/cases",
    "/api/queue",
    "/api/cases/0123456789abcdef",
    "/api/cases/0123456789abcdef/history",
    "/v1/videos",
]
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("house"))) as serving:
        yield serving


@pytest.mark.parametrize("path", PRIVATE)
def test_a_private_page_sends_the_public_to_the_login_and_brings_them_back(at, path):
    with at.client() as public:
        sent = public.get(path, headers=BROWSER)
        assert sent.status_code == 303
        login = public.get(sent.headers["location"], headers=BROWSER)
        data = {"form_token": form_token(login.text), "token": at.moderator.token, "onward": path}
        assert f'name="onward" value="{path}"' in login.text
        assert public.post("/login", data=data).headers["location"] == path


@pytest.mark.parametrize("path", PRIVATE + PROGRAMS)
@pytest.mark.parametrize("token", ["", "Bearer", "Bearer assay_guess", "Basic YTpi"])
def test_without_a_valid_token_programs_get_401_and_no_hint(at, path, token):
    with at.client() as public:
        answer = public.get(path, headers={"Authorization": token} if token else {})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_signed_in"


@pytest.mark.parametrize(
    "path", ["/verify", "/login", "/docs", "/openapi.json", "/healthz", "/readyz", "/static/assay.css"]
)
def test_some_doors_are_open_to_all(at, path):
    with at.client() as public:
        assert public.get(path).status_code == 200


def test_the_front_door_leads_the_public_to_the_verifier_and_a_moderator_to_the_queue(at):
    with at.client() as public, at.browser(at.moderator) as moderator, at.browser(at.platform) as platform:
        assert public.get("/").headers["location"] == "/verify"
        assert moderator.get("/").headers["location"] == "/queue"
        assert platform.get("/").headers["location"] == "/cases"


def test_every_operation_but_the_public_ones_needs_a_token(at):
    with at.client() as public:
        described = public.get("/openapi.json").json()
        for path, methods in described["paths"].items():
            for method, operation in methods.items():
                if "public" not in operation["tags"]:
                    answer = public.request(
                        method, path.replace("{case_id}", "ab").replace("{video_id}", "ab"), json={}
                    )
                    assert answer.status_code == 401, (method, path)


def test_every_operation_is_in_the_reference(at):
    reference = (ROOT / "docs" / "reference" / "api.md").read_text()
    with at.client() as public:
        described = public.get("/openapi.json").json()["paths"]
    offered = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    assert offered == set(re.findall(r"^\| `([A-Z]+ /[^`]*)`", reference, re.M))


def test_a_platform_cannot_rule_nor_see_the_queue(at):
    case_id = at.submit(HELD)
    held = at.settle(case_id)
    with at.client(at.platform) as platform:
        ruling = {"decision": "allow", "code": "parody", "revision": held.revision}
        assert platform.post(f"/api/cases/{case_id}/rule", json=ruling).status_code == 403
        assert platform.get("/api/queue").status_code == 403
    with at.browser(at.platform) as browser:
        assert browser.get("/queue").status_code == 403
        assert "your account needs the role moderator" in browser.get("/queue").text


def test_a_moderator_cannot_order_videos(at):
    with at.client(at.moderator) as moderator:
        answer = moderator.post("/v1/videos", json={"prompt": FINE})
    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "permission_error")


def test_another_accounts_case_does_not_exist(at):
    case_id = at.submit(REFUSED)
    at.settle(case_id)
    with at.client(at.other) as other, at.browser(at.other) as browser:
        for path in ("", "/history"):
            assert other.get(f"/api/cases/{case_id}{path}").status_code == 404
        assert other.post(f"/api/cases/{case_id}/appeal", json={}).status_code == 404
        assert other.post(f"/api/cases/{case_id}/recall", json={"code": "author"}).status_code == 404
        assert other.get(f"/v1/videos/{case_id}").json() == other.get("/v1/videos/0123456789abcdef").json()
        assert other.delete(f"/v1/videos/{case_id}").status_code == 404
        assert other.get("/v1/videos").json()["data"] == []
        assert browser.get(f"/cases/{case_id}").status_code == 404
        assert browser.get(f"/cases/{case_id}/video").status_code == 404


def test_a_session_does_not_open_the_api_of_programs(at):
    with at.browser(at.moderator) as browser:
        assert browser.get("/api/queue").status_code == 401


@pytest.mark.parametrize("action", ["rule", "resume", "appeal", "recall"])
def test_a_form_that_was_not_made_here_is_refused_and_changes_nothing(at, action):
    case_id = at.submit(HELD)
    before = at.settle(case_id)
    sent = {"decision": "allow", "code": "parody", "revision": str(before.revision)}
    with at.browser(at.moderator) as one, at.browser(at.moderator) as two:
        foreign = form_token(two.get("/queue").text)
        for token in ({}, {"form_token": ""}, {"form_token": "x"}, {"form_token": foreign + "x"}):
            assert one.post(f"/cases/{case_id}/{action}", data=sent | token).status_code == 403
    assert at.installation.ledger.load(case_id) == before


def test_a_form_token_of_another_person_is_refused(at):
    stranger = at.installation.account(Role.MODERATOR)
    with at.browser(at.moderator) as mine, at.browser(stranger) as theirs:
        token = form_token(theirs.get("/queue").text)
        assert mine.post("/logout", data={"form_token": token}).status_code == 403
        assert mine.get("/queue").status_code == 200


def test_a_login_without_its_form_is_refused(at):
    with at.client() as public:
        assert public.post("/login", data={"token": at.moderator.token}).status_code == 403


def test_a_copied_cookie_opens_nothing_once_its_owner_has_signed_out(at):
    with at.browser(at.moderator) as mine, at.client() as copy:
        copy.cookies.update(mine.cookies)
        copy.headers["Accept"] = "text/html"
        assert copy.get("/queue").status_code == 200
        mine.post("/logout", data={"form_token": form_token(mine.get("/queue").text)})
        assert copy.get("/queue").status_code == 303


def test_the_session_is_kept_from_scripts_and_other_sites_and_ends_at_logout(at):
    with at.client() as public:
        token = form_token(public.get("/login").text)
        sent = public.post("/login", data={"form_token": token, "token": f" {at.moderator.token}\n"})
        kept = next(c for c in sent.headers.get_list("set-cookie") if c.startswith("assay_session="))
        assert "HttpOnly" in kept and "SameSite=strict" in kept and at.moderator.token not in kept
        page = public.get("/queue", headers=BROWSER)
        public.post("/logout", data={"form_token": form_token(page.text)})
        assert public.get("/queue", headers=BROWSER).status_code == 303


@pytest.mark.parametrize("onward", ["https://evil.example", "//evil.example", "/\\evil.example", "evil"])
def test_a_login_leads_to_no_other_site(at, onward):
    with at.client() as public:
        token = form_token(public.get("/login", params={"next": onward}).text)
        sent = public.post("/login", data={"form_token": token, "token": at.moderator.token, "onward": onward})
    assert sent.headers["location"] == "/"


def test_guessing_tokens_is_stopped_after_ten_tries(tmp_path):
    with serve_installation(memory_installation(tmp_path)) as fresh, fresh.client() as public:
        token = form_token(public.get("/login").text)
        tries = [
            public.post("/login", data={"form_token": token, "token": f"guess {n}"}).status_code for n in range(12)
        ]
        right = public.post("/login", data={"form_token": token, "token": fresh.moderator.token})
    assert tries == [401] * 10 + [429] * 2
    assert right.status_code == 429


@pytest.mark.parametrize("path", ["/verify", "/nothing-here", "/api/nothing", "/v1/videos", "/static/assay.css"])
def test_every_answer_is_safe_to_show(at, path):
    with at.client() as public:
        headers = public.get(path).headers
    assert "'unsafe-inline'" not in headers["content-security-policy"]
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")


def test_a_browser_gets_a_page_and_a_program_json_for_the_same_mistake(at):
    with at.client() as public:
        page = public.get("/nothing-here", headers=BROWSER)
        plain = public.get("/nothing-here")
        api = public.get("/api/nothing", headers=BROWSER)
    assert (page.status_code, plain.status_code, api.status_code) == (404, 404, 404)
    assert "<h1>That did not work</h1>" in page.text
    assert plain.json()["error"]["code"] == api.json()["error"]["code"] == "not_found"


def test_nothing_that_is_sent_is_shown_unescaped(at):
    prompt = '<script>alert("x")</script> some gore'
    case_id = at.submit(prompt)
    at.settle(case_id)
    with at.browser(at.moderator) as browser:
        page = browser.get(f"/cases/{case_id}", params={"show": "prompt", "done": "<b>"}).text
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_an_error_that_nobody_foresaw_is_told_without_its_words(at, monkeypatch, caplog):
    monkeypatch.setattr(type(at.installation.ledger), "list", lambda *_a, **_k: 1 / 0)
    with at.client(at.platform) as platform, at.browser(at.platform) as browser:
        answer, page = platform.get("/api/cases"), browser.get("/cases")
    assert (answer.status_code, page.status_code) == (500, 500)
    assert answer.json()["error"]["code"] == "internal"
    for text in (answer.text, page.text):
        assert "ZeroDivision" not in text and "Traceback" not in text


def test_a_large_body_is_refused_where_no_file_is_expected(at):
    def endless():
        for _ in range(80):
            yield b"x" * 65536

    with at.client(at.platform) as platform:
        long = platform.post("/api/screen", json={"prompt": "x" * 2_000_000})
        chunked = platform.post("/api/screen", content=endless(), headers={"Content-Type": "application/json"})
    assert (long.status_code, chunked.status_code) == (413, 413)
