"""What people and workers call: the case service, the administration of the registry, the runner's context."""

from __future__ import annotations

from datetime import timedelta

from classifiers.models import Models
from core.ports import Bus, Ledger
from pipeline.advance import EventListener, PipelineContext
from pipeline.consent_wiring import (
    CameoMaintenance,
)
from pipeline.ledgers.database import Database
from pipeline.manifest_repository.public_service import PublicService
from pipeline.manifest_repository.repository import ManifestRepository
from pipeline.manifest_repository.shared_findings import FindingSharing
from pipeline.registry_admin import ReferenceExtractor, RegistryAdmin
from pipeline.runners.local_bus import LocalBus
from pipeline.settings import Settings
from pipeline.stages import ROUTE, bind_route
from pipeline.stages.publish import PublicationCompensation
from pipeline.stages.stage_context import StageContext
from pipeline.verification.history_thumbnails import CredentialThumbnails
from pipeline.wiring.stores import RegistryStores
from registry.consent.cameo_service import CameoService
from registry.shared_results import PostgresSharedResults


def make_bus(settings: Settings) -> Bus:
    """What carries tickets: memory, or Kafka."""
    if settings.bus == "local":
        return LocalBus()
    from pipeline.runners.kafka_bus import KafkaBus
    from pipeline.runners.topics import Topics

    return KafkaBus(settings.kafka_servers, Topics(prefix=settings.kafka_group))


def make_pipeline_context(
    settings: Settings,
    *,
    ledger: Ledger,
    bus: Bus,
    tools: StageContext,
    cameos: CameoService,
    listener: EventListener,
) -> PipelineContext:
    """What moves cases: a process that accepts all phases; workers narrow them to those of their roles."""
    return PipelineContext(
        ledger=ledger,
        bus=bus,
        blob_store=tools.blob_store,
        route=bind_route(tools),
        accepted_phases=tuple(ROUTE),
        max_wait=timedelta(hours=settings.max_wait_hours),
        compensation=PublicationCompensation(public_store=tools.public_store),
        listener=listener,
        maintenance=CameoMaintenance(service=cameos, keep=timedelta(days=settings.cameo_keep_days)),
    )


def make_public_service(settings: Settings, database: Database, repository: ManifestRepository) -> PublicService:
    """What anyone may ask: of manifests, and of what was found in a file before."""
    sharing = FindingSharing(answers=PostgresSharedResults(database))
    return PublicService(manifests=repository, answers=sharing, thumbnails=CredentialThumbnails(settings=settings))


def make_registry_admin(registry: RegistryStores, models: Models) -> RegistryAdmin:
    """Whoever registers protected people, known pictures and works."""
    return RegistryAdmin(
        gallery=registry.gallery,
        voices=registry.voices,
        bank=registry.bank,
        works=registry.works,
        extractor=ReferenceExtractor(models=models),
    )
