"""Every page as each role in French, beside the same page in English: nothing is said in the same words but names."""

from __future__ import annotations

import re

import pytest

from core.roles import Role
from core.verdicts import Decision
from pipeline.diagnostics.installation_checks import make_development_keys
from pipeline.settings import Settings
from tests.stories.access_requests import PARAMETERS, REQUESTS
from tests.stories.access_walk import all_routes, walking
from tests.stories.http_installation import (
    FINE,
    HELD,
    REFUSED,
    UNMEASURED,
    form_token,
    memory_installation,
    serve_installation,
)
from tests.stories.page_texts import half_english, left_english, page_texts
from tests.stories.test_http_blind_review import held, rule, rule_on_check, until_a_check_is_due
from tests.unit.media.media_clips import write_clip

ALIKE = frozenset(
    [
        "API",
        "Assay",
        "Python",
        "JavaScript",
        "curl",
        "UTC",
        "URL",
        "Webhooks",
        "Kappa",
        "Alpha",
        "Score",
        "Note",
        "Date",
        "Action",
        "Verdict",
        "min",
        "total",
        "refuse",
        "token",
        "manage",
        "moderate",
        "read",
        "submit",
        "verify",
        "pdq",
        "active",
        "Badge",
        "silence",
        "violence",
        "version",
        "Signature",
    ]
)
"""Names, scopes of keys, and words that French and English write alike."""

STORY = {"gore words", "fog words", "weapon words", "calm music", "A person looks at this first."} | {
    "This asks for something we do not make."
}
"""Rules and reasons of the story's own house, which no catalog knows."""


def compared(browser, address, **options):
    """What the page of an address leaves in English; nothing where it is no page, or not for this person."""
    pages = {}
    for code in ("en", "fr"):
        answer = browser.get(address, headers={"Accept-Language": code, "Accept": "text/html"}, **options)
        if "text/html" not in answer.headers.get("content-type", ""):
            return []
        pages[code] = answer.text
    assert '<html lang="fr">' in pages["fr"]
    left = [*left_english(pages["en"], pages["fr"], ALIKE), *half_english(pages["fr"])]
    return [text for text in left if not _is_of_the_story(text)]


def _is_of_the_story(text):
    return text.strip("“”« »") in STORY or text.startswith("key of ")


def unsaid(left):
    """Each text once, with the first page that shows it."""
    places = {text: place for place, texts in reversed(left.items()) for text in texts}
    return [f"{text} <{place}>" for text, place in sorted(places.items())]


def test_a_word_that_stays_english_is_found_and_names_are_not():
    english = '<html lang="en"><p title="Left">Said <b>one</b> to acct_1 <i class="mono">abc</i></p><b>Score</b>'
    french = '<html lang="fr"><p title="Left">Dit <b>one</b> to acct_1 <i class="mono">abc</i></p><b>Score</b>'
    assert left_english(english, french, frozenset({"Score"})) == ["Left", "one"]
    assert half_english("<p>depuis 3 jours in the file</p><p>in_progress dans</p>") == ["depuis 3 jours in the file"]
    assert page_texts(english) == ["Left", "Said", "one", "to acct_1", "Score"]


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    house = memory_installation(tmp_path_factory.mktemp("house"), second_review_share=1.0, golden_share=0.0)
    with serve_installation(house) as serving:
        yield serving


@pytest.fixture(scope="module")
def chief(at):
    return at.installation.account(Role.LEAD, Role.MODERATOR)


@pytest.fixture(scope="module")
def cases(at, chief):
    """Cases of every kind, by what became of them; a golden item, and a second review that comes out otherwise."""
    second = at.installation.account(Role.MODERATOR)
    ruled = [held(at) for _ in range(3)]
    for number, case_id in enumerate(ruled):
        rule(at, at.moderator, case_id, Decision.REFUSE if number == 2 else Decision.ALLOW, note="a note")
    until_a_check_is_due(at, second)
    rule_on_check(at, second, at.installation.service.reviews.take_next(second.person), Decision.REFUSE)
    at.installation.service.quality.make_golden(chief.person, ruled[2], decision="refuse", reason="prompt_x 1")
    made = {"ruled": ruled[0], "turned down": ruled[2]}
    for name, prompt in {"held": HELD, "refused": REFUSED, "unmeasured": UNMEASURED, "published": FINE}.items():
        made[name] = at.submit(prompt)
        at.settle(made[name])
    with at.browser(at.platform) as browser:
        page = browser.get(f"/cases/{made['refused']}").text
        form = {"form_token": form_token(page), "revision": page.split('name="revision" value="')[1].split('"')[0]}
        assert browser.post(f"/cases/{made['refused']}/appeal", data=form | {"note": "why"}).status_code == 303
    for ruling in ("ruled",):
        at.settle(made[ruling])
    return made


