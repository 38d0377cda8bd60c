"""A registry of cameos over the embedded Postgres, with cases put into its ledger by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from core.assets import Asset
from core.case import Case, new_case
from core.events import Judged, Published, Rendered, Sealed, Submitted
from core.verdicts import Decision, Gate, Verdict
from pipeline.cameo_desk import CameoDesk, Registered
from pipeline.consent import Consent
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.postgres import PostgresLedger
from pipeline.ledgers.texts import PostgresTexts
from pipeline.people import Person, Role
from pipeline.people_room import CameoChores, cameo_desk, consent_of, registered
from pipeline.runners.local import LocalBus
from pipeline.settings import Settings
from pipeline.stages.tools import Tools
from pipeline.vaults.shelf import FsspecShelf
from pipeline.vaults.vault import FsspecVault
from registry.cameos import Cameo
from registry.gallery import MemoryGallery

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
        return self.ledger.append(
            case, [_judged(Gate.PROMPT), Rendered(asset=asset(f"r{case.id}"), engine="e", engine_version="1")]
        )

    def published(self, case: Case) -> Case:
        """A case that went the whole way; its file lies on the shelf."""
        file = self.home / "clip.mp4"
        file.write_bytes(b"video of " + case.id.encode())
        case = self.rendered(case)
        sealed = Sealed(
            asset=asset(f"s{case.id}"), payload=case.id, manifest_id="m", manifest=asset("m"), soft_binding="b"
        )
        url = self.tools.shelf.publish(case.id, file)
        return self.ledger.append(case, [_judged(Gate.VIDEO), sealed, Published(url=url)])

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
            yield _house(home, database)
        finally:
            database.close()


def emptied(house: CameoHouse) -> CameoHouse:
    """The house as if nothing had happened. Events and receipts stay, as they always do."""
    with house.database.connection() as connection:
        connection.execute(f"TRUNCATE {TABLES}")
    return replace(house)


def _house(home: Path, database: Database) -> CameoHouse:
    settings = Settings(home=home)
    at = registered(settings, database, str(home / "vault"), {})
    texts, ledger, bus = PostgresTexts(database), PostgresLedger(database), LocalBus()
    consent = consent_of(at, database, texts.read, "story")
    tools = Tools(
        texts=texts,
        vault=FsspecVault(str(home / "vault")),
        shelf=FsspecShelf(str(home / "shelf")),
        engine=None,
        measure_text=None,
        measure_video=None,
        facts=consent.facts,
        leased=consent.leased,
        decide=None,
        check_video=lambda _file: (1.0, 1, 1),
        seal=None,
        workdir=home / "work",
        shows=consent.shows,
        name_cameos=consent.resolve,
    )
    desk = cameo_desk(settings, database, at, consent, ledger=ledger, bus=bus, tools=tools, gallery=MemoryGallery())
    from datetime import timedelta

    chores = CameoChores(desk=desk, keep=timedelta(days=1095))
    return CameoHouse(home, database, at, consent, desk, ledger, tools, chores)


def _judged(gate: Gate) -> Judged:
    return Judged(verdict=Verdict(gate=gate, decision=Decision.ALLOW, policy="p" * 64))
