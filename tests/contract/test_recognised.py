"""A video that shows somebody without naming them is within their reach: uses, watching, veto, revoke, report, erase."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from core.case import Phase
from core.errors import BadInput, Conflict, NotFound, NotNow
from core.events import Measured, Recalled
from core.ports import Ticket
from core.signals import Signal, Subject
from pipeline.advance import PipelineContext, advance
from pipeline.disclosure import public_record
from pipeline.runners.local_bus import LocalBus
from registry.consent.cameo_service import LeaseRequest, LeaseTerms
from registry.consent.cameos import erase_cameo
from registry.consent.likeness_uses import recognised_cameos
from tests.contract.cameo_installation import ANA, BEN, MIRA, MODERATOR, asset, grant_lease
from tests.lawful import carry
from tests.stub_pipeline.context import nothing_beside

pytestmark = pytest.mark.postgres


def recognised(cameo, label="protected_person", subject=Subject.VIDEO, score=0.9):
    return Measured(
        signals=(
            Signal(subject=subject, label=label, score=score, source="t/1", note="cameo", cameo=cameo.id),
            Signal(subject=subject, label="gore", score=0.0, source="t/1"),
        )
    )


def video_showing(house, cameo, author=ANA, label="protected_person", **asked):
    """A published video that names nobody and in which somebody is recognised: a moderator released it."""
    case = house.rendered(house.case(author, prompt="a woman waves", **asked))
    return house.published_from(carry(house.ledger, case, Phase.INSPECTED, inspected=recognised(cameo, label)))


@pytest.mark.parametrize("label", ["protected_person", "protected_voice"])
def test_a_published_video_that_shows_somebody_without_naming_them_is_among_their_uses(house, label, tmp_path):
    mira, other = house.add_cameo(), house.add_cameo("ben", BEN)
    video = video_showing(house, mira, label=label)
    house.published(house.case(ANA))
    [use] = house.service.uses(MIRA, "mira")
    assert (use.case_id, use.direct, use.recognised) == (video.id, False, True)
    assert house.service.shows(MIRA, house.ledger.load(video.id))
    assert not house.service.shows(BEN, house.ledger.load(video.id))
    assert house.service.uses(BEN, other.handle) == ()


def test_what_is_made_from_a_video_that_shows_them_is_among_their_uses(house):
    mira = house.add_cameo()
    video = video_showing(house, mira)
    remix = house.published(house.case(BEN, references=[asset(f"s{video.id}")]))
    assert {use.case_id for use in house.service.uses(MIRA, "mira")} == {video.id, remix.id}
    assert house.service.shows(MIRA, house.ledger.load(remix.id))


def test_a_draft_in_which_somebody_is_only_recognised_is_for_moderators_alone(house, tmp_path):
    mira = house.add_cameo()
    draft = house.rendered(house.case(ANA, prompt="a woman waves"))
    draft = carry(house.ledger, draft, Phase.INSPECTED, inspected=recognised(mira))
    assert house.service.uses(MIRA, "mira") == ()
    assert not house.service.shows(MIRA, draft)
    with pytest.raises(NotFound):
        house.service.fetch_use(MIRA, "mira", draft.id, tmp_path / "x")


def test_a_veto_takes_down_a_video_that_shows_them_unnamed_and_its_remixes(house):
    mira = house.add_cameo()
    video, other = video_showing(house, mira), video_showing(house, mira)
    remix = house.published(house.case(BEN, parent=video.id))
    with pytest.raises(NotNow, match="moderators look"):
        house.service.veto(MIRA, "mira", video.id)  # where policy lets nobody's no act by itself
    acting = replace(house.service, found=replace(house.service.found, veto_acts=lambda: True))
    assert not house.service.may_refuse(MIRA, "mira", video.id) and acting.may_refuse(MIRA, "mira", video.id)
    down = acting.veto(MIRA, "mira", video.id)
    assert {one.case_id for one in down} == {video.id, remix.id}
    assert not house.on_shelf(video) and house.on_shelf(other)
    assert house.facts(house.case(BEN, parent=video.id))["cameos_vetoed"] == 1


def test_a_video_that_shows_them_unnamed_can_be_reported(house):
    mira = house.add_cameo()
    video = video_showing(house, mira)
    house.service.report(MIRA, "mira", video.id, note="this is me")
    assert "reported" in {one.code for one in house.service.notices(MODERATOR)}


def test_erasing_takes_down_every_video_that_shows_them_named_or_not_drafts_too(house):
    mira = house.add_cameo()
    named = house.published(house.case(MIRA, [mira]))
    shown, bystander = video_showing(house, mira, BEN), house.published(house.case(BEN))
    draft = house.rendered(house.case(ANA))
    draft = carry(house.ledger, draft, Phase.INSPECTED, inspected=recognised(mira))
    house.service.erase(MIRA, "mira")
    assert [house.phase(case) for case in (named, shown, draft)] == ["withdrawn"] * 3
    assert house.on_shelf(bystander) and not house.on_shelf(shown)


def test_revoking_reaches_the_holders_videos_that_show_them_unnamed_and_nobody_elses(house):
    mira = house.add_cameo()
    lease = grant_lease(house)
    hers, his = video_showing(house, mira, ANA), video_showing(house, mira, BEN)
    house.service.revoke(MIRA, lease.id)
    assert (house.phase(hers), house.phase(his)) == ("withdrawn", "published")
    assert [use.phase for use in house.service.uses(MIRA, "mira") if use.case_id == his.id] == ["published"]


def test_an_order_that_waits_without_consent_is_not_touched_when_somebody_elses_lease_ends(house):
    mira = house.add_cameo()
    waiting = [house.case(BEN, [mira]) for _ in range(6)]
    lease = grant_lease(house, ANA.id, until=datetime.now(UTC) + timedelta(hours=1))
    with house.database.connection() as connection:
        connection.execute("UPDATE leases SET until = until - interval '2 hours' WHERE id = %s", [lease.id])
    house.maintenance.run_maintenance()
    assert {house.phase(case) for case in waiting} == {"submitted"}
    assert house.stores.notices.of(BEN.id) == ()


def test_a_lease_that_is_past_when_it_is_made_is_refused(house):
    house.add_cameo()
    past = datetime.now(UTC) - timedelta(hours=1)
    with pytest.raises(BadInput, match="past"):
        house.service.lease(MIRA, "mira", LeaseRequest(holder=ANA.id, until=past))


def test_whose_order_is_stopped_before_there_is_a_video_is_not_told_that_a_video_was_taken_down(house):
    mira = house.add_cameo()
    lease = grant_lease(house)
    order, video = house.case(ANA, [mira]), house.published(house.case(ANA, [mira]))
    house.service.revoke(MIRA, lease.id)
    told = {one.about: one for one in house.stores.notices.of(ANA.id)}
    assert told[order.id].code == "stopped_revoked" and "taken down" not in told[order.id].message
    assert told[video.id].code == "recalled_revoked"


def test_a_lease_for_an_account_counts_alone_even_where_everyone_is_allowed_more(house):
    mira = house.add_cameo()
    everyone = grant_lease(house, holder="*")
    parody = grant_lease(house, ANA.id, terms=LeaseTerms(purposes=("parody",)))
    assert house.facts(house.case(ANA, [mira], purpose="parody"))["cameos_unleased"] == 0
    assert house.facts(house.case(ANA, [mira], purpose="advertising"))["cameos_unleased"] == 1
    assert house.facts(house.case(BEN, [mira], purpose="advertising"))["cameos_unleased"] == 0
    # A lease of the face says nothing of the voice, which everyone may use.
    house.service.change(MIRA, everyone.id, LeaseRequest(holder="*", voice=True))
    assert house.facts(house.case(ANA, [mira], purpose="parody", voices=True))["cameos_unleased"] == 0
    house.service.revoke(MIRA, parody.id)
    assert house.facts(house.case(ANA, [mira], purpose="advertising"))["cameos_unleased"] == 0


def test_the_public_record_of_what_came_down_for_consent_says_so_and_of_another_recall_no_reason(house):
    mira = house.add_cameo()
    videos = [house.published(house.case(ANA, [mira])) for _ in range(2)]
    [other] = [house.ledger.append(videos[1], [Recalled(by="m", code="rights")])]
    house.service.veto(MIRA, "mira", videos[0].id)
    records = [public_record(house.ledger.load(one.id), house.ledger.history(one.id)) for one in (videos[0], other)]
    assert [record.get("consent") for record in records] == ["withdrawn", None]
    assert "rights" not in str(records)


def test_what_was_measured_while_somebody_was_erased_is_void_and_measured_again(house):
    mira = house.add_cameo()
    case = house.rendered(house.case(ANA, prompt="a woman waves"))
    house.service.erase(MIRA, "mira")
    with pytest.raises(Conflict):
        house.ledger.append(case, [recognised(mira)])
    assert house.ledger.load(case.id) == case
    assert mira.id not in str(house.ledger.history(case.id))
    unknown = Signal(subject=Subject.VIDEO, label="protected_person", score=0.0, source="t/1")
    assert house.ledger.append(case, [Measured(signals=(unknown,))]).phase is Phase.INSPECTED


def test_an_erasure_under_way_and_a_measurement_that_is_stored_wait_for_each_other(house):
    mira = house.add_cameo()
    case = house.rendered(house.case(ANA, prompt="a woman waves"))
    outcomes = []

    def store():
        try:
            outcomes.append(house.ledger.append(case, [recognised(mira)]).phase)
        except Conflict:
            outcomes.append("void")

    with house.database.connection() as erasing:
        erase_cameo(erasing, mira.id)
        storing = Thread(target=store)
        storing.start()
        waiting_for_lock(house)
        assert outcomes == []
    storing.join()
    assert outcomes == ["void"]


def waiting_for_lock(house):
    """Returns once a statement of this database waits for a lock that another transaction has."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%events%'"
    while True:
        with house.database.statements() as connection:
            if connection.execute(waiting).fetchone()[0]:
                return


def test_a_video_that_is_measured_while_somebody_in_it_is_erased_goes_on_without_naming_them(house):
    mira = house.add_cameo()
    case = house.rendered(house.case(ANA, prompt="a woman waves"))
    measured = iter(
        [recognised(mira), Measured(signals=(Signal(subject=Subject.VIDEO, label="g", score=0.0, source="t/1"),))]
    )

    def inspect(_case):
        found = next(measured)
        if house.stores.cameos.get(mira.id).state != "erased":
            house.service.erase(MIRA, "mira")
        return [found]

    works = PipelineContext(
        ledger=house.ledger,
        bus=LocalBus(),
        blob_store=house.context.blob_store,
        route={Phase.RENDERED: inspect},
        accepted_phases=frozenset({Phase.RENDERED}),
        **nothing_beside(),
    )
    ticket = Ticket(case_id=case.id, revision=case.revision, phase=case.phase)
    assert advance(ticket, works).phase is Phase.RENDERED
    done = advance(ticket, works)
    assert done.phase is Phase.INSPECTED and recognised_cameos(done) == frozenset()
