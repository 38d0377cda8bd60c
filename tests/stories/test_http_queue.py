"""Queues over HTTP: order, search, rights, sending on, and doing one thing to many cases."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from core.case import Phase
from core.errors import Forbidden
from core.roles import Role
from core.verdicts import Decision, Gate, Verdict
from pipeline.moderation.bulk_reviews import BulkDesk, BulkWorker
from pipeline.moderation.queue_upkeep import QueueUpkeep
from pipeline.moderation.review_rights import ReviewRights
from tests.stories.http_installation import FINE, HELD, form_token, memory_installation, serve_installation


@pytest.fixture
def at(tmp_path):
    with serve_installation(memory_installation(tmp_path)) as serving:
        yield serving


@pytest.fixture
def mo(at):
    with at.browser(at.moderator) as browser:
        yield browser


def held(at, *takes):
    cases = [at.submit(f"{HELD}, take {take}") for take in takes]
    for case_id in cases:
        assert at.settle(case_id).phase is Phase.HELD
    return cases


def send(browser, path, **fields):
    return browser.post(path, data={"form_token": form_token(browser.get("/queue").text), **fields})


def shown(browser, **query):
    page = browser.get("/queue", params=query)
    return re.findall(r'class="case-link" href="/cases/(\w+)"', page.text)


def prepare(at):
    """Everything that is held, however slow the machine."""
    beside = upkeep(at)
    beside.step()
    while at.installation.service.reviews.queue.unprepared(1):
        beside.step()


def upkeep(at):
    service = at.installation.service
    return QueueUpkeep(
        stores=service.reviews.stores,
        ledger=service.ledger,
        texts=service.context.texts,
        blob_store=service.context.blob_store,
        workdir=service.context.workdir,
        priorities=lambda: ({"standard": 48.0}, {"gore_words": (3, "standard")}),
    )


def carried_out(at, minutes=2):
    """What is asked for by now, as if so long had gone by."""
    stores, service = at.installation.service.reviews.stores, at.installation.service
    for bulk_id, (when, bulk) in stores.bulk._kept.items():
        stores.bulk._kept[bulk_id] = when, replace(bulk, due_at=bulk.due_at - timedelta(minutes=minutes))
    worker = BulkWorker(service=service, store=stores.bulk, accounts=stores.accounts)
    while worker.carry_out_next():
        pass


def test_the_page_shows_each_cases_clock_and_the_first_first(at, mo):
    first, second = held(at, 1, 2)
    prepare(at)
    page = mo.get("/queue").text
    assert shown(mo) == [first, second] and page.count("due in 47 h 59 min") == 2
    assert page.count("severity 3") == 2 and "gore words" in page


def test_a_held_case_is_found_by_anything(at, mo):
    ship, other = held(at, "ship", "horse")
    prepare(at)
    for text in ("SHIP battle", f"account:{at.platform.person.id} ship", "rule:gore_words ship"):
        assert shown(mo, q=text) == [ship]
    assert shown(mo, q="battle") == [ship, other] == shown(mo, q=at.platform.person.id) == shown(mo, q="gore_words")
    assert shown(mo, q="submarine") == [] and "Nothing is found." in mo.get("/queue", params={"q": "submarine"}).text
    assert mo.get("/queue", params={"q": ship}).headers["location"] == f"/cases/{ship}"
    assert mo.get("/queue", params={"after": "nonsense"}).status_code == 400


def test_a_search_is_kept_and_deleted_by_its_owner(at, mo):
    held(at, 1)
    assert send(mo, "/queue/searches", name="gore", query="rule=gore_words&evil=1").headers["location"] == (
        "/queue?rule=gore_words&done=kept"
    )
    assert 'href="/queue?rule=gore_words" class="saved"' in mo.get("/queue").text
    with at.browser(at.installation.account(Role.MODERATOR)) as other:
        assert "saved" not in other.get("/queue").text
    assert send(mo, "/queue/searches", name="nothing", query="").status_code == 400
    send(mo, "/queue/searches/delete", name="gore")
    assert "saved" not in mo.get("/queue").text


def test_a_case_of_another_queue_is_refused_by_name_wherever_it_is_asked_for(at, mo):
    (case_id,) = held(at, 1)
    revision = at.installation.ledger.load(case_id).revision
    reviews, me = at.installation.service.reviews, at.moderator.person
    reviews.queue.set_rights(me.id, ReviewRights(subjects=("output",)))
    assert shown(mo) == [] and send(mo, "/queue/next").headers["location"] == "/queue?done=empty"
    for answer in (
        mo.get(f"/cases/{case_id}"),
        mo.get(f"/cases/{case_id}", params={"show": "prompt"}),
        send(mo, f"/cases/{case_id}/rule", decision="allow", code="context", revision=str(revision)),
        send(mo, f"/cases/{case_id}/skip", code="language"),
        send(mo, f"/cases/{case_id}/escalate"),
    ):
        assert answer.status_code == 403 and "the queue of the subject prompt, which is not yours" in answer.text
    with at.client(at.moderator) as program:
        assert program.get("/api/queue").json()["cases"] == []
        assert program.get(f"/api/cases/{case_id}").status_code == 403
    assert at.installation.ledger.load(case_id).revision == revision
    reviews.queue.set_rights(me.id, ReviewRights(subjects=("prompt",)))
    assert shown(mo) == [case_id] and mo.get(f"/cases/{case_id}").status_code == 200


def test_an_escalated_case_is_the_experts_alone_and_carries_its_note(at, mo):
    (case_id,) = held(at, 1)
    nobody = send(mo, f"/cases/{case_id}/escalate", note="is this a real flag?")
    assert nobody.status_code == 409 and "expert" in nobody.text
    expert = at.installation.account(Role.MODERATOR)
    at.installation.service.reviews.queue.set_rights(expert.person.id, ReviewRights(expert=True))
    assert (
        send(mo, f"/cases/{case_id}/escalate", note="is this a real flag?").headers["location"] == "/queue?done=empty"
    )
    assert shown(mo) == [] and mo.get(f"/cases/{case_id}").status_code == 403
    with at.browser(expert) as browser:
        assert shown(browser) == [] and shown(browser, expert="1") == [case_id]
        assert send(browser, "/queue/next").headers["location"] == f"/cases/{case_id}?done="
        assert "is this a real flag?" in browser.get(f"/cases/{case_id}").text
        at.installation.service.context.texts.erase(case_id=case_id)
        assert "The note was erased." in browser.get(f"/cases/{case_id}").text


def test_a_case_is_handed_over_with_a_note_to_a_moderator_and_to_nobody_else(at, mo):
    first, second = held(at, 1, 2)
    colleague = at.installation.account(Role.MODERATOR)
    name = colleague.person.id
    for wrong in (at.moderator.person.id, at.platform.person.id, "nobody"):
        assert send(mo, f"/cases/{second}/hand-over", to=wrong).status_code == 400
    sent = send(mo, f"/cases/{second}/hand-over", to=name, note="you know this region")
    assert sent.headers["location"] == f"/cases/{first}?done=handed"
    with at.browser(colleague) as browser:
        assert shown(browser, mine="1") == [second] and "handed to you" in browser.get("/queue").text
        assert send(browser, "/queue/next").headers["location"] == f"/cases/{second}?done="
        assert "you know this region" in browser.get(f"/cases/{second}").text


def cases_in(preview):
    return re.search(r'name="cases" value="([^"]*)"', preview.text)[1].replace("&#34;", '"')


def test_many_cases_are_ruled_on_after_a_minute_and_what_moved_is_left_alone(at, mo):
    one, two, moved = held(at, 1, 2, 3)
    preview = send(mo, "/queue/bulk/preview", what="allow:context", case=[one, two, moved, "0" * 16])
    assert "Can be done: 3. Cannot be done: 1." in preview.text and "this case is not held any more" in preview.text
    asked = send(mo, "/queue/bulk", what="allow:context", cases=cases_in(preview), query="rule=gore_words")
    assert asked.headers["location"] == "/queue?rule=gore_words&done=bulk"
    carried_out(at, minutes=0)
    assert shown(mo) == [one, two, moved] and "Undo" in mo.get("/queue").text, "nothing happens within the minute"
    allowed = at.installation.ledger.load(moved)
    send(mo, f"/cases/{moved}/rule", decision="refuse", code="unclear", revision=str(allowed.revision))
    carried_out(at)
    assert at.settle(one).phase is Phase.PUBLISHED and at.settle(two).phase is Phase.PUBLISHED
    assert at.settle(moved).phase is Phase.REFUSED
    page = mo.get("/queue").text
    assert "Cases that were allowed: 2." in page and moved in page and "Undo" not in page


def test_what_is_undone_within_the_minute_never_happens(at, mo):
    (case_id,) = held(at, 1)
    preview = send(mo, "/queue/bulk/preview", what="refuse:unclear", case=[case_id])
    send(mo, "/queue/bulk", what="refuse:unclear", cases=cases_in(preview))
    bulk = re.search(r'name="bulk" value="(\w+)"', mo.get("/queue").text)[1]
    with at.browser(at.installation.account(Role.MODERATOR)) as other:
        assert send(other, "/queue/bulk/undo", bulk=bulk).status_code == 409, "nobody undoes what another asked for"
    assert send(mo, "/queue/bulk/undo", bulk=bulk).headers["location"] == "/queue?done=undone"
    carried_out(at)
    assert at.installation.ledger.load(case_id).phase is Phase.HELD
    assert send(mo, "/queue/bulk/undo", bulk=bulk).status_code == 409


def test_whoever_lost_their_role_within_the_minute_does_nothing(at, mo):
    (case_id,) = held(at, 1)
    preview = send(mo, "/queue/bulk/preview", what="refuse:unclear", case=[case_id])
    send(mo, "/queue/bulk", what="refuse:unclear", cases=cases_in(preview))
    accounts = at.installation.accounts
    accounts.save(replace(accounts.get(at.moderator.person.id), roles=frozenset({Role.PLATFORM})))
    carried_out(at)
    assert at.installation.ledger.load(case_id).phase is Phase.HELD
    (bulk,) = at.installation.service.reviews.stores.bulk.recent(at.moderator.person.id)
    assert "moderator" in bulk.outcome[case_id]


@pytest.mark.parametrize(
    ("what", "cases"),
    [
        ("allow:unclear", ["x"]),
        ("skip:because", ["x"]),
        ("erase", ["x"]),
        ("hand_over:", ["x"]),
        ("escalate", []),
        ("escalate", [str(number) for number in range(201)]),
    ],
)
def test_a_bulk_action_that_is_none_is_refused(mo, what, cases):
    assert send(mo, "/queue/bulk/preview", what=what, case=cases).status_code == 400


def test_the_queue_is_for_moderators_alone(at):
    held(at, 1)
    with at.browser(at.platform) as author:
        token = form_token(author.get("/cases").text)
        assert author.get("/queue").status_code == 403
        for path in ("/queue/bulk/preview", "/queue/bulk", "/queue/bulk/undo", "/queue/searches"):
            fields = {"what": "escalate", "case": "x", "cases": '{"x": 1}', "bulk": "b", "name": "n", "query": "q=x"}
            assert author.post(path, data={"form_token": token, **fields}).status_code == 403, path


def test_a_held_video_has_a_poster_and_what_is_not_held_has_none(tmp_path):
    def hold_videos(gate, *_rest):
        held_here = gate is Gate.VIDEO
        decision, rules = (Decision.HOLD, ("video_words",)) if held_here else (Decision.ALLOW, ())
        return Verdict(gate=gate, decision=decision, rules=rules, policy="p")

    with serve_installation(memory_installation(tmp_path, decide=hold_videos)) as at, at.browser(at.moderator) as mo:
        one, other = at.submit(FINE), at.submit(FINE)
        assert at.settle(one).held_at is Phase.INSPECTED and at.settle(other).phase is Phase.HELD
        assert "/poster" not in mo.get("/queue").text and mo.get(f"/queue/{one}/poster").status_code == 404
        prepare(at)
        assert mo.get("/queue").text.count("/poster") == 2
        poster = mo.get(f"/queue/{one}/poster")
        assert poster.headers["content-type"] == "image/jpeg" and len(poster.content) < 2000
        assert poster.headers["cache-control"] == "no-store"
        assert sorted(shown(mo, q=f"like:{one}")) == sorted([one, other])
        at.installation.service.context.texts.erase(case_id=one)
        assert mo.get(f"/queue/{one}/poster").status_code == 410
        with at.browser(at.platform) as author:
            assert author.get(f"/queue/{other}/poster").status_code == 403


def test_the_queue_speaks_french(at, mo):
    held(at, 1)
    page = mo.get("/queue", headers={"Accept-Language": "fr"}).text
    assert "Ouvrir le suivant" in page and "à traiter dans" in page and "avant le moteur" in page
    main = page[page.index("<main") : page.index("</main>")]
    assert "Choose" not in main and "Search" not in main and "With those" not in main


def test_a_sealed_case_stands_in_the_queue_without_its_words_and_its_picture(at, mo):
    (case_id,) = held(at, "a secret word")
    prepare(at)
    assert "a secret word" in mo.get("/queue").text
    revision = at.installation.ledger.load(case_id).revision
    sealed = send(mo, f"/cases/{case_id}/seal", revision=revision, code="suspected_abuse")
    assert sealed.status_code == 303
    page = mo.get("/queue").text
    assert case_id in page
    assert "Sealed: nobody may view it." in page
    assert "a secret word" not in page
    assert mo.get(f"/queue/{case_id}/poster").status_code == 404
    preview = send(mo, "/queue/bulk/preview", case=[case_id], what="refuse:breaks_policy")
    assert "a secret word" not in preview.text


def test_no_search_finds_a_sealed_case_by_what_is_in_it(at, mo):
    case_id = at.submit(HELD)
    at.settle(case_id)
    service, me = at.installation.service, at.moderator.person
    prepare(at)
    assert shown(mo, q="battle") == [case_id]
    revision = service.ledger.load(case_id).revision
    service.reversals.seal(me, case_id, code="suspected_abuse", revision=revision)
    assert shown(mo) == [case_id] and shown(mo, q="battle") == []
    assert mo.get(f"/queue?q=like:{case_id}").status_code == 403


def test_sealed_cases_before_everything_else_keep_no_moderator_from_the_next(at, monkeypatch):
    monkeypatch.setattr("pipeline.moderation.review_desk._MAX_PASSED", 1)
    service, me = at.installation.service, at.moderator.person
    for _ in range(2):
        case_id = at.submit(HELD)
        at.settle(case_id)
        revision = service.ledger.load(case_id).revision
        service.reversals.seal(me, case_id, code="suspected_abuse", revision=revision)
    last = at.submit(HELD)
    at.settle(last)
    assert service.reviews.take_next(me) == last


def test_held_cases_of_other_queues_are_in_no_list_and_nobody_seals_them(at):
    case_id = at.submit(HELD)
    at.settle(case_id)
    service, me = at.installation.service, at.moderator.person
    service.reviews.queue.set_rights(me.id, ReviewRights(subjects=("output",)))
    assert case_id not in [one.id for one in service.cases(me)]
    with pytest.raises(Forbidden):
        service.reversals.seal(me, case_id, code="suspected_abuse", revision=service.ledger.load(case_id).revision)


def test_what_was_sealed_within_the_minute_is_handed_to_nobody(at):
    (case_id,) = held(at, "a")
    service, me, other = at.installation.service, at.moderator.person, at.installation.account(Role.MODERATOR)
    revision = at.installation.ledger.load(case_id).revision
    BulkDesk(desk=service.reviews).ask(me, "hand_over", {case_id: revision}, to=other.person.id)
    service.reversals.seal(me, case_id, code="suspected_abuse", revision=revision)
    carried_out(at)
    assert service.reviews.queue.entry(case_id).assignee == ""
