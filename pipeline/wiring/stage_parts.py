"""What stages work with: classifiers, policy, facts, consent and the sealer, over the stores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from classifiers import PromptWorks, WorkLikeness, WorkSounds, build_classifiers
from classifiers.base import Classifier
from classifiers.image.face_backend import face_backend
from classifiers.models import Models
from core.embedding_spaces import VOICE_SPACE
from core.permitted import PermittedCameos
from core.ports import Ledger
from pipeline.consent_wiring import (
    ConsentReceipts,
    LedgerRevisions,
    combine_galleries,
    make_consent_facts,
)
from pipeline.drift.drift_facts import FactsWithDrift
from pipeline.drift.score_drift import PostgresScoreDrift
from pipeline.engines.engine_selection import make_engine
from pipeline.labelling.label_choice import check_labels
from pipeline.ledgers.database import Database
from pipeline.ledgers.texts import PostgresTexts
from pipeline.manifest_repository.derivation import RepositoryCopies
from pipeline.manifest_repository.repository import ManifestRepository
from pipeline.policy_rollout.policy_selection import PolicySelector
from pipeline.render_slots import LedgerRenderSlots
from pipeline.screening import measurement
from pipeline.sealing import CaseSealer
from pipeline.settings import Settings
from pipeline.stages.stage_context import StageContext
from pipeline.verification.ingredient_facts import FactsWithParents
from pipeline.wiring.stores import RegistryStores, open_public_store
from provenance.c2pa.manifest_definition import PRODUCT_NAME
from registry.consent.cameo_service import ConsentStores
from registry.consent.consent_facts import ConsentFacts


def make_stage_context(
    settings: Settings,
    *,
    database: Database,
    ledger: Ledger,
    people: ConsentStores,
    policing: PolicySelector,
    repository: ManifestRepository,
    texts: PostgresTexts,
    classifiers: InstalledClassifiers,
) -> tuple[StageContext, ConsentFacts]:
    """The context of every stage, and the consent in it with all that cameos ask of it."""
    check_labels(settings, settings.provider or PRODUCT_NAME)
    engine, public_store = make_engine(settings), open_public_store(settings)
    consent = make_consent_facts(people, database, texts, engine.name, settings)
    vault, workdir = repository.blob_store, repository.workdir
    drifting = FactsWithDrift(inner=consent, drift=PostgresScoreDrift(database))
    tools = StageContext(
        texts=texts,
        blob_store=vault,
        public_store=public_store,
        engine=engine,
        measure=measurement.measurer(settings, classifiers, classifiers.models),
        policy=policing,
        facts=FactsWithParents(inner=drifting, ledger=ledger, settings=settings, blob_store=vault, workdir=workdir),
        consent=consent,
        sealer=CaseSealer(
            settings=settings,
            ledger=ledger,
            blob_store=vault,
            public_store=public_store,
            rests_on=ConsentReceipts(at=people, consent=consent),
        ),
        copies=RepositoryCopies(repository=repository),
        revisions=LedgerRevisions(ledger=ledger),
        render_slots=LedgerRenderSlots(ledger, settings.max_renders),
        workdir=workdir,
        stop_early=settings.stop_early,
        engine_timeout=settings.engine_timeout,
        max_wait=timedelta(hours=settings.max_wait_hours),
    )
    return tools, consent


def make_classifiers(
    settings: Settings, registry: RegistryStores, people: ConsentStores, models: Models
) -> InstalledClassifiers:
    """All classifiers of this installation, those that its settings name among them."""
    works = PromptWorks(registry.works, models=models), WorkLikeness(registry.work_images, models=models)
    more = (*works, WorkSounds(registry.work_sounds), *measurement.prompt_monitors(settings))
    return InstalledClassifiers(registry, people, more, models)


class InstalledClassifiers:
    """All classifiers of this installation, over its gallery, its hash bank and the works registered here."""

    def __init__(
        self, registry: RegistryStores, people: ConsentStores, more: Sequence[Classifier], models: Models
    ) -> None:
        self._registry, self._people, self._more, self.models = registry, people, more, models
        self._built: dict[PermittedCameos, Sequence[Classifier]] = {}

    def build(self, leased: PermittedCameos) -> Sequence[Classifier]:
        """Those for a case that may show these cameos; made once for each set of them."""
        if leased not in self._built:
            faces = face_backend(self.models.options)
            self._built[leased] = build_classifiers(
                combine_galleries(self._registry.gallery, self._people, faces.space, faces.comparable),
                self._registry.bank,
                voices=combine_galleries(self._registry.voices, self._people, VOICE_SPACE),
                leased=leased.faces,
                voices_leased=leased.voices,
                more=self._more,
                models=self.models,
            )
        return self._built[leased]
