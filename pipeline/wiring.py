"""build(settings): the only place that chooses adapters and introduces the rooms to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from classifiers import PromptWorks, build_classifiers
from classifiers.base import Classifier
from classifiers.image.face_backend import face_backend
from classifiers.models import Models
from core.case import Case, Phase
from core.embedding_spaces import VOICE_SPACE
from core.events import Event, Published
from core.finding import WatermarkFinding
from core.permitted import PermittedCameos
from core.ports import Bus, Ledger, PublicStore
from pipeline.accounts import Accounts
from pipeline.advance import EventListener, PipelineContext
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.blobstores.public_store import FsspecPublicStore
from pipeline.capture_signals import ClassifierCaptures
from pipeline.consent_wiring import (
    CameoMaintenance,
    ConsentReceipts,
    LedgerRevisions,
    combine_galleries,
    make_cameo_service,
    make_consent_facts,
    open_consent_stores,
)
from pipeline.engines import make_engine
from pipeline.ledgers.case_histories import CaseHistories, PostgresCaseHistories
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.policy_store import PostgresPolicyStore
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.ledgers.texts import PostgresTexts
from pipeline.ledgers.topic_outcomes import PostgresOutcomeOutbox
from pipeline.manifest_repository.public_service import PublicService
from pipeline.manifest_repository.repository import ManifestRepository
from pipeline.manifest_repository.shared_findings import FindingSharing
from pipeline.near_duplicates.derivation import RepositoryCopies
from pipeline.near_duplicates.near_duplicate_search import NearDuplicateSearch
from pipeline.policy_rollout.policy_selection import PolicySelector
from pipeline.policy_rollout.policy_service import PolicyService
from pipeline.policy_rollout.rollout import Rollout
from pipeline.registry_admin import RegistryAdmin
from pipeline.render_slots import LedgerRenderSlots
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.local_runner import LocalRunner
from pipeline.screening import measurement
from pipeline.sealing import CaseSealer
from pipeline.service import CaseService
from pipeline.settings import Settings
from pipeline.stages import ROUTE, bind_route
from pipeline.stages.stage_context import StageContext
from pipeline.tempdirs import remove_stale_folders
from pipeline.verification.history_thumbnails import make_thumbnail_reader
from pipeline.verification.ingredient_facts import FactsWithParents
from pipeline.verification.likeness_comparison import make_likeness_comparer
from pipeline.verification.verifier import InstallationVerifier
from registry.banks.hash_bank import PostgresHashBank
from registry.banks.protected_gallery import PostgresGallery
from registry.banks.sealed_payloads import SealedPayloads
from registry.consent.cameo_service import ConsentStores
from registry.consent.consent_facts import ConsentFacts
from registry.consent.leases import PostgresLeases
from registry.manifests.manifest_index import PostgresManifestIndex
from registry.near_duplicates.ledger_fingerprints import LedgerFingerprints
from registry.rights.registered_works import PostgresWorks
from registry.shared_results import PostgresSharedResults


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryStores:
    """What is remembered of people and works."""

    gallery: PostgresGallery
    voices: PostgresGallery
    bank: PostgresHashBank
    leases: PostgresLeases
    works: PostgresWorks


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An installation at work. `runner` moves its cases in this process; None where Kafka's workers do."""

    settings: Settings
    service: CaseService
    ledger: Ledger
    accounts: Accounts
    registry: RegistryStores
    registry_admin: RegistryAdmin
    rollout: Rollout
    case_histories: CaseHistories
    works: PipelineContext
    outcome_outbox: PostgresOutcomeOutbox
    runner: LocalRunner | None
    close: Callable[[], None]


