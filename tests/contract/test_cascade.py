"""When consent ends, everything that rested on it comes down: exhaustively in time, and over random families."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.case import Phase
from core.errors import NotFound
from core.ports import Ticket
from pipeline.advance import PipelineContext, advance
from pipeline.ledgers.bulk_append import PostgresBulkAppend
from pipeline.runners.local_bus import LocalBus
from pipeline.service import VideoRequest
from pipeline.stages import ROUTE, bind_route
from registry.consent.cameo_service import LeaseRequest
from registry.consent.lease_terms import LeaseTerms
from tests.conftest import ROOT
from tests.contract.cameo_installation import (
    ANA,
    BEN,
    MIRA,
    InterleavingHooks,
    asset,
    instrumented_service,
    reset_installation,
)
from tests.stub_pipeline.context import nothing_beside

pytestmark = pytest.mark.postgres


def leased(house, author=ANA, **given):
    return house.service.lease(MIRA, "mira", LeaseRequest(holder=author.id, **given))[0]


def test_a_revocation_takes_down_drafts_videos_and_all_remixes_and_tells_everyone(house):
    mira = house.add_cameo()
    lease = leased(house)
    draft = house.case(ANA, [mira])
    video = house.published(house.case(ANA, [mira]))
    remix = house.published(house.case(BEN, parent=video.id))
    second = house.published(house.case(BEN, references=[asset(f"s{remix.id}")]))
    copied = house.published(house.case(BEN, references=[asset("encoded again")], copies=(second.id,)))
    bystander, own = house.published(house.case(BEN)), house.published(house.case(MIRA, [mira]))
    house.service.revoke(MIRA, lease.id)
    assert [house.phase(c) for c in (draft, video, remix, second, copied)] == ["withdrawn"] * 5
    assert [house.on_shelf(c) for c in (video, remix, second, copied, bystander, own)] == [False] * 4 + [True] * 2
    assert {one.about for one in house.stores.notices.of(BEN.id)} == {remix.id, second.id, copied.id}
    [(cascade, down)] = house.service.takedown_reports(MIRA, "mira")
    assert {one.case_id: one.phase for one in down} == {
        draft.id: "submitted", video.id: "published", remix.id: "published", second.id: "published",
        copied.id: "published",
    }  # fmt: skip
    assert cascade.done is not None
    assert all(one.withdrawn and cascade.asked <= one.recalled <= one.withdrawn <= cascade.done for one in down)
    assert [one.code for one in house.stores.notices.of(MIRA.id)][:1] == ["down_revoked"]
    assert house.service.revoke(MIRA, lease.id).kind == "revoked"  # twice is once
    assert len(house.service.takedown_reports(MIRA, "mira")) == 1


def test_a_changed_lease_takes_down_what_it_does_not_cover_any_more(house):
    mira = house.add_cameo()
    lease = leased(house)
    fun = house.published(house.case(ANA, [mira], purpose="parody"))
    advert = house.published(house.case(ANA, [mira], purpose="advertising"))
    house.service.change(MIRA, lease.id, LeaseRequest(holder=ANA.id, terms=LeaseTerms(purposes=("parody",))))
    assert (house.phase(fun), house.phase(advert)) == ("published", "withdrawn")


def test_a_lease_that_ends_by_itself_ends_what_rested_on_it(house):
    mira = house.add_cameo()
    soon = datetime.now(UTC) + timedelta(hours=1)
    leased(house, until=soon)
    video = house.published(house.case(ANA, [mira]))
    house.maintenance.run_maintenance()
    assert house.phase(video) == "published"
    with house.database.connection() as connection:  # an hour later
        connection.execute("UPDATE leases SET until = until - interval '2 hours'")
    house.maintenance.run_maintenance()
    assert house.phase(video) == "withdrawn"
    assert house.service.receipts(MIRA, "mira")[-1].kind == "expired"
    house.maintenance.run_maintenance()
    assert [one.kind for one in house.service.receipts(MIRA, "mira")].count("expired") == 1


def test_an_owner_vetoes_one_video_and_what_was_made_from_it(house):
    mira = house.add_cameo()
    leased(house)
    video, other = (house.published(house.case(ANA, [mira])) for _ in range(2))
    remix = house.published(house.case(BEN, parent=video.id))
    down = house.service.veto(MIRA, "mira", video.id)
    assert {one.case_id for one in down} == {video.id, remix.id}
    assert house.phase(other) == "published"
    assert house.facts(house.case(MIRA, parent=video.id))["cameos_vetoed"] == 1
    with pytest.raises(NotFound):
        house.service.veto(BEN, "mira", other.id)


class Dies(BaseException):
    """As kill -9: nobody catches it."""


@pytest.mark.parametrize("when", ["before anything", "between shelf and ledger", "after a batch", "at the very end"])
def test_a_cascade_that_dies_is_carried_on_by_the_next_sweep(house, when, monkeypatch):
    mira = house.add_cameo()
    lease = leased(house)
    videos = [house.published(house.case(ANA, [mira])) for _ in range(5)]
    append, calls = PostgresBulkAppend.append, []

    def dying(self, ids, events, **given):
        calls.append(ids)
        if when == "between shelf and ledger":
            raise Dies
        done = append(self, ids, events, **given)
        if when == "after a batch":
            raise Dies
        return done

    with monkeypatch.context() as patched, pytest.raises(Dies):
        patched.setattr("registry.consent.takedown.BATCH_SIZE", 2)
        if when == "before anything":
            patched.setattr(type(house.service.takedown_service), "due", lambda *_: (_ for _ in ()).throw(Dies))
        elif when == "at the very end":
            patched.setattr(type(house.stores.cascades), "done", lambda *_: (_ for _ in ()).throw(Dies))
        else:
            patched.setattr(PostgresBulkAppend, "append", dying)
        house.service.revoke(MIRA, lease.id)
    assert house.stores.cascades.open()
    house.maintenance.run_maintenance()
    _swept(house)
    assert {house.phase(video) for video in videos} == {"withdrawn"}
    assert not any(house.on_shelf(video) for video in videos)
    [(cascade, down)] = house.service.takedown_reports(MIRA, "mira")
    assert cascade.done
    assert {one.case_id for one in down} == {video.id for video in videos}
    assert len(house.stores.notices.of(ANA.id)) == 5


@pytest.mark.parametrize("batches", [0, 2])
def test_a_cascade_whose_process_is_killed_is_carried_on_by_another_and_its_report_is_complete(house, batches):
    mira = house.add_cameo()
    lease = leased(house)
    chain = [house.published(house.case(ANA, [mira]))]
    for number in range(11):  # a chain, and beside it what was made from its first
        chain.append(house.published(house.case(BEN, parent=chain[-1 if number % 2 else 0].id)))
    told = [sys.executable, "-m", "tests.contract.takedown_and_crash", str(house.home), lease.id, str(batches)]
    killed = subprocess.run(told, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert killed.returncode == -9, killed.stderr
    assert [house.phase(video) for video in chain].count("withdrawn") == 4 * batches
    assert [one.lease for one in house.stores.cascades.open()] == [lease.id]
    house.maintenance.run_maintenance()
    _swept(house)
    assert {house.phase(video) for video in chain} == {"withdrawn"}
    assert not any(house.on_shelf(video) for video in chain)
    [(cascade, down)] = house.service.takedown_reports(MIRA, "mira")
    assert cascade.done and all(one.withdrawn for one in down)
    assert sorted(one.case_id for one in down) == sorted(video.id for video in chain)
    assert {one.about for one in house.stores.notices.of(BEN.id)} == {video.id for video in chain[1:]}
    assert [one.code for one in house.stores.notices.of(MIRA.id)].count("down_revoked") == 1


def _swept(house):
    """What the sweeper does with cases that are recalled and not withdrawn."""
    works = PipelineContext(
        ledger=house.ledger,
        bus=LocalBus(),
        blob_store=house.context.blob_store,
        route=bind_route(house.context),
        accepted_phases=[Phase.RECALLED],
        **nothing_beside(),
    )
    for ticket in house.ledger.due([Phase.RECALLED], unmoved_for=timedelta(0)):
        advance(ticket, works)


def _told(house, at=-1, act=lambda: None):
    clock = InterleavingHooks(house, at, act)
    desk, runner = instrumented_service(house, clock)
    case = desk.submit(ANA, VideoRequest(prompt="@mira waves", cameos=("mira",)))
    runner.drain()
    return desk, case, clock


def test_consent_that_ends_at_whatever_moment_leaves_nothing_to_be_seen(house, tmp_path):
    house.add_cameo()
    leased(house)
    desk, case, clock = _told(house)
    assert desk.case(ANA, case.id).phase is Phase.PUBLISHED, desk.case(ANA, case.id)
    assert clock.points > 20
    for point in range(clock.points):
        lease = leased(house)
        for old in house.service.leases(MIRA, "mira"):
            if old.revoked is None and old.id != lease.id:
                house.service.revoke(MIRA, old.id)
        desk, case, _ = _told(house, point, lambda it=lease: house.service.revoke(MIRA, it.id))
        after = desk.case(ANA, case.id)
        assert after.phase in (Phase.HELD, Phase.WITHDRAWN), (point, after.phase)
        assert not house.on_shelf(after), point
        with pytest.raises(NotFound):
            desk.content(None, case.id, tmp_path / "x")


def test_an_engine_is_told_to_stop_when_consent_ends_while_it_works(house):
    house.add_cameo()
    lease = leased(house)
    stopped = []
    for point in range(6, 16):
        clock = InterleavingHooks(house, point, lambda it=lease: house.service.revoke(MIRA, it.id))
        desk, runner = instrumented_service(house, clock)
        desk.submit(ANA, VideoRequest(prompt="@mira waves"))
        runner.drain()
        stopped.append(clock.cancelled)
        lease = leased(house)
    assert max(stopped) == 1


FAMILIES = st.lists(
    st.tuples(st.sampled_from([ANA, BEN, MIRA]), st.integers(-1, 8), st.booleans(), st.booleans()),
    min_size=1,
    max_size=9,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FAMILIES, st.sampled_from([ANA, BEN]))
def test_exactly_what_rested_on_the_ended_consent_comes_down(opened_house, family, whose):
    house = reset_installation(opened_house)
    mira = house.add_cameo()
    leases = {author.id: leased(house, author) for author in (ANA, BEN)}
    cases, shows, made_from = [], [], []
    for author, parent, names, public in family:
        at = parent if 0 <= parent < len(cases) else None
        case = house.case(author, [mira] if names else [], parent=cases[at].id if at is not None else "")
        cases.append(house.published(case) if public else case)
        shows.append(names and author.id == whose.id)
        made_from.append(at)
    house.service.revoke(MIRA, leases[whose.id].id)
    down = []
    for at, parent in zip(shows, made_from, strict=True):
        down.append(at or (parent is not None and down[parent]))
    assert [house.phase(case) == "withdrawn" for case in cases] == down
    for case, gone, (*_, public) in zip(cases, down, family, strict=True):
        assert house.on_shelf(case) == (public and not gone)


def test_a_ticket_for_what_came_down_changes_nothing(house):
    mira = house.add_cameo()
    lease = leased(house)
    video = house.published(house.case(ANA, [mira]))
    house.service.revoke(MIRA, lease.id)
    works = PipelineContext(
        ledger=house.ledger,
        bus=LocalBus(),
        blob_store=house.context.blob_store,
        route=bind_route(house.context),
        accepted_phases=tuple(ROUTE),
        **nothing_beside(),
    )
    after = advance(Ticket(case_id=video.id, revision=video.revision, phase=Phase.SEALED), works)
    assert after.phase is Phase.WITHDRAWN
