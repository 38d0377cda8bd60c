"""Cameos, leases, receipts and what gates are told of them, over the embedded Postgres."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.case import Phase, new_case
from core.errors import BadInput, Conflict, Forbidden, NotFound, NotNow
from core.events import Measured, Submitted
from core.roles import Principal, Role
from core.signals import Signal, Subject
from pipeline.access.conflicts import DEPICTED, ORDERED, ConflictOfInterest
from registry.consent.cameo_service import LeaseRequest
from registry.consent.cameos import UNKNOWN_HANDLE, parse_mentions
from registry.consent.lease_terms import LeaseTerms
from tests.contract.cameo_installation import ANA, BEN, MIRA, MODERATOR, asset, grant_lease

pytestmark = pytest.mark.postgres
NOW = datetime.now(UTC)


# Who may


def test_nobody_but_the_owner_may_use_a_new_cameo(house):
    mira = house.add_cameo()
    assert house.facts(house.case(MIRA, [mira]))["cameos_unleased"] == 0
    assert house.facts(house.case(ANA, [mira]))["cameos_unleased"] == 1


def test_people_who_are_approved_may(house):
    mira = house.add_cameo()
    grant_lease(house)
    assert house.facts(house.case(ANA, [mira]))["cameos_unleased"] == 0
    assert house.facts(house.case(BEN, [mira]))["cameos_unleased"] == 1


def test_mutuals_are_those_who_both_say_so(house):
    mira = house.add_cameo()
    grant_lease(house, holder="~")
    case = house.case(ANA, [mira])
    assert house.facts(case)["cameos_unleased"] == 1
    for known in (ANA, MIRA):
        house.add_account(known)
    house.service.know(ANA, MIRA.id)
    assert house.facts(case)["cameos_unleased"] == 1
    house.service.know(MIRA, ANA.id)
    assert house.facts(case)["cameos_unleased"] == 0
    house.service.know(MIRA, ANA.id, known=False)
    assert house.facts(case)["cameos_unleased"] == 1


def test_nobody_knows_an_account_that_is_not_there_or_not_any_more(house):
    with pytest.raises(NotFound, match="no such account"):
        house.service.know(MIRA, "acct_nobody")
    house.add_account(BEN, closed=True)
    with pytest.raises(NotFound, match="no such account"):
        house.service.know(MIRA, BEN.id)
    house.service.know(MIRA, BEN.id, known=False)
    with house.database.connection() as connection:
        assert connection.execute("SELECT count(*) FROM acquaintances").fetchone()[0] == 0


def test_a_handle_that_nobody_has_is_said_to_be_nobodys(house):
    house.add_cameo()
    with pytest.raises(BadInput, match="nobody has the handle @somebody-else") as listed:
        house.consent.resolve("", ["mira", "somebody-else"])
    with pytest.raises(BadInput, match=r"@mria.*without @") as mentioned:
        house.consent.resolve("@mira and @mria wave", [])
    assert (listed.value.param, mentioned.value.param) == ("cameos", "prompt")


def test_in_a_case_of_an_earlier_version_a_handle_that_nobody_had_is_leased_to_no_one(house):
    submitted = Submitted(author=ANA.id, prompt=house.context.texts.put("x", case_id="x"), cameos=(UNKNOWN_HANDLE,))
    assert house.facts(house.ledger.append(new_case(), [submitted]))["cameos_unleased"] == 1


@pytest.mark.parametrize(
    "prompt",
    ["\uff20mira waves", "@mira_ waves", "_@mira_ waves", "__@mira__", "\uff20\uff2d\uff49\uff52\uff41!", "@mi\u200bra", "(@mira)"],
)  # fmt: skip
def test_a_mention_is_seen_however_it_is_written(prompt):
    assert parse_mentions(prompt) == ("mira",)


@pytest.mark.parametrize(
    "prompt",
    [
        "@miraが手を振る", "庭で@miraと犬", "@mira挥手", "和@mira喝茶", "@mira이 웃는다", "@miraกำลังเต้น", "لـ@mira وردة", "و@mira يضحك",
        "עם@mira", "@miraने हाथ हिलाया", "@miraой любуются", "_@mira_が笑う",
    ],
)  # fmt: skip
def test_whoever_is_named_is_asked_in_languages_that_join_words_to_a_name(prompt):
    assert parse_mentions(prompt) == ("mira",)


@pytest.mark.parametrize(
    "prompt", ["mail a_@mira.example", "a@mira", "@mira@host", "x_@mira", "https://host/@mira", "@miraé", "é@mira"]
)
def test_what_is_no_mention_is_not_taken_for_one(prompt):
    assert parse_mentions(prompt) == ()


def test_somebody_who_is_held_or_refused_is_leased_to_no_one(house):
    cameo = house.stores.cameos.add("mira", MIRA.id)
    house.stores.leases.grant(cameo.id, "*")
    case = house.case(ANA, [cameo])
    assert house.facts(case)["cameos_unleased"] == 1
    with pytest.raises(NotNow):
        grant_lease(house)
    assert house.service.review.admit(MODERATOR, cameo.id, allow=False, code="unclear") is None
    assert house.facts(case)["cameos_unleased"] == 1


def test_purpose_and_territory_have_to_be_stated_where_they_are_limited(house):
    mira = house.add_cameo()
    grant_lease(house, terms=LeaseTerms(purposes=("parody", "personal"), territory=("DE", "FR")))
    for asked, unleased in (
        ({}, 1),
        ({"purpose": "parody"}, 1),
        ({"purpose": "parody", "territory": ("DE",)}, 0),
        ({"purpose": "parody", "territory": ("DE", "US")}, 1),
        ({"purpose": "advertising", "territory": ("DE",)}, 1),
    ):
        assert house.facts(house.case(ANA, [mira], **asked))["cameos_unleased"] == unleased, asked


def test_face_and_voice_are_asked_for_apart(house):
    mira = house.add_cameo()
    grant_lease(house)
    assert house.facts(house.case(ANA, [mira], voices=True))["cameos_unleased"] == 1
    grant_lease(house, face=False, voice=True)
    talking = house.case(ANA, [mira], voices=True)
    assert house.facts(talking)["cameos_unleased"] == 0
    assert house.consent.leased(talking) == house.consent.leased_voices(talking) == (mira.id,)


# What for


def test_the_lease_made_for_an_account_counts_before_the_one_for_everyone(house):
    mira = house.add_cameo()
    grant_lease(house, holder="*", terms=LeaseTerms(bans=("alcohol", "politics")))
    grant_lease(house, terms=LeaseTerms(bans=("politics",)))
    assert house.facts(house.case(ANA, [mira]))["cameo_no_alcohol"] is False
    for author in (ANA, BEN):
        assert house.facts(house.case(author, [mira]))["cameo_no_politics"] is True
    assert house.facts(house.case(BEN, [mira]))["cameo_no_alcohol"] is True


@pytest.mark.parametrize("prompt", ["mira says MOIST", "mira, moíst!", "m\u200boist cake"])
def test_words_that_somebody_will_not_say_are_found_however_they_are_written(house, prompt):
    mira = house.add_cameo()
    grant_lease(house, terms=LeaseTerms(words=("moist", "climate change")))
    assert house.facts(house.case(ANA, [mira], prompt=prompt))["cameo_words_broken"] == 1
    assert house.facts(house.case(ANA, [mira], prompt="moisture, climate"))["cameo_words_broken"] == 0


def test_words_that_somebody_will_not_say_are_found_in_what_is_said_and_written(house):
    mira = house.add_cameo()
    grant_lease(house, terms=LeaseTerms(words=("moist", "climate change")))
    case = house.case(ANA, [mira])
    assert house.facts(case)["cameo_words_shown"] == 0
    said = [("heard", "it is the climate"), ("seen", "MOIST!"), ("heard", "change, they say")]
    text = json.dumps([{"kind": kind, "text": words} for kind, words in said])
    words = house.context.texts.put(text, case_id=case.id)
    measured = house.ledger.append(case, [Measured(signals=(), words=(words,))])
    assert house.facts(measured)["cameo_words_shown"] == 2
    house.context.texts.erase(case_id=case.id)
    assert "cameo_words_shown" not in house.facts(measured)


def test_where_the_prompt_is_erased_it_is_not_known_whether_words_were_broken(house):
    mira = house.add_cameo()
    grant_lease(house, terms=LeaseTerms(words=("moist",)))
    case = house.case(ANA, [mira])
    house.context.texts.erase(case_id=case.id)
    assert "cameo_words_broken" not in house.facts(case)


@pytest.mark.parametrize(
    ("scores", "fact"), [((), 0.0), ((0.9,), 0.9), ((0.2, 0.7), 0.7), ((None, 0.7), "missing"), ("other", "missing")]
)
def test_what_the_prompt_asks_for_is_a_fact_at_the_video_gate(house, scores, fact):
    label = "sexual" if scores == "other" else "minors"
    scores = (0.5,) if scores == "other" else scores
    signals = tuple(Signal(subject=Subject.PROMPT, label=label, score=score, source="t/1") for score in scores)
    case = replace(house.case(ANA, []), signals=signals)
    assert house.consent.facts(case).get("prompt_minors", "missing") == fact


def test_limits_in_words_hold_until_somebody_made_rules_of_them(house):
    mira = house.add_cameo()
    made = grant_lease(house, words="never make me eat meat")
    case = house.case(ANA, [mira])
    assert house.facts(case)["cameo_limits_unreviewed"] == 1
    waiting = house.service.review.to_review(MODERATOR)
    assert [(one.lease.id, one.words) for one in waiting] == [(made.id, "never make me eat meat")]
    with pytest.raises(Forbidden):
        house.service.review.review(ANA, made.id, LeaseTerms())
    now, receipt = house.service.review.review(MODERATOR, made.id, LeaseTerms(words=("meat",), watched=True))
    facts = house.facts(case)
    assert (facts["cameo_limits_unreviewed"], facts["cameos_watched"]) == (0, 1)
    assert (now.replaces, now.terms.reviewed, receipt.kind) == (made.id, MODERATOR.id, "changed")
    assert house.service.review.to_review(MODERATOR) == []


def test_an_owner_cannot_say_that_their_words_were_reviewed(house):
    house.add_cameo()
    for terms in (LeaseTerms(reviewed="acct_mira"), LeaseTerms(watched=True), LeaseTerms(asks="t")):
        with pytest.raises(Conflict):
            grant_lease(house, terms=terms)


def test_a_minor_is_leased_by_name_and_within_bounds(house):
    kid = house.add_cameo(kind="minor")
    for holder in ("*", "~"):
        with pytest.raises(BadInput):
            grant_lease(house, holder=holder)
    made = grant_lease(house)
    assert made.terms.approval
    assert set(made.terms.bans) >= {"alcohol", "romance", "revealing"}
    assert house.facts(house.case(ANA, [kid]))["cameos_minor"] == 1


# What it is made from


def test_a_remix_shows_whom_its_parent_shows_and_the_rules_for_minors_follow_it(house):
    kid = house.add_cameo(kind="minor")
    grant_lease(house)
    root = house.published(house.case(ANA, [kid]))
    remix = house.published(house.case(BEN, parent=root.id))
    of_remix = house.case(BEN, references=[asset(f"s{remix.id}")])
    copied = house.case(BEN, references=[asset("encoded again")], copies=(remix.id,))
    assert house.consent.cameos_shown(of_remix) == house.consent.cameos_shown(copied) == (kid.id,)
    facts = house.facts(of_remix)
    assert (facts["cameos_minor"], facts["cameos_unleased"], facts["cameos_named"]) == (1, 1, 1)


def test_what_was_taken_down_is_known_to_what_is_made_from_it(house):
    from core.events import Recalled

    root = house.published(house.case(ANA))
    remix = house.case(BEN, parent=root.id)
    assert house.facts(remix)["parents_recalled"] == 0
    house.ledger.append(root, [Recalled(by="ana", code="author")])
    assert house.facts(remix)["parents_recalled"] == 1


def test_a_case_that_names_itself_as_its_parent_does_not_go_on_for_ever(house):
    from core.case import Case
    from core.events import Submitted

    case = house.ledger.append(Case(id="a" * 16), [Submitted(author="x", prompt="t", parent="a" * 16)])
    assert house.consent.cameos_shown(case) == ()


# Each draft


def test_a_draft_waits_for_its_owner_and_another_draft_waits_again(house):
    mira = house.add_cameo()
    grant_lease(house, terms=LeaseTerms(approval=True))
    case = house.rendered(house.case(ANA, [mira]))
    assert house.facts(case)["cameos_unapproved"] == 1
    with pytest.raises(NotNow, match="another draft"):
        house.service.approve(MIRA, "mira", case.id, asset=asset("one that was watched before").digest)
    house.service.approve(MIRA, "mira", case.id, asset=house.ledger.load(case.id).rendered.asset.digest)
    assert house.facts(case)["cameos_unapproved"] == 0
    from core.events import Rendered

    # No ledger takes a second rendering now; one that was written earlier may hold it.
    other = Rendered(asset=asset("other"), engine="e", engine_version="1")
    again = house.ledger.load(case.id).apply([other])
    assert house.consent.facts(again)["cameos_unapproved"] == 1


def test_only_the_owner_approves_and_only_what_shows_them(house):
    mira = house.add_cameo()
    grant_lease(house)
    case = house.rendered(house.case(ANA, [mira]))
    with pytest.raises(NotFound):
        house.service.approve(ANA, "mira", case.id)
    with pytest.raises(Forbidden):
        house.service.approve(MODERATOR, "mira", case.id)
    with pytest.raises(NotFound):
        house.service.approve(MIRA, "mira", house.rendered(house.case(ANA)).id)


@pytest.mark.parametrize(
    ("prompt", "handles"),
    [
        ("@mira waves at @Omar_2.", ("mira", "omar_2")),
        ("mail mira@example.org or see x.org/@mira", ()),
        ("(@mira) and @mira again", ("mira",)),
        ("no one", ()),
    ],
)
def test_prompts_name_people_by_their_handles(prompt, handles):
    assert parse_mentions(prompt) == handles


# Nobody decides about a likeness of their own


def mira_moderates():
    return Principal(id=MIRA.id, roles=frozenset({Role.PLATFORM, Role.MODERATOR}))


def conflict(house, who, case):
    """What speaks against this person's ruling on the case, once it is held."""
    held = replace(case, phase=Phase.HELD)
    return ConflictOfInterest(ledger=house.ledger, cameos=house.service, one_person=False).of(who, held)


