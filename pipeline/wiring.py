"""build(settings): the only place that chooses adapters and introduces the rooms to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from classifiers import PromptWorks
from classifiers import build as build_classifiers
from classifiers.base import Classifier
from classifiers.face_choice import face_nets
from core.case import Case, Phase
from core.events import Event, Published
from core.finding import Mark
from core.permitted import PermittedCameos
from core.ports import Bus, Engine, Ledger, Shelf
from core.spaces import VOICE
from pipeline import rooms
from pipeline.accounts import Accounts
from pipeline.advance import Told, Works
from pipeline.alike import Alike
from pipeline.cameo_desk import Registered
from pipeline.consent import Consent
from pipeline.copies import RepositoryCopies
from pipeline.desk import Desk
from pipeline.ledgers.accounts import PostgresAccounts
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.policies import PostgresPolicies
from pipeline.ledgers.postgres import PostgresLedger
from pipeline.ledgers.stories import PostgresStories, Stories
from pipeline.ledgers.texts import PostgresTexts
from pipeline.parents import FactsWithParents
from pipeline.people_room import (
    CameoChores,
    ConsentReceipts,
    LedgerRevisions,
    cameo_desk,
    consent_of,
    registered,
    with_cameos,
)
from pipeline.pictures import picturing
from pipeline.policing import Policing
from pipeline.policy_desk import PolicyDesk
from pipeline.public import PublicDesk
from pipeline.registrar import Registrar
from pipeline.repository import Repository
from pipeline.rollout import Rollout
from pipeline.runners.local import LocalBus, LocalRunner
from pipeline.scratch import clear_scratch
from pipeline.sealing import CaseSealer
from pipeline.settings import Settings
from pipeline.sharing import Sharing
from pipeline.stages import ROUTE, route
from pipeline.stages.tools import Tools
from pipeline.vaults.shelf import FsspecShelf
from pipeline.vaults.vault import FsspecVault
from pipeline.verifying import verifying
from registry.answers import PostgresAnswers
from registry.bank import PostgresBank
from registry.fingerprints_live import LedgerFingerprints
from registry.gallery import PostgresGallery
from registry.issued import IssuedPayloads
from registry.leases import PostgresLeases
from registry.manifests import PostgresManifests
from registry.works import PostgresWorks


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """What is remembered of people and works."""

    gallery: PostgresGallery
    voices: PostgresGallery
    bank: PostgresBank
    leases: PostgresLeases
    works: PostgresWorks


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """An installation at work. `runner` moves its cases in this process; None where Kafka's workers do."""

    settings: Settings
    desk: Desk
    ledger: Ledger
    accounts: Accounts
    registry: Registry
    registrar: Registrar
    rollout: Rollout
    stories: Stories
    works: Works
    runner: LocalRunner | None
    close: Callable[[], None]


def build(settings: Settings, *, tell: Told | None = None, mending: bool = False) -> House:
    """The house that these settings describe. Raises Unavailable, PolicyError or BadInput.

    `mending` builds it also where the policy in force no longer loads; nothing is decided then.
    """
    settings.tell_models()
    with ExitStack() as opened:
        database = _database(settings)
        opened.callback(database.close)
        ledger, bus = PostgresLedger(database), _bus(settings)
        registry = Registry(
            gallery=PostgresGallery(database, face_nets().space),
            voices=PostgresGallery(database, VOICE),
            bank=PostgresBank(database),
            leases=PostgresLeases(database),
            works=PostgresWorks(database),
        )
        people = registered(settings, database, *_vault_place(settings))
        rollout = rooms.rollout_of(settings, PostgresPolicies(database), prove=not mending)
        repository = _repository(settings, database, ledger)
        tools, consent = _tools(
            settings,
            database=database,
            ledger=ledger,
            registry=registry,
            people=people,
            policing=rollout.policing,
            repository=repository,
        )
        clear_scratch(tools.workdir)
        seen = with_cameos(registry.gallery, people, face_nets().space)
        cameos = cameo_desk(settings, database, people, consent, ledger=ledger, bus=bus, tools=tools, gallery=seen)
        works = Works(
            ledger=ledger,
            bus=bus,
            vault=tools.vault,
            route=route(tools),
            willing=tuple(ROUTE),
            void=partial(_take_back, shelf=tools.shelf),
            chores=CameoChores(desk=cameos, keep=timedelta(days=settings.cameo_keep_days)),
            **({"tell": tell} if tell else {}),
        )
        verify_file = verifying(settings, repository)
        sharing = Sharing(answers=PostgresAnswers(database))
        public = PublicDesk(manifests=repository, answers=sharing, carried=picturing(settings))
        rules = PolicyDesk(rollout=rollout, stories=PostgresStories(database))
        desk = Desk(
            ledger=ledger, bus=bus, tools=tools, verify_file=verify_file, public=public, people=cameos, policies=rules
        )
        return House(
            settings=settings,
            desk=desk,
            ledger=ledger,
            accounts=PostgresAccounts(database),
            registry=registry,
            registrar=_registrar(registry),
            rollout=rollout,
            stories=rules.stories,
            works=works,
            runner=LocalRunner(works) if isinstance(bus, LocalBus) else None,
            close=opened.pop_all().close,
        )


def _database(settings: Settings) -> Database:
    url = settings.database_url
    return open_database(url.get_secret_value() if url else settings.root)