def test_a_moderator_reads_the_queue_and_every_case_in_french(at, cases):
    left = {}
    with at.browser(at.moderator) as browser:
        for address in (
            "/queue",
            "/queue?q=gore",
            "/queue?q=nothing-of-this",
            "/cases",
            "/cases?phase=held",
            "/quality",
        ):
            left[address] = compared(browser, address)
        for name, case_id in cases.items():
            left[name] = compared(browser, f"/cases/{case_id}?show=prompt")
    assert not unsaid(left), "\n".join(unsaid(left))


def test_what_follows_an_act_is_said_in_french(at, cases):
    with at.browser(at.moderator) as browser:
        done = "ruled resumed appealed recalled next last skipped escalated handed undone reversed sealed opened"
        left = {name: compared(browser, f"/cases/{cases['held']}?done={name}") for name in done.split()}
        left |= {name: compared(browser, f"/queue?done={name}") for name in ("empty", "kept", "undone")}
    assert not unsaid(left), "\n".join(unsaid(left))


def test_a_bulk_action_is_previewed_and_undone_in_french(at, cases):
    case = at.installation.ledger.load(cases["held"])
    left = {}
    with at.browser(at.moderator) as browser:
        for what in ("allow:context", "refuse:breaks_policy", "skip:language"):
            pages = []
            for code in ("en", "fr"):
                token = form_token(browser.get("/queue").text)
                form = {"form_token": token, "case": case.id, "what": what, "query": ""}
                pages.append(browser.post("/queue/bulk/preview", data=form, headers={"Accept-Language": code}).text)
            assert "<main" in pages[1]
            left[what] = left_english(*pages, ALIKE)
    assert not unsaid(left), "\n".join(unsaid(left))


def test_an_author_reads_their_cases_in_french(at, cases):
    with at.browser(at.platform) as browser:
        left = {name: compared(browser, f"/cases/{case_id}?show=prompt") for name, case_id in cases.items()}
        left |= {address: compared(browser, address) for address in ("/cases", "/platform", "/me", "/security")}
    assert not unsaid(left), "\n".join(unsaid(left))


def test_a_lead_reads_overview_log_and_quality_in_french(at, chief, cases):
    addresses = ("/overview", "/overview?days=30", "/decisions", "/decisions?kind=ruled", "/quality?done=golden")
    with at.browser(chief) as browser:
        left = {address: compared(browser, address) for address in addresses}
    assert not unsaid(left), "\n".join(unsaid(left))


@pytest.mark.postgres
@pytest.mark.models
def test_every_page_of_a_real_installation_is_french_for_every_role(tmp_path):
    make_development_keys(Settings(home=tmp_path))
    (tmp_path / "engine").mkdir()
    clip = write_clip(tmp_path / "engine" / "clip.mp4", size=(320, 240), frames=25, sound="aac")
    left, seen = {}, set()
    with walking(tmp_path, clip) as (at, made, people), at.client() as client:
        described = at.app.openapi()["paths"]
        for method, path in dict.fromkeys(all_routes(at.app.routes)):
            if method != "GET" or "get" in described.get(path, {}) or path.startswith("/v1/") or path == "/docs":
                continue
            for who in people:
                if who.name in ("owner", "moderator", "lead", "operator", "nobody"):
                    key = f"{method} {path}"
                    values, options = REQUESTS[key](made, who.about) if key in REQUESTS else ({}, {})
                    for name in re.findall(r"\{(\w+)(?::path)?\}", path):
                        values[name] = values.get(name) or PARAMETERS[name](made, who.about)
                    address = re.sub(r"\{(\w+)(?::path)?\}", lambda found, values=values: values[found[1]], path)
                    client.headers["Cookie"] = who.session
                    texts = compared(client, address, params=options.get("params"))
                    client.cookies.clear()
                    seen.add(path)
                    if texts:
                        left[f"{path} {who.name}"] = texts
    assert len(seen) > 30
    assert not unsaid(left), "\n".join(unsaid(left))
