"""A registry of cameos over the embedded Postgres, with cases put into its ledger by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from classifiers import LABELS
from core.assets import Asset
from core.case import Case, Phase, new_case
from core.events import Published, Rendered, Sealed, Submitted
from core.ports import JobState, Origin, Progress
from core.signals import Signal, Subject
from pipeline.advance import Works
from pipeline.cameo_desk import CameoDesk, LeaseAsked, Registered
from pipeline.consent import Consent
from pipeline.desk import Desk
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.postgres import PostgresLedger
from pipeline.ledgers.texts import PostgresTexts
from pipeline.people import Person, Role
from pipeline.people_room import CameoChores, LedgerRevisions, cameo_desk, consent_of, registered
from pipeline.rooms import policy_of
from pipeline.runners.local import LocalBus, LocalRunner
from pipeline.settings import Settings
from pipeline.stages import ROUTE, route
from pipeline.stages.tools import Measurements, Sealing, Tools
from pipeline.vaults.shelf import FsspecShelf
from pipeline.vaults.vault import FsspecVault
from pipeline.wiring import _take_back
from policy.decide import decide
from registry.cameos import Cameo
from registry.gallery import MemoryGallery
from registry.terms import Terms
from tests.lawful import carry
from tests.toys.context import NothingCopied, NothingMoves, ToyFacts, ToyMeasurer, ToyPolicy, ToySealer

POLICY = policy_of(Settings())
MIRA = Person(id="acct_mira", roles=frozenset({Role.PLATFORM}))
ANA = Person(id="acct_ana", roles=frozenset({Role.PLATFORM}))
BEN = Person(id="acct_ben", roles=frozenset({Role.PLATFORM}))
MODERATOR = Person(id="acct_mod", roles=frozenset({Role.MODERATOR}))
TABLES = "cases, texts, leases, cameos, cameo_answers, cascades, cascade_items, notices, cameo_templates, acquaintances, enrolments"


@dataclass(frozen=True)
class CameoHouse:
    """What a story about cameos needs."""

    home: Path
    database: Database
    at: Registered
    consent: Consent
    desk: CameoDesk
    ledger: PostgresLedger
    tools: Tools
    chores: CameoChores

    def enrolled(self, handle: str = "mira", owner: Person = MIRA, kind: str = "self") -> Cameo:
        cameo = self.at.cameos.add(handle, owner.id, kind=kind)
        self.desk.review.activate(cameo, by=owner.id)
        return self.at.cameos.get(cameo.id)

    def case(self, author: Person = ANA, cameos=(), prompt="mira waves", parent="", references=(), **asked) -> Case:
        """A case that was submitted."""
        case = new_case()
        text = self.tools.texts.keep(prompt, case_id=case.id)
        ids = self.consent.resolve("", [c.id if isinstance(c, Cameo) else c for c in cameos])
        submitted = Submitted(
            author=author.id, prompt=text, cameos=ids, parent=parent, references=tuple(references), **asked
        )
        return self.ledger.append(case, [submitted])

    def rendered(self, case: Case) -> Case:
        made = Rendered(asset=asset(f"r{case.id}"), engine="e", engine_version="1")
        return carry(self.ledger, case, Phase.RENDERED, rendered=made)

    def published(self, case: Case) -> Case:
        """A case that went the whole way; its file lies on the shelf."""
        file = self.home / "clip.mp4"
        file.write_bytes(b"video of " + case.id.encode())
        case = self.rendered(case)
        sealed = Sealed(
            asset=asset(f"s{case.id}"), payload=case.id, manifest_id="m", manifest=asset("m"), soft_binding="b"
        )
        url = self.tools.shelf.publish(case.id, file)
        return carry(self.ledger, case, Phase.PUBLISHED, sealed=sealed, published=Published(url=url))

    def on_shelf(self, case: Case) -> bool:
        return (self.home / "shelf" / f"{case.id}.mp4").exists()

    def phase(self, case: Case) -> str:
        return self.ledger.load(case.id).phase.value

    def facts(self, case: Case):
        return self.consent.facts(self.ledger.load(case.id))


def asset(name: str) -> Asset:
    import hashlib

    return Asset(digest=hashlib.sha256(name.encode()).hexdigest(), media_type="video/mp4", size=1)


@contextmanager
def opened() -> Iterator[CameoHouse]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        database = open_database(home)
        try:
            yield house_at(home, database)
        finally:
            database.close()


def emptied(house: CameoHouse) -> CameoHouse:
    """The house as if nothing had happened. Events and receipts stay, as they always do."""
    with house.database.connection() as connection:
        connection.execute(f"TRUNCATE {TABLES}")
    return replace(house)


def house_at(home: Path, database: Database) -> CameoHouse:
    """A house over a database that is open already: another process of the same installation has one of its own."""
    settings = Settings(home=home)
    at = registered(settings, database, str(home / "vault"), {})
    texts, ledger, bus = PostgresTexts(database), PostgresLedger(database), LocalBus()
    consent = consent_of(at, database, texts.read, "story", settings)
    tools = Tools(
        texts=texts,
        vault=FsspecVault(str(home / "vault")),
        shelf=FsspecShelf(str(home / "shelf")),
        engine=None,
        measure=ToyMeasurer(),
        policy=None,
        facts=consent,
        consent=consent,
        sealer=None,
        copies=NothingCopied(),
        revisions=NothingMoves(),
        workdir=home / "work",
    )
    desk = cameo_desk(settings, database, at, consent, ledger=ledger, bus=bus, tools=tools, gallery=MemoryGallery())
    from datetime import timedelta

    chores = CameoChores(desk=desk, keep=timedelta(days=1095))
    return CameoHouse(home, database, at, consent, desk, ledger, tools, chores)


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


def working(house, clock):
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
        measure=ToyMeasurer(
            text=lambda _text: clock.measure(Subject.PROMPT),
            video=lambda _file, subject, _leased: clock.measure(subject),
            check_video=lambda _file: (1.0, 64, 64),
        ),
        policy=ToyPolicy(
            lambda gate, signals, facts, rulings, case_id="": decide(gate, signals, facts, rulings, POLICY)
        ),
        facts=ToyFacts(lambda case: {**house.consent.facts(case), "damaged_parents": 0}),
        sealer=ToySealer(clock.seal),
        revisions=LedgerRevisions(ledger=ledger),
    )
    bus = LocalBus()
    works = Works(
        ledger=ledger, bus=bus, vault=tools.vault, route=route(tools), willing=tuple(ROUTE),
        void=lambda case, events: _take_back(case, events, shelf=shelf), chores=house.chores,
    )  # fmt: skip
    people = replace(house.desk, ledger=ledger, bus=bus)
    return Desk(ledger=ledger, bus=bus, tools=tools, verify_file=None, people=people), LocalRunner(works)


def lease(house, holder=ANA.id, words="", **given):
    """A lease of @mira, by her owner."""
    terms = given.pop("terms", Terms())
    return house.desk.lease(MIRA, "mira", LeaseAsked(holder=holder, terms=terms, words=words, **given))[0]