def test_nobody_rules_on_a_video_that_shows_them_or_on_what_is_made_from_it(house):
    mira, who = house.add_cameo(), mira_moderates()
    grant_lease(house)
    shown = house.published(house.case(ANA, [mira]))
    remix = house.case(BEN, parent=shown.id)
    copied = house.case(BEN, references=[asset("encoded again")], copies=(shown.id,))
    assert {conflict(house, who, case) for case in (shown, remix, copied)} == {DEPICTED}
    assert conflict(house, who, house.case(ANA)) == ""
    assert conflict(house, MODERATOR, shown) == ""
    assert conflict(house, who, house.case(who)) == ORDERED


def mira_as_a_user_of_her_account(house):
    """As the header Assay-End-User makes her: any word will do for a user."""
    return replace(MIRA, id=house.service.end_users.named(MIRA.id, "anybody"))


def test_a_likeness_under_an_end_user_of_a_moderators_account_is_the_moderators_own(house):
    user, who = mira_as_a_user_of_her_account(house), mira_moderates()
    cameo = house.stores.cameos.add("mira", user.id)
    assert not house.service.review.may_decide(who, cameo.id)
    with pytest.raises(Forbidden, match="yours"):
        house.service.review.admit(who, cameo.id, allow=True)
    house.service.review.admit(MODERATOR, cameo.id, allow=True)
    lease, _ = house.service.lease(user, "mira", LeaseRequest(holder=ANA.id, words="nothing with cars"))
    for decide in (
        lambda: house.service.review.review(who, lease.id, LeaseTerms()),
        lambda: house.service.review.refuse_wording(who, lease.id, code="unclear"),
    ):
        with pytest.raises(Forbidden, match="yours"):
            decide()
    assert conflict(house, who, house.case(ANA, [cameo])) == DEPICTED
    assert conflict(house, MODERATOR, house.case(ANA, [cameo])) == ""