def build_installation(
    settings: Settings, *, on_events: EventListener | None = None, allow_broken_policy: bool = False
) -> Installation:
    """The installation that these settings describe. Raises Unavailable, PolicyError or BadInput.

    `allow_broken_policy` builds it also where the policy in force no longer loads; nothing is decided then.
    """
    models = Models(settings.model_options())
    with ExitStack() as opened:
        database = open_installation_database(settings)
        opened.callback(database.close)
        ledger = PostgresLedger(database, first_retry_delay=timedelta(seconds=settings.first_retry_delay))
        bus = _bus(settings)
        registry = RegistryStores(
            gallery=PostgresGallery(database, face_backend(models.options).space),
            voices=PostgresGallery(database, VOICE_SPACE),
            bank=PostgresHashBank(database),
            leases=PostgresLeases(database),
            works=PostgresWorks(database),
        )
        people = open_consent_stores(settings, database, *_blob_store_location(settings))
        rollout = measurement.make_rollout(settings, PostgresPolicyStore(database), validate=not allow_broken_policy)
        repository = _repository(settings, database, ledger)
        tools, consent = _stage_context(
            settings,
            database=database,
            ledger=ledger,
            registry=registry,
            people=people,
            policing=rollout.policy_selector,
            repository=repository,
            models=models,
        )
        remove_stale_folders(tools.workdir)
        seen = combine_galleries(registry.gallery, people, face_backend(models.options).space)
        capture = ClassifierCaptures(settings=settings, gallery=seen, models=models, checker=tools.measure)
        cameos = make_cameo_service(database, people, consent, ledger=ledger, bus=bus, tools=tools, capture=capture)
        works = PipelineContext(
            ledger=ledger,
            bus=bus,
            blob_store=tools.blob_store,
            route=bind_route(tools),
            accepted_phases=tuple(ROUTE),
            max_wait=timedelta(hours=settings.max_wait_hours),
            compensate=partial(_withdraw_if_recalled, public_store=tools.public_store),
            maintenance=CameoMaintenance(service=cameos, keep=timedelta(days=settings.cameo_keep_days)),
            **({"on_events": on_events} if on_events else {}),
        )
        sharing = FindingSharing(answers=PostgresSharedResults(database))
        public = PublicService(manifests=repository, answers=sharing, carried=make_thumbnail_reader(settings))
        rules = PolicyService(rollout=rollout, case_histories=PostgresCaseHistories(database))
        service = CaseService(
            ledger=ledger,
            bus=bus,
            context=tools,
            verifier=InstallationVerifier(settings=settings, repository=repository),
            public=public,
            cameo_service=cameos,
            policy_service=rules,
            models=models,
            likeness=make_likeness_comparer(models),
        )
        return Installation(
            settings=settings,
            service=service,
            ledger=ledger,
            accounts=PostgresAccounts(database),
            registry=registry,
            registry_admin=_registry_admin(registry, models),
            rollout=rollout,
            case_histories=rules.case_histories,
            works=works,
            outcome_outbox=PostgresOutcomeOutbox(database),
            runner=LocalRunner(works) if isinstance(bus, LocalBus) else None,
            close=opened.pop_all().close,
        )


def open_installation_database(settings: Settings) -> Database:
    """The database of these settings, its tables up to date; whoever opens it closes it. Raises Unavailable."""
    url = settings.database_url
    return open_database(url.get_secret_value() if url else settings.root)


def _bus(settings: Settings) -> Bus:
    if settings.bus == "local":
        return LocalBus()
    from pipeline.runners.kafka_bus import KafkaBus
    from pipeline.runners.topics import Topics

    return KafkaBus(settings.kafka_servers, Topics(prefix=settings.kafka_group))


def _vault(settings: Settings) -> FsspecBlobStore:
    url, options = _blob_store_location(settings)
    return FsspecBlobStore(url, **options)


def _shelf(settings: Settings) -> FsspecPublicStore:
    url = settings.shelf_url or (settings.root / "published").as_uri()
    return FsspecPublicStore(url, settings.public_url, **_options_for(url, _s3_options(settings)))


def _stage_context(
    settings: Settings,
    *,
    database: Database,
    ledger: Ledger,
    registry: RegistryStores,
    people: ConsentStores,
    policing: PolicySelector,
    repository: ManifestRepository,
    models: Models,
) -> tuple[StageContext, ConsentFacts]:
    engine, texts = make_engine(settings), PostgresTexts(database)
    consent = make_consent_facts(people, database, texts.read, engine.name, settings)
    more = (PromptWorks(registry.works, models=models), *measurement.prompt_monitors(settings))
    vault, workdir = repository.blob_store, repository.workdir
    tools = StageContext(
        texts=texts,
        blob_store=vault,
        public_store=_shelf(settings),
        engine=engine,
        measure=measurement.measurer(settings, InstalledClassifiers(registry, people, more, models)),
        policy=policing,
        facts=FactsWithParents(inner=consent, settings=settings, blob_store=vault, workdir=workdir),
        consent=consent,
        sealer=CaseSealer(
            settings=settings, ledger=ledger, blob_store=vault, rests_on=ConsentReceipts(at=people, consent=consent)
        ),
        copies=RepositoryCopies(repository=repository),
        revisions=LedgerRevisions(ledger=ledger),
        render_slots=LedgerRenderSlots(ledger, settings.max_renders),
        workdir=workdir,
        engine_timeout=settings.engine_timeout,
        max_wait=timedelta(hours=settings.max_wait_hours),
    )
    return tools, consent


