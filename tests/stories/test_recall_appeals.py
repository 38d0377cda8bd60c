"""A video is taken down, its author appeals by the link, and somebody who had no part in it answers; all real."""

from __future__ import annotations

import pytest

from core.case import Phase
from core.roles import Role
from pipeline.accounts import create_account
from tests.stories.http_installation import FINE, ApiAccount, form_token, serve_real_installation

pytestmark = [pytest.mark.postgres, pytest.mark.models]

WORDS = "It is my own drawing, and nobody else's."


@pytest.fixture(scope="module")
def at(installation):
    with serve_real_installation(installation.home, one_person=False) as serving:
        yield serving


@pytest.fixture(scope="module")
def second(at):
    return ApiAccount(*create_account(at.installation.accounts, [Role.MODERATOR]))


def taken_down(at, code="rights"):
    """A published video that a moderator took down, and the path of its creator's page."""
    case_id = at.submit(FINE)
    assert at.settle(case_id).phase is Phase.PUBLISHED
    at.installation.service.recall(at.moderator.person, case_id, code=code)
    assert at.settle(case_id).phase is Phase.WITHDRAWN
    with at.client(at.platform) as platform:
        url = platform.post(f"/v1/videos/{case_id}/creator_link").json()["url"]
    return case_id, url.removeprefix(at.url)


def appealed(at, path):
    with at.client(None) as anybody:
        page = anybody.get(path).text
        token = form_token(page)
        answer = anybody.post(f"{path}/appeal", data={"form_token": token, "words": WORDS})
        assert answer.status_code == 303, answer.text
        again = anybody.post(f"{path}/appeal", data={"form_token": token, "words": WORDS})
        assert again.status_code == 409
        return anybody.get(path).text


def sent(at, browser, case_id, action, **fields):
    token = form_token(browser.get(f"/cases/{case_id}").text)
    revision = str(at.installation.ledger.load(case_id).revision)
    return browser.post(f"/cases/{case_id}/{action}", data={"form_token": token, "revision": revision} | fields)


def told(at, case_id):
    with at.client(at.platform) as platform:
        return [one["code"] for one in platform.get("/api/notices").json()["notices"] if one["about"] == case_id]


def test_a_granted_appeal_puts_the_same_file_back_and_its_author_is_told(at, second):
    case_id, path = taken_down(at)
    before = at.installation.ledger.load(case_id)
    assert "A person is looking at your appeal" in appealed(at, path)
    with at.browser(at.moderator) as first, at.browser(second) as other:
        listed = first.get("/appeals").text
        assert case_id in listed and "you took this video down yourself" in listed
        page = first.get(f"/cases/{case_id}").text
        assert f"/cases/{case_id}/uphold" not in page and "You took this video down yourself" in page
        assert sent(at, first, case_id, "grant").status_code == 403
        assert sent(at, first, case_id, "uphold", code="unclear").status_code == 403
        assert f"/record/bundle/{case_id}" in page and "bundle" not in first.get(f"/cases/{at.submit(FINE)}").text
        bundle = other.get(f"/record/bundle/{case_id}").json()
        assert [one["words"] for one in bundle["appeals"]] == [WORDS] and bundle["appeals"][0]["outcome"] == ""
        assert WORDS in other.get(f"/cases/{case_id}").text.replace("&#39;", "'")
        assert sent(at, other, case_id, "grant", note="theirs").headers["location"].endswith("done=granted")
        assert case_id not in other.get("/appeals").text
        assert other.get(f"/record/bundle/{case_id}").json()["appeals"][0]["outcome"] == "restored"
        assert sent(at, other, case_id, "uphold", code="unclear").status_code == 409
    again = at.settle(case_id)
    assert again.phase is Phase.PUBLISHED and again.sealed == before.sealed
    assert told(at, case_id) == ["appeal_won"]
    with at.client(None) as anybody:
        said = anybody.get(path).text
    assert "The decision is lifted, and the video is published." in said and "theirs" not in said


def test_an_appeal_that_is_lost_leaves_it_down_with_words_for_its_author_and_cannot_be_made_again(at, second):
    case_id, path = taken_down(at, code="policy")
    appealed(at, path)
    with at.browser(second) as other:
        assert sent(at, other, case_id, "uphold", code="made_up").status_code == 400
        reply = "We compared it with the work, and it is the work."
        done = sent(at, other, case_id, "uphold", code="breaks_policy", reply=reply)
        assert done.headers["location"].endswith("done=upheld")
        assert "read the appeal, and what was decided stands" in other.get(f"/cases/{case_id}").text
    assert at.settle(case_id).phase is Phase.WITHDRAWN and told(at, case_id) == ["appeal_lost"]
    with at.client(None) as anybody:
        said = anybody.get(path).text
    assert reply in said and "The decision stands." in said and f"{path}/appeal" not in said


def test_the_list_is_for_moderators_alone(at):
    with at.browser(at.platform) as platform:
        assert platform.get("/appeals").status_code == 403
