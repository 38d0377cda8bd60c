"""What each role is told of how things are detected: a moderator everything, a platform the decision and its reasons."""

import pytest

from core.roles import Role
from tests.stories.http_installation import FINE, HELD, REFUSED, memory_installation, serve_installation

INSIDE = {"score", "scores", "signals", "source", "sources", "shadow", "facts", "threshold", "spans", "moderator"}
INSIDE |= {"final", "two_person", "awaiting", "lifted"}


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("house"))) as serving:
        for prompt in (FINE, HELD, REFUSED):
            serving.settle(serving.submit(prompt))
        ruled = serving.submit(HELD)
        held = serving.settle(ruled)
        ruling = {"decision": "allow", "code": "context", "revision": held.revision}
        with serving.client(serving.moderator) as moderator:
            assert moderator.post(f"/api/cases/{ruled}/rule", json=ruling).status_code == 200
        serving.settle(ruled)
        yield serving


def told_inside(answer):
    """The names under which an answer tells something of the detector."""
    if isinstance(answer, dict):
        mine = {name for name, value in answer.items() if name in INSIDE and value not in ([], {}, "a moderator")}
        return mine.union(*map(told_inside, answer.values()))
    return set().union(*map(told_inside, answer)) if isinstance(answer, list) else set()


def everything_asked(at, client):
    """Every answer over HTTP in which a measurement or a verdict stands."""
    yield client.get("/api/cases").json()
    yield client.post("/api/screen", json={"prompt": HELD, "explain": True}).json()
    moderation = client.post("/v1/moderations", json={"input": [HELD, REFUSED]}).json()
    yield moderation
    for case in at.installation.ledger.list():
        yield client.get(f"/api/cases/{case.id}").json()
        yield client.get(f"/api/cases/{case.id}/history").json()
    if client.get("/v1/videos").json()["data"]:
        yield client.get("/v1/videos").json()
        yield from (client.get(f"/v1/videos/{case.id}").json() for case in at.installation.ledger.list())


def test_a_platform_is_told_nothing_of_the_detector_anywhere(at):
    with at.client(at.platform) as platform:
        answers = list(everything_asked(at, platform))
    assert [told_inside(answer) for answer in answers] == [set()] * len(answers)
    assert any("gore_words" in str(answer) for answer in answers)  # which rules counted is told
    assert "story_words" not in str(answers) and "calm_music" not in str(answers)
    assert at.moderator.person.id not in str(answers)


def test_moderators_are_told_everything(at):
    with at.client(at.installation.account(Role.MODERATOR)) as person:
        told = set().union(*map(told_inside, everything_asked(at, person)))
    assert told >= {"score", "scores", "signals", "shadow", "spans", "facts", "moderator"} - {"facts", "spans"}


def test_the_moderation_endpoint_tells_a_platform_no_scores_and_says_of_no_category_what_nobody_measured(at):
    """The words of the stories are of no category; yes or no of what is measured: test_http_screening.py."""
    with at.client(at.platform) as platform, at.client(at.moderator) as moderator:
        theirs, ours = (
            c.post("/v1/moderations", json={"input": HELD}).json()["results"][0] for c in (platform, moderator)
        )
    assert set(theirs["category_scores"].values()) == {None}
    assert theirs["categories"] == ours["categories"] and "scores" not in theirs["assay"] and ours["assay"]["scores"]


def test_pages_show_a_platform_the_verdict_and_a_moderator_the_signals_too(at):
    [case_id] = [case.id for case in at.installation.ledger.list() if case.phase.value == "held"]
    with at.browser(at.platform) as author, at.browser(at.moderator) as moderator:
        theirs, ours = author.get(f"/cases/{case_id}").text, moderator.get(f"/cases/{case_id}").text
    assert "story_words" in ours and "calm_music" in ours and "0.75" in ours
    assert "story_words" not in theirs and "calm_music" not in theirs and "0.75" not in theirs
    assert "A person looks at this first." in theirs


def test_a_refusal_says_how_to_appeal_and_an_appeal_that_a_person_looks(at):
    case_id = at.submit(REFUSED)
    at.settle(case_id)
    with at.client(at.platform) as platform:
        said = platform.get(f"/v1/videos/{case_id}").json()["assay"]["explanation"]["appeal"]
        assert said["possible"]
        assert platform.request(said["method"], said["path"], json={"note": "it is a toy"}).status_code == 200
        after = platform.get(f"/v1/videos/{case_id}").json()["assay"]["explanation"]["appeal"]
    assert not after["possible"] and "looks at this already" in after["text"]


def test_an_author_learns_that_a_moderator_appealed_for_them_and_not_which(at):
    case_id = at.submit(REFUSED)
    at.settle(case_id)
    at.installation.service.appeal(at.moderator.person, case_id, note="looked wrong to me")
    with at.client(at.platform) as author:
        told = author.get(f"/api/cases/{case_id}/history").text
    assert "Appealed" in told and "a moderator" in told and at.moderator.person.id not in told
    assert "looked wrong" not in told


def test_an_author_learns_that_a_moderator_took_a_video_down_and_not_which(at):
    case_id = at.submit(FINE)
    published = at.settle(case_id)
    with at.client(at.moderator) as moderator:
        recall = {"code": "policy", "revision": published.revision}
        assert moderator.post(f"/api/cases/{case_id}/recall", json=recall).status_code == 200
    at.settle(case_id)
    with at.client(at.platform) as author:
        told = author.get(f"/api/cases/{case_id}").text
    assert "a moderator" in told and at.moderator.person.id not in told
