"""What people and workers call: the case service, the administration of the registry, the runner's context."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from classifiers.models import Models
from core.ports import Bus, Ledger
from pipeline.access.account_service import AccountService
from pipeline.access.oidc_accounts import OidcService
from pipeline.access.oidc_client import OidcClient, OidcSettings
from pipeline.access.passkeys import PasskeyService
from pipeline.access.postgres_identities import PostgresIdentities
from pipeline.access.postgres_passkeys import PostgresPasskeys
from pipeline.access.postgres_second_factors import PostgresSecondFactors
from pipeline.access.second_factors import SecondFactorService
from pipeline.access.sign_in_settings import is_secure_address
from pipeline.advance import EventListener, MaintenanceTask, MaintenanceTasks, PipelineContext
from pipeline.at_rest.key_store import KeyStore
from pipeline.audit.transparency_log import PeriodicAnchor, TransparencyLog
from pipeline.consent_wiring import CameoMaintenance, ConsentReceipts
from pipeline.known_footage.bank_service import BankService
from pipeline.known_footage.bank_upkeep import BankUpkeep
from pipeline.known_footage.published_matches import PublishedMatches
from pipeline.known_footage.quarantine import Quarantine, QuarantineLimits
from pipeline.ledgers.database import Database
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.manifest_repository.public_service import PublicService
from pipeline.manifest_repository.repository import ManifestRepository
from pipeline.manifest_repository.shared_findings import FindingSharing
from pipeline.moderation.bulk_reviews import BulkWorker
from pipeline.moderation.queue_upkeep import Priorities, QueueUpkeep
from pipeline.policy_rollout.policy_selection import PolicySelector
from pipeline.registry_admin import ReferenceExtractor, RegistryAdmin
from pipeline.rights.work_facts import ReceiptsWithWorks, WorkPermissions
from pipeline.runners.local_bus import LocalBus
from pipeline.sealing import CaseSealer
from pipeline.service import CaseService
from pipeline.settings import Settings
from pipeline.stages import ROUTE, bind_route
from pipeline.stages.publish import PublicationCompensation
from pipeline.stages.stage_context import StageContext
from pipeline.verification.history_thumbnails import CredentialThumbnails
from pipeline.video_pictures import CasePictures
from pipeline.webhooks.networks import parse_networks
from pipeline.webhooks.postgres_webhooks import PostgresWebhooks
from pipeline.webhooks.webhook_client import WebhookClient
from pipeline.webhooks.webhook_sender import RetrySchedule, WebhookSender
from pipeline.wiring.stores import RegistryStores, blob_store_location, open_public_store
from registry.banks.bank_activity import BankActivity
from registry.consent.cameo_service import CameoService, ConsentStores
from registry.consent.consent_facts import ConsentFacts
from registry.shared_results import PostgresSharedResults


def make_bus(settings: Settings) -> Bus:
    """What carries tickets: memory, or Kafka."""
    if settings.bus == "local":
        return LocalBus()
    from pipeline.runners.kafka_bus import KafkaBus
    from pipeline.runners.topics import Topics

    return KafkaBus(settings.kafka_connection(), Topics(prefix=settings.kafka_group))


def make_pipeline_context(
    settings: Settings,
    *,
    ledger: Ledger,
    bus: Bus,
    tools: StageContext,
    cameos: CameoService,
    listener: EventListener,
    log: TransparencyLog,
    also: Sequence[MaintenanceTask],
) -> PipelineContext:
    """What moves cases: a process that accepts all phases; workers narrow them to those of their roles.

    `also` are maintenance tasks more.
    """
    return PipelineContext(
        ledger=ledger,
        bus=bus,
        blob_store=tools.blob_store,
        route=bind_route(tools),
        accepted_phases=tuple(ROUTE),
        max_wait=timedelta(hours=settings.max_wait_hours),
        compensation=PublicationCompensation(public_store=tools.public_store),
        listener=listener,
        maintenance=MaintenanceTasks(
            tasks=(
                PeriodicAnchor(log=log, interval=settings.audit_anchor_every),
                CameoMaintenance(service=cameos, keep=timedelta(days=settings.cameo_keep_days)),
                *also,
            )
        ),
    )


def make_public_service(settings: Settings, database: Database, repository: ManifestRepository) -> PublicService:
    """What anyone may ask: of manifests, and of what was found in a file before."""
    sharing = FindingSharing(answers=PostgresSharedResults(database))
    return PublicService(manifests=repository, answers=sharing, thumbnails=CredentialThumbnails(settings=settings))


def make_webhook_client(settings: Settings) -> WebhookClient:
    """What posts webhooks, and only where that is allowed."""
    return WebhookClient(networks=parse_networks(settings.webhook_networks), timeout=settings.webhook_timeout)


def make_webhook_sender(settings: Settings, webhooks: PostgresWebhooks) -> WebhookSender:
    """What sends the webhooks that are due."""
    schedule = RetrySchedule(
        first=timedelta(seconds=settings.webhook_first_retry),
        give_up_after=timedelta(seconds=settings.webhook_give_up_after),
    )
    return WebhookSender(webhooks=webhooks, client=make_webhook_client(settings), schedule=schedule)


def make_registry_admin(registry: RegistryStores, models: Models) -> RegistryAdmin:
    """Whoever registers protected people and works."""
    return RegistryAdmin(
        gallery=registry.gallery,
        voices=registry.voices,
        works=registry.works,
        work_images=registry.work_images,
        extractor=ReferenceExtractor(models=models),
    )


def make_bank_upkeep(
    settings: Settings, database: Database, registry: RegistryStores, service: CaseService
) -> BankUpkeep:
    """What compares new hashes with what is published, and takes those out that fire too often."""
    activity = BankActivity(database)
    limits = QuarantineLimits(
        share=settings.bank_quarantine_share,
        count=settings.bank_quarantine_count,
        window=timedelta(hours=settings.bank_quarantine_hours),
    )
    return BankUpkeep(
        matches=PublishedMatches(activity=activity, service=service),
        quarantine=Quarantine(banks=registry.bank.banks, activity=activity, limits=limits),
    )


def make_bank_service(registry: RegistryStores, models: Models) -> BankService:
    """Whoever keeps the banks of known footage."""
    return BankService(banks=registry.bank.banks, models=models)


def make_oidc(settings: Settings, database: Database) -> OidcService:
    """Sign-in with an OpenID provider, where the settings name one."""
    client = oidc_client(settings) if settings.oidc_issuer else None
    return OidcService(accounts=PostgresAccounts(database), store=PostgresIdentities(database), client=client)


def oidc_client(settings: Settings) -> OidcClient:
    """This installation as a client of its OpenID provider."""
    secret = settings.oidc_client_secret
    return OidcClient(
        settings=OidcSettings(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=secret.get_secret_value() if secret else "",
            scopes=settings.oidc_scopes,
            groups_claim=settings.oidc_groups_claim,
            roles=settings.oidc_group_roles,
            redirect_uri=f"{settings.web_address}/login/oidc/callback",
            after_logout=f"{settings.web_address}/verify",
        )
    )


def make_passkeys(settings: Settings, database: Database) -> PasskeyService:
    """Passkeys of accounts, bound to the address of the pages."""
    return PasskeyService(
        service=AccountService(accounts=PostgresAccounts(database), lifetimes=settings.key_lifetimes),
        store=PostgresPasskeys(database),
        origin=settings.web_address if is_secure_address(settings.web_address) else "",
        name=settings.provider or "Assay",
    )


def make_second_factors(settings: Settings, database: Database) -> SecondFactorService:
    """Authenticators of accounts; their secrets are encrypted with keys of the store that people's templates have."""
    url, options = blob_store_location(settings)
    return SecondFactorService(
        store=PostgresSecondFactors(database),
        keys=KeyStore(url, settings.keys_folder, **options),
        issuer=settings.provider or "Assay",
    )