def test_nobody_decides_about_their_own_enrolment_or_limits(house):
    cameo = house.stores.cameos.add("mira", MIRA.id)
    with pytest.raises(Forbidden, match="yours"):
        house.service.review.admit(mira_moderates(), cameo.id, allow=True)
    house.service.review.admit(MODERATOR, cameo.id, allow=True)
    lease = grant_lease(house, words="nothing with cars")
    with pytest.raises(Forbidden, match="yours"):
        house.service.review.review(mira_moderates(), lease.id, LeaseTerms())
    assert house.service.review.review(MODERATOR, lease.id, LeaseTerms())


def test_an_owner_answers_about_an_old_video_however_many_orders_name_them_since(house, tmp_path, monkeypatch):
    mira, uses = house.add_cameo(), house.stores.uses
    grant_lease(house)
    old = house.published(house.case(ANA, [mira]))
    for _ in range(3):
        house.case(ANA, [mira])
    newest = type(uses).of
    monkeypatch.setattr(
        type(uses), "of", lambda self, cameo, *, limit=2, **one: newest(self, cameo, limit=limit, **one)
    )
    assert old.id not in {one.case_id for one in house.service.uses(MIRA, "mira")}
    assert house.service.portal.use(MIRA, "mira", old.id).use.case_id == old.id
    assert old.id in {one.case_id for one in house.service.export(MIRA, "mira")["uses"]}
    house.service.veto(MIRA, "mira", old.id)
    assert not house.on_shelf(old)
    with pytest.raises(NotFound):
        house.service.portal.use(MIRA, "mira", house.case(BEN).id)


def test_an_owner_is_given_every_notice_and_every_request_that_is_kept_of_them(house):
    mira = house.add_cameo()
    for number in range(201):
        house.stores.notices.notify(MIRA.id, "used", about=f"case{number}", cameo=mira.id)
    assert len(house.service.export(MIRA, "mira")["notices"]) >= 201
