"""When consent ends, everything that rested on it comes down: exhaustively in time, and over random families."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifiers import LABELS
from core.case import Phase
from core.errors import NotFound
from core.ports import JobState, Origin, Progress, Ticket
from core.signals import Signal, Subject
from pipeline.advance import Works, advance
from pipeline.cameo_desk import LeaseAsked
from pipeline.desk import Desk, Request
from pipeline.ledgers.bulk import PostgresBulk
from pipeline.people_room import moved_on
from pipeline.rooms import policy_of
from pipeline.runners.local import LocalBus, LocalRunner
from pipeline.settings import Settings
from pipeline.stages import ROUTE, route
from pipeline.stages.tools import Measurements, Sealing
from pipeline.wiring import _take_back
from policy.decide import decide
from registry.terms import Terms
from tests.contract.cameo_houses import ANA, BEN, MIRA, CameoHouse, asset, emptied, opened

pytestmark = pytest.mark.postgres
POLICY = policy_of(Settings())


@pytest.fixture(scope="module")
def opened_house():
    with opened() as house:
        yield house


@pytest.fixture
def house(opened_house) -> CameoHouse:
    return emptied(opened_house)


def leased(house, author=ANA, **given):
    return house.desk.lease(MIRA, "mira", LeaseAsked(holder=author.id, **given))[0]


def test_a_revocation_takes_down_drafts_videos_and_all_remixes_and_tells_everyone(house):
    mira = house.enrolled()
    lease = leased(house)
    draft = house.case(ANA, [mira])
    video = house.published(house.case(ANA, [mira]))
    remix = house.published(house.case(BEN, parent=video.id))
    second = house.published(house.case(BEN, references=[asset(f"s{remix.id}")]))
    bystander, own = house.published(house.case(BEN)), house.published(house.case(MIRA, [mira]))
    house.desk.revoke(MIRA, lease.id)
    assert [house.phase(c) for c in (draft, video, remix, second)] == ["withdrawn"] * 4
    assert [house.on_shelf(c) for c in (video, remix, second, bystander, own)] == [False, False, False, True, True]
    assert {one.about for one in house.at.notices.of(BEN.id)} == {remix.id, second.id}
    [(cascade, down)] = house.desk.came_down(MIRA, "mira")
    assert {one.case_id: one.phase for one in down} == {
        draft.id: "submitted", video.id: "published", remix.id: "published", second.id: "published",
    }  # fmt: skip
    assert cascade.done is not None
    assert all(one.withdrawn and cascade.asked <= one.recalled <= one.withdrawn <= cascade.done for one in down)
    assert [one.code for one in house.at.notices.of(MIRA.id)][:1] == ["down_revoked"]
    assert house.desk.revoke(MIRA, lease.id).kind == "revoked"  # twice is once
    assert len(house.desk.came_down(MIRA, "mira")) == 1


def test_a_changed_lease_takes_down_what_it_does_not_cover_any_more(house):
    mira = house.enrolled()
    lease = leased(house)
    fun = house.published(house.case(ANA, [mira], purpose="parody"))
    advert = house.published(house.case(ANA, [mira], purpose="advertising"))
    house.desk.change(MIRA, lease.id, LeaseAsked(holder=ANA.id, terms=Terms(purposes=("parody",))))
    assert (house.phase(fun), house.phase(advert)) == ("published", "withdrawn")


def test_a_lease_that_ends_by_itself_ends_what_rested_on_it(house):
    mira = house.enrolled()
    soon = datetime.now(UTC) + timedelta(hours=1)
    leased(house, until=soon)
    video = house.published(house.case(ANA, [mira]))
    house.chores()
    assert house.phase(video) == "published"
    with house.database.connection() as connection:  # an hour later
        connection.execute("UPDATE leases SET until = until - interval '2 hours'")
    house.chores()
    assert house.phase(video) == "withdrawn"
    assert house.desk.receipts(MIRA, "mira")[-1].kind == "expired"
    house.chores()
    assert [one.kind for one in house.desk.receipts(MIRA, "mira")].count("expired") == 1


def test_an_owner_vetoes_one_video_and_what_was_made_from_it(house):
    mira = house.enrolled()
    leased(house)
    video, other = (house.published(house.case(ANA, [mira])) for _ in range(2))
    remix = house.published(house.case(BEN, parent=video.id))
    down = house.desk.veto(MIRA, "mira", video.id)
    assert {one.case_id for one in down} == {video.id, remix.id}
    assert house.phase(other) == "published"
    assert house.facts(house.case(MIRA, parent=video.id))["cameos_vetoed"] == 1
    with pytest.raises(NotFound):
        house.desk.veto(BEN, "mira", other.id)


class Dies(BaseException):
    """As kill -9: nobody catches it."""


@pytest.mark.parametrize("when", ["before anything", "between shelf and ledger", "after a batch", "at the very end"])
def test_a_cascade_that_dies_is_carried_on_by_the_next_sweep(house, when, monkeypatch):
    mira = house.enrolled()
    lease = leased(house)
    videos = [house.published(house.case(ANA, [mira])) for _ in range(5)]
    append, calls = PostgresBulk.append, []

    def dying(self, ids, events, **given):
        calls.append(ids)
        if when == "between shelf and ledger":
            raise Dies
        done = append(self, ids, events, **given)
        if when == "after a batch":
            raise Dies
        return done

    with monkeypatch.context() as patched, pytest.raises(Dies):
        patched.setattr("pipeline.cascade.BATCH", 2)
        if when == "before anything":
            patched.setattr(type(house.desk.cascade), "due", lambda *_: (_ for _ in ()).throw(Dies))
        elif when == "at the very end":
            patched.setattr(type(house.at.cascades), "done", lambda *_: (_ for _ in ()).throw(Dies))
        else:
            patched.setattr(PostgresBulk, "append", dying)
        house.desk.revoke(MIRA, lease.id)
    assert house.at.cascades.open()
    house.chores()
    _swept(house)
    assert {house.phase(video) for video in videos} == {"withdrawn"}
    assert not any(house.on_shelf(video) for video in videos)
    [(cascade, down)] = house.desk.came_down(MIRA, "mira")
    assert cascade.done
    assert {one.case_id for one in down} == {video.id for video in videos}
    assert len(house.at.notices.of(ANA.id)) == 5


def _swept(house):
    """What the sweeper does with cases that are recalled and not withdrawn."""
    works = Works(
        ledger=house.ledger, bus=LocalBus(), vault=house.tools.vault, route=route(house.tools), willing=[Phase.RECALLED]
    )
    for ticket in house.ledger.due([Phase.RECALLED], unmoved_since=datetime.now(UTC)):
        advance(ticket, works)


class Clockwork:
    """Everything that a case meets on its way, and a hook at each point in time."""

    name, version, synthetic = "engine", "1", True

    def __init__(self, house, at=-1, act=lambda: None):
        self.house, self.at, self.act, self.points, self.cancelled = house, at, act, 0, 0

    def tick(self):
        self.points += 1
        if self.points == self.at + 1:
            self.act()

    def commission(self, order):
        self.tick()
        return order.key

    def poll(self, job):
        self.tick()
        return Progress(state=JobState.DONE if self.points % 2 else JobState.RUNNING)

    def cancel(self, job):
        self.cancelled += 1

    def fetch(self, job, to):
        self.tick()
        to.write_bytes(b"rendered " + job.encode())
        self.tick()

    def about(self, job):
        return Origin()

    def measure(self, subject):
        self.tick()
        labels = [name for name, label in LABELS.items() if subject in label.subjects]
        signals = tuple(Signal(subject=subject, label=name, score=0.0, source="clock/1") for name in labels)
        self.tick()
        return Measurements(signals=signals, seconds={})

    def seal(self, case, source, finished):
        self.tick()
        finished.write_bytes(b"sealed " + case.id.encode())
        manifest = finished.with_suffix(".c2pa")
        manifest.write_bytes(b"manifest " + case.id.encode())
        self.tick()
        return Sealing(
            payload=case.id,
            manifest_id=case.id,
            manifest=manifest,
            soft_binding="b",
            fingerprint=(),
            issuer="",
            signer="",
        )


def _working(house, clock):
    """Desk and runner of a house whose every step ticks."""
    shelf, ledger = house.tools.shelf, house.ledger

    class Shelf(type(shelf)):
        def publish(self, case_id, path):
            clock.tick()
            url = super().publish(case_id, path)
            clock.tick()
            return url

    class Ledger(type(ledger)):
        def append(self, case, events):
            clock.tick()
            after = super().append(case, events)
            clock.tick()
            return after

    ledger = Ledger(house.database)
    tools = replace(
        house.tools,
        engine=clock,
        shelf=Shelf(str(house.home / "shelf")),
        measure_text=lambda _text: clock.measure(Subject.PROMPT),
        measure_video=lambda _file, subject, _leased: clock.measure(subject),
        decide=lambda gate, signals, facts, rulings: decide(gate, signals, facts, rulings, POLICY),
        facts=lambda case: {**house.consent.facts(case), "damaged_parents": 0},
        check_video=lambda _file: (1.0, 64, 64),
        seal=clock.seal,
        moved=lambda case: moved_on(ledger, case),
    )
    bus = LocalBus()
    works = Works(
        ledger=ledger, bus=bus, vault=tools.vault, route=route(tools), willing=tuple(ROUTE),
        void=lambda case, events: _take_back(case, events, shelf=shelf), chores=house.chores,
    )  # fmt: skip
    return Desk(ledger=ledger, bus=bus, tools=tools, verify_file=None, people=house.desk), LocalRunner(works)


def _told(house, at=-1, act=lambda: None):
    clock = Clockwork(house, at, act)
    desk, runner = _working(house, clock)
    case = desk.submit(ANA, Request(prompt="@mira waves", cameos=("mira",)))
    runner.drain()
    return desk, case, clock


def test_consent_that_ends_at_whatever_moment_leaves_nothing_to_be_seen(house, tmp_path):
    house.enrolled()
    leased(house)
    desk, case, clock = _told(house)
    assert desk.case(ANA, case.id).phase is Phase.PUBLISHED, desk.case(ANA, case.id)
    assert clock.points > 20
    for point in range(clock.points):
        lease = leased(house)
        for old in house.desk.leases(MIRA, "mira"):
            if old.holder == ANA.id and old.id != lease.id:
                house.desk.revoke(MIRA, old.id)
        desk, case, _ = _told(house, point, lambda it=lease: house.desk.revoke(MIRA, it.id))
        after = desk.case(ANA, case.id)
        assert after.phase in (Phase.HELD, Phase.WITHDRAWN), (point, after.phase)
        assert not house.on_shelf(after), point
        with pytest.raises(NotFound):
            desk.content(None, case.id, tmp_path / "x")


def test_an_engine_is_told_to_stop_when_consent_ends_while_it_works(house):
    house.enrolled()
    lease = leased(house)
    stopped = []
    for point in range(6, 16):
        clock = Clockwork(house, point, lambda it=lease: house.desk.revoke(MIRA, it.id))
        desk, runner = _working(house, clock)
        desk.submit(ANA, Request(prompt="@mira waves"))
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
    house = emptied(opened_house)
    mira = house.enrolled()
    leases = {author.id: leased(house, author) for author in (ANA, BEN)}
    cases, shows, made_from = [], [], []
    for author, parent, names, public in family:
        at = parent if 0 <= parent < len(cases) else None
        case = house.case(author, [mira] if names else [], parent=cases[at].id if at is not None else "")
        cases.append(house.published(case) if public else case)
        shows.append(names and author.id == whose.id)
        made_from.append(at)
    house.desk.revoke(MIRA, leases[whose.id].id)
    down = []
    for at, parent in zip(shows, made_from, strict=True):
        down.append(at or (parent is not None and down[parent]))
    assert [house.phase(case) == "withdrawn" for case in cases] == down
    for case, gone, (*_, public) in zip(cases, down, family, strict=True):
        assert house.on_shelf(case) == (public and not gone)


def test_a_ticket_for_what_came_down_changes_nothing(house):
    mira = house.enrolled()
    lease = leased(house)
    video = house.published(house.case(ANA, [mira]))
    house.desk.revoke(MIRA, lease.id)
    works = Works(
        ledger=house.ledger, bus=LocalBus(), vault=house.tools.vault, route=route(house.tools), willing=tuple(ROUTE)
    )
    after = advance(Ticket(case_id=video.id, revision=video.revision, phase=Phase.SEALED), works)
    assert after.phase is Phase.WITHDRAWN