def _bus(settings: Settings) -> Bus:
    if settings.bus == "local":
        return LocalBus()
    from pipeline.runners.kafka import KafkaBus
    from pipeline.runners.roles import Topics

    return KafkaBus(settings.kafka_servers, Topics(prefix=settings.kafka_group))


def _vault(settings: Settings) -> FsspecVault:
    url, options = _vault_place(settings)
    return FsspecVault(url, **options)


def _shelf(settings: Settings) -> FsspecShelf:
    url = settings.shelf_url or (settings.root / "published").as_uri()
    return FsspecShelf(url, settings.public_url, **_for(url, _options(settings)))


def _tools(
    settings: Settings,
    *,
    database: Database,
    ledger: Ledger,
    registry: Registry,
    people: Registered,
    policing: Policing,
    repository: Repository,
) -> tuple[Tools, Consent]:
    engine, texts = _engine(settings), PostgresTexts(database)
    consent = consent_of(people, database, texts.read, engine.name, settings)
    more = (PromptWorks(registry.works), *rooms.monitors(settings))
    vault, workdir = repository.vault, repository.workdir
    tools = Tools(
        texts=texts,
        vault=vault,
        shelf=_shelf(settings),
        engine=engine,
        measure=rooms.measurer(settings, InstalledClassifiers(registry, people, more)),
        policy=policing,
        facts=FactsWithParents(inner=consent, settings=settings, vault=vault, workdir=workdir),
        consent=consent,
        sealer=CaseSealer(
            settings=settings, ledger=ledger, vault=vault, rests_on=ConsentReceipts(at=people, consent=consent)
        ),
        copies=RepositoryCopies(repository=repository),
        revisions=LedgerRevisions(ledger=ledger),
        workdir=workdir,
        engine_timeout=settings.engine_timeout,
    )
    return tools, consent


def _repository(settings: Settings, database: Database, ledger: Ledger) -> Repository:
    from provenance.claims import SOFT_BINDING
    from provenance.keys import load_keys
    from provenance.recovery import name_of
    from provenance.sound_print import WITHIN

    issued = IssuedPayloads(database)

    def detect(path: Path) -> Mark:
        from provenance.marks import find_marks

        return find_marks(path, keys=[load_keys(settings.keys_folder).mark_key], issued=issued())

    return Repository(
        ledger=ledger,
        vault=_vault(settings),
        manifests=PostgresManifests(database, ours=[SOFT_BINDING]),
        alike=Alike(
            looks=LedgerFingerprints(database),
            sounds=LedgerFingerprints(database, what="sound", within=WITHIN, wide=False),
        ),
        detect=detect,
        issued=issued,
        name_of=name_of,
        algorithms=(SOFT_BINDING,),
        workdir=settings.root / "work",
    )


def _registrar(registry: Registry) -> Registrar:
    from classifiers.frame_faces import enrol
    from classifiers.frame_hashes import hashes_of
    from classifiers.voices import enrol_voice

    return Registrar(
        gallery=registry.gallery,
        voices=registry.voices,
        bank=registry.bank,
        works=registry.works,
        describe=enrol,
        describe_voice=enrol_voice,
        hash_picture=hashes_of,
    )


class InstalledClassifiers:
    """All classifiers of this installation, over its gallery, its hash bank and the works registered here."""

    def __init__(self, registry: Registry, people: Registered, more: Sequence[Classifier]) -> None:
        self._registry, self._people, self._more = registry, people, more
        self._built: dict[PermittedCameos, Sequence[Classifier]] = {}

    def build(self, leased: PermittedCameos) -> Sequence[Classifier]:
        """Those for a case that may show these cameos; made once for each set of them."""
        if leased not in self._built:
            self._built[leased] = build_classifiers(
                with_cameos(self._registry.gallery, self._people, face_nets().space),
                self._registry.bank,
                voices=with_cameos(self._registry.voices, self._people, VOICE),
                leased=leased.faces,
                voices_leased=leased.voices,
                more=self._more,
            )
        return self._built[leased]


def _engine(settings: Settings) -> Engine:
    if settings.engine == "folder":
        from pipeline.engines.folder import FolderEngine

        return FolderEngine(settings.engine_folder)
    from pipeline.engines.http import HttpEngine, Limits

    key = settings.engine_key.get_secret_value() if settings.engine_key else ""
    limits = Limits(video_bytes=settings.engine_max_mb << 20)
    return HttpEngine(settings.engine_url, key=key, model=settings.engine_model, limits=limits)


def _options(settings: Settings) -> dict[str, Any]:
    return {"endpoint_url": settings.s3_endpoint} if settings.s3_endpoint else {}


def _vault_place(settings: Settings) -> tuple[str, dict[str, Any]]:
    url = settings.vault_url or (settings.root / "vault").as_uri()
    return url, _for(url, _options(settings))


def _for(url: str, options: dict[str, Any]) -> dict[str, Any]:
    return options if url.startswith("s3:") else {}


def _take_back(case: Case, events: Sequence[Event], *, shelf: Shelf) -> None:
    """A case was recalled while it was being published: what was put up comes down."""
    if any(isinstance(event, Published) for event in events) and case.phase is not Phase.PUBLISHED:
        shelf.withdraw(case.id)