def _repository(settings: Settings, database: Database, ledger: Ledger) -> ManifestRepository:
    from provenance.c2pa.manifest_definition import SOFT_BINDING_ALGORITHM
    from provenance.c2pa.signers.keys_folder import load_keys
    from provenance.fingerprint.sound_fingerprint import MAX_SOUND_DISTANCE
    from provenance.verification.recovery import read_manifest_id

    issued = SealedPayloads(database)

    def detect(path: Path) -> WatermarkFinding:
        from provenance.watermark_detection import detect_watermarks

        return detect_watermarks(path, keys=[load_keys(settings.keys_folder).watermark_key], issued=issued())

    return ManifestRepository(
        ledger=ledger,
        blob_store=_vault(settings),
        manifests=PostgresManifestIndex(database, ours=[SOFT_BINDING_ALGORITHM]),
        near_duplicates=NearDuplicateSearch(
            video_index=LedgerFingerprints(database),
            audio_index=LedgerFingerprints(database, field="sound", max_distance=MAX_SOUND_DISTANCE, multi_probe=False),
        ),
        detect=detect,
        issued=issued,
        manifest_id_of=read_manifest_id,
        algorithms=(SOFT_BINDING_ALGORITHM,),
        workdir=settings.root / "work",
    )


def _registry_admin(registry: RegistryStores, models: Models) -> RegistryAdmin:
    from classifiers.audio.voices import enrol_voice
    from classifiers.image.frame_faces import enrol_face
    from classifiers.image.frame_hashes import bank_hashes

    return RegistryAdmin(
        gallery=registry.gallery,
        voices=registry.voices,
        bank=registry.bank,
        works=registry.works,
        embed_face=partial(enrol_face, models=models),
        embed_voice=partial(enrol_voice, models=models),
        hash_image=partial(bank_hashes, models=models),
    )


class InstalledClassifiers:
    """All classifiers of this installation, over its gallery, its hash bank and the works registered here."""

    def __init__(
        self, registry: RegistryStores, people: ConsentStores, more: Sequence[Classifier], models: Models
    ) -> None:
        self._registry, self._people, self._more, self._models = registry, people, more, models
        self._built: dict[PermittedCameos, Sequence[Classifier]] = {}

    def build(self, leased: PermittedCameos) -> Sequence[Classifier]:
        """Those for a case that may show these cameos; made once for each set of them."""
        if leased not in self._built:
            self._built[leased] = build_classifiers(
                combine_galleries(self._registry.gallery, self._people, face_backend(self._models.options).space),
                self._registry.bank,
                voices=combine_galleries(self._registry.voices, self._people, VOICE_SPACE),
                leased=leased.faces,
                voices_leased=leased.voices,
                more=self._more,
                models=self._models,
            )
        return self._built[leased]


def _s3_options(settings: Settings) -> dict[str, Any]:
    return {"endpoint_url": settings.s3_endpoint} if settings.s3_endpoint else {}


def _blob_store_location(settings: Settings) -> tuple[str, dict[str, Any]]:
    url = settings.vault_url or (settings.root / "vault").as_uri()
    return url, _options_for(url, _s3_options(settings))


def _options_for(url: str, options: dict[str, Any]) -> dict[str, Any]:
    return options if url.startswith("s3:") else {}


def _withdraw_if_recalled(case: Case, events: Sequence[Event], *, public_store: PublicStore) -> None:
    """A case was recalled while it was being published: what was put up comes down."""
    if any(isinstance(event, Published) for event in events) and case.phase is not Phase.PUBLISHED:
        public_store.withdraw(case.id)
