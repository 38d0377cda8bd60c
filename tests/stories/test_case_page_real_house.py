"""The page of a case with everything real: the policy's thresholds, Postgres, the gate that answers a preview, and keys."""

from dataclasses import replace

import pytest

from core.case import Phase
from core.ports import Ticket
from core.verdicts import Decision
from pipeline.advance import advance
from pipeline.moderation.exposure import Step
from tests.stories.http_installation import serve_real_installation
from tests.stories.test_case_page_browser import chromium, opened, signed_in  # noqa: F401 - a fixture
from tests.stories.test_http_browser import CHROMIUM

PROMPT = "a knight lies on the battlefield, blood and guts and severed limbs everywhere, extreme gore"
SCREENING = frozenset({Phase.SUBMITTED, Phase.SCREENED})
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.models,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]


@pytest.fixture(scope="module")
def at(installation):
    with serve_real_installation(installation.home, ruling_undo_seconds=60.0, one_person=False) as serving:
        yield serving


def screened(at, case_id):
    """The case once the gate before the engine has judged it."""
    works = replace(at.installation.works, accepted_phases=SCREENING)
    case = at.installation.ledger.load(case_id)
    while case.phase in SCREENING:
        case = advance(Ticket(case_id=case.id, revision=case.revision, phase=case.phase), works)
    return case


def test_a_moderator_reads_thresholds_rules_by_keys_takes_it_back_and_the_author_reads_the_reply(at, chromium):  # noqa: F811
    case_id = at.submit(PROMPT)
    stopped = screened(at, case_id)
    if stopped.phase is Phase.REFUSED:
        at.installation.service.appeal(at.platform.person, case_id, note="it is a painting of mine")
    assert at.installation.ledger.load(case_id).phase is Phase.HELD
    page = signed_in(chromium, at)
    opened(page, at, case_id)
    why = page.locator(".why").inner_text()
    assert "threshold 0." in why and "The rule says" in why
    told = page.locator(".telling[data-for=refuse]").inner_text()
    for key in ("w", "r", "1", "t", "ArrowDown"):
        if key == "w":
            with page.expect_navigation(wait_until="load"):
                page.keyboard.press(key)
        else:
            page.keyboard.press(key)
    assert page.locator("mark").count() >= 1
    page.keyboard.press("n")
    page.wait_for_url("**last=**")
    page.wait_for_load_state()
    assert at.installation.ledger.load(case_id).phase is Phase.SCREENED
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("z")
    assert at.installation.ledger.load(case_id).phase is Phase.HELD
    for key in ("r", "1", "t", "ArrowDown", "n"):
        page.keyboard.press(key)
    page.wait_for_url("**last=**")
    assert screened(at, case_id).phase is Phase.REFUSED
    with at.client(at.platform) as author:
        video = author.get(f"/v1/videos/{case_id}").json()
    assert video["assay"]["reply"].startswith("This cannot be made as you asked for it.")
    assert video["error"]["message"] in told
    assert all(reason["text"] in told for reason in video["assay"]["explanation"]["reasons"])
    steps = at.installation.service.exposure.mine(at.moderator.person).by_step
    assert Step.WORDS in steps


def test_a_moderators_refusal_is_reversed_and_is_no_strike_any_more(at):
    case_id = at.submit(PROMPT)
    stopped = screened(at, case_id)
    service, author = at.installation.service, at.platform.person
    if stopped.phase is Phase.REFUSED:
        stopped = service.appeal(author, case_id)
    service.rule(at.moderator.person, case_id, Decision.REFUSE, code="breaks_policy", revision=stopped.revision)
    refused = screened(at, case_id)

    def strikes():
        return service.context.facts.facts(at.installation.ledger.load(case_id))["author_strikes"]

    before = strikes()
    service.reversals.reverse(at.moderator.person, case_id, code="new_evidence", revision=refused.revision)
    judged = screened(at, case_id)
    assert judged.phase in (Phase.HELD, Phase.REFUSED) and judged.rulings == ()
    assert strikes() == before - (judged.phase is Phase.HELD)