def make_video_pictures(
    settings: Settings,
    *,
    ledger: Ledger,
    repository: ManifestRepository,
    people: ConsentStores,
    consent: ConsentFacts,
    permissions: WorkPermissions,
) -> CasePictures:
    """Seals pictures of published videos, with what the seal of the video says."""
    receipts = ReceiptsWithWorks(consents=ConsentReceipts(at=people, consent=consent), permissions=permissions)
    sealer = CaseSealer(
        settings=settings,
        ledger=ledger,
        blob_store=repository.blob_store,
        public_store=open_public_store(settings),
        rests_on=receipts,
    )
    return CasePictures(sealer=sealer, folder=settings.root / "pictures", workdir=repository.workdir)


def make_review_worker(service: CaseService, selector: PolicySelector) -> BulkWorker:
    """What moderators asked for many cases, carried out in time; and the queue's upkeep beside it."""
    from policy.review_priority import review_clocks, review_priorities

    stores = service.reviews.stores

    def priorities() -> Priorities:
        found = review_priorities(selector.current_and_candidate()[0].rules)
        return review_clocks(), {rule: (one.severity, one.clock) for rule, one in found.items()}

    upkeep = QueueUpkeep(
        stores=stores,
        ledger=service.ledger,
        texts=service.context.texts,
        blob_store=service.context.blob_store,
        workdir=service.context.workdir,
        priorities=priorities,
    )
    return BulkWorker(service=service, store=stores.bulk, accounts=stores.accounts, beside=upkeep.step)
