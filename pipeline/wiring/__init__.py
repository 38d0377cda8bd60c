"""The installation that settings describe: the only place that chooses adapters and connects the parts.

Below it: `stores` (where things lie), `stage_parts` (what stages work with), `services` (what people and workers call).
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta

from classifiers.image.face_backend import face_backend
from classifiers.models import Models
from core.ports import Ledger
from media.sandbox.protections import allow_unsandboxed
from pipeline.access.oidc_accounts import OidcService
from pipeline.access.passkeys import PasskeyService
from pipeline.access.second_factors import SecondFactorService
from pipeline.access.usage import UsageMeter
from pipeline.access.video_costs import VideoCosts, prices_of_settings
from pipeline.accounts import Accounts
from pipeline.advance import EventListener, NoListener, PipelineContext
from pipeline.appeals.recall_appeals import RecallAppealDesk
from pipeline.audit.transparency_log import TransparencyLog
from pipeline.capture_signals import ClassifierCaptures
from pipeline.claims.claims_service import ClaimsService
from pipeline.claims.stay_down import StayDown, StayDownUpkeep
from pipeline.consent_wiring import (
    combine_galleries,
    make_cameo_service,
    open_consent_stores,
)
from pipeline.creator.creator_desk import CreatorDesk
from pipeline.drift.drift_desk import DriftDesk
from pipeline.drift.drift_sums import DriftSums
from pipeline.drift.score_drift import PostgresScoreDrift
from pipeline.end_users.erasure_desk import EndUserErasureDesk
from pipeline.known_footage.bank_service import BankService
from pipeline.known_footage.bank_upkeep import BankUpkeep
from pipeline.known_footage.match_desk import MatchDesk
from pipeline.ledgers.case_histories import CaseHistories, PostgresCaseHistories
from pipeline.ledgers.policy_replays import PostgresPolicyReplays
from pipeline.ledgers.policy_store import PostgresPolicyStore
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.ledgers.postgres_costs import PostgresVideoCosts
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.ledgers.postgres_usage import PostgresUsage
from pipeline.ledgers.rule_activity import PostgresRuleActivity
from pipeline.ledgers.texts import PostgresTexts
from pipeline.ledgers.topic_outcomes import PostgresOutcomeOutbox
from pipeline.ledgers.upkeep.retention import Retention
from pipeline.legal_record.record_desk import RecordDesk
from pipeline.moderation.bulk_reviews import BulkWorker
from pipeline.moderation.postgres_exposure import PostgresExposure
from pipeline.moderation.quality.blind_cases import BlindLedger
from pipeline.observability.ledger_windows import PostgresLedgerWindows
from pipeline.observability.observed_works import Observation, make_observation
from pipeline.observability.postgres_phase_counts import PostgresPhaseCounts
from pipeline.observability.report_minutes import ReportMinutes
from pipeline.observability.running_version import running_version
from pipeline.policy_rollout import policy_loading
from pipeline.policy_rollout.policy_service import PolicyService
from pipeline.policy_rollout.rollout import Rollout
from pipeline.registry_admin import RegistryAdmin
from pipeline.reports.report_desk import ReportDesk
from pipeline.request_fields.reference_sources import ReferenceSources
from pipeline.rights.rights_desk import RightsDesk
from pipeline.rights.work_image_service import WorkImageService
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.local_runner import LocalRunner
from pipeline.service import CaseService
from pipeline.settings import Settings
from pipeline.tempdirs import remove_stale_folders
from pipeline.topic_contract.outcome_outbox import OutcomeOutbox
from pipeline.verification.consent_lookup import ConsentOfCases
from pipeline.verification.likeness_comparison import LikenessComparer
from pipeline.verification.other_installations_table import load_other_installations
from pipeline.verification.verifier import InstallationVerifier
from pipeline.webhooks.postgres_webhooks import PostgresWebhooks
from pipeline.webhooks.webhook_sender import WebhookSender
from pipeline.webhooks.webhook_service import WebhookService
from pipeline.wiring.claims_desk import make_claims_desk, make_standing_claims
from pipeline.wiring.creator_parts import make_creator_desk, make_end_user_erasures, make_report_desk
from pipeline.wiring.legal_record import make_periodic_submission, make_record_desk
from pipeline.wiring.review_quality import make_blind_review, make_quality_desk
from pipeline.wiring.rights import make_rights_desk, make_work_permissions, with_works
from pipeline.wiring.services import (
    make_bank_service,
    make_bank_upkeep,
    make_bus,
    make_oidc,
    make_passkeys,
    make_pipeline_context,
    make_public_service,
    make_registry_admin,
    make_review_worker,
    make_second_factors,
    make_video_pictures,
    make_webhook_client,
    make_webhook_sender,
)
from pipeline.wiring.stage_parts import InstalledClassifiers, make_classifiers, make_stage_context
from pipeline.wiring.stay_down_parts import make_stay_down
from pipeline.wiring.stores import (
    RegistryStores,
    blob_store_location,
    open_blob_store,
    open_case_keys,
    open_installation_database,
    open_manifest_repository,
    open_reference_sources,
    open_registry_stores,
    open_review_stores,
    open_text_keys,
)

__all__ = ["Installation", "InstalledClassifiers", "RegistryStores", "build_installation", "open_installation_database"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An installation at work. `runner` moves its cases in this process; None where Kafka's workers do."""

    settings: Settings
    service: CaseService
    ledger: Ledger
    accounts: Accounts
    second_factors: SecondFactorService
    passkeys: PasskeyService
    oidc: OidcService
    registry: RegistryStores
    registry_admin: RegistryAdmin
    banks: BankService
    bank_upkeep: BankUpkeep
    stay_down: StayDown
    rights_desk: RightsDesk
    rollout: Rollout
    case_histories: CaseHistories
    works: PipelineContext
    outcome_outbox: OutcomeOutbox
    costs: VideoCosts
    reference_sources: ReferenceSources
    runner: LocalRunner | None
    webhook_sender: WebhookSender
    review_worker: BulkWorker
    observation: Observation
    claims: ClaimsService
    record: RecordDesk
    creator_desk: CreatorDesk
    recall_appeals: RecallAppealDesk
    report_desk: ReportDesk
    end_user_erasures: EndUserErasureDesk
    drift_desk: DriftDesk
    resources: ExitStack

    @property
    def match_desk(self) -> MatchDesk:
        """Where moderators answer whether published videos show what banks know."""
        return MatchDesk(matches=self.bank_upkeep.matches, banks=self.banks.banks)

    def close(self) -> None:
        """Give back what it holds: the database and its server, where this process started it."""
        self.resources.close()


def build_installation(
    settings: Settings, *, listener: EventListener | None = None, allow_broken_policy: bool = False
) -> Installation:
    """The installation that these settings describe. Raises Unavailable, PolicyError or BadInput.

    `allow_broken_policy` builds it also where the policy in force no longer loads; nothing is decided then.
    """
    allow_unsandboxed(allow=settings.allow_unsandboxed)
    load_other_installations(settings)  # so that what cannot be read there ends the start, and not the first answer
    models = Models(settings.model_options())
    with ExitStack() as opened:
        database = open_installation_database(settings)
        opened.callback(database.close)
        ledger = PostgresLedger(database, first_retry_delay=timedelta(seconds=settings.first_retry_delay))
        bus = make_bus(settings)
        registry = open_registry_stores(database, models, settings)
        people = open_consent_stores(settings, database, *blob_store_location(settings))
        rollout = policy_loading.make_rollout(settings, PostgresPolicyStore(database), validate=not allow_broken_policy)
        repository = open_manifest_repository(
            settings, database, ledger, open_blob_store(settings, open_case_keys(settings))
        )
        permissions = make_work_permissions(settings, database, registry, people)
        tools, consent = make_stage_context(
            settings,
            database=database,
            ledger=ledger,
            people=people,
            policing=rollout.policy_selector,
            repository=repository,
            texts=PostgresTexts(database, open_text_keys(settings)),
            classifiers=make_classifiers(settings, registry, people, models),
        )
        tools = with_works(tools, permissions)
        remove_stale_folders(tools.workdir)
        faces = face_backend(models.options)
        seen = combine_galleries(registry.gallery, people, faces.space, faces.comparable)
        capture = ClassifierCaptures(settings=settings, gallery=seen, models=models, checker=tools.measure)
        cameos = make_cameo_service(
            database,
            people,
            consent,
            ledger=ledger,
            bus=bus,
            tools=tools,
            capture=capture,
            settings=settings,
        )
        webhooks = PostgresWebhooks(database)
        costs = PostgresVideoCosts(database)
        costs.note_prices(prices_of_settings(settings, tools.engine.name))
        rules = PolicyService(
            rollout=rollout,
            case_histories=PostgresCaseHistories(database),
            activity=PostgresRuleActivity(database),
            replays=PostgresPolicyReplays(database),
        )
        blind = make_blind_review(settings, database, ledger=ledger, texts=tools.texts)
        service = CaseService(
            ledger=BlindLedger(ledger=ledger, checks=blind.checks),
            bus=bus,
            context=tools,
            verifier=InstallationVerifier(
                settings=settings,
                repository=repository,
                consents=ConsentOfCases(ledger=ledger, people=people, consent=consent),
            ),
            public=make_public_service(settings, database, repository),
            cameo_service=cameos,
            one_person=settings.one_person,
            policy_service=rules,
            likeness=LikenessComparer(models=models),
            webhooks=WebhookService(webhooks=webhooks, client=make_webhook_client(settings)),
            costs=costs,
            work_images=WorkImageService(images=registry.work_images, works=registry.works, models=models),
            usage=UsageMeter(store=PostgresUsage(database), defaults=settings.usage_limits),
            review_stores=open_review_stores(settings, database),
            exposure_log=PostgresExposure(database),
            house_rules=replace(
                settings.house_rules, kept_down=make_standing_claims(settings, database, people).why_down
            ),
            blind=blind,
            quality=make_quality_desk(database, ledger=ledger, texts=tools.texts),
            pictures=make_video_pictures(
                settings,
                ledger=ledger,
                repository=repository,
                people=people,
                consent=consent,
                permissions=permissions,
            ),
        )
        log = TransparencyLog(database, settings.keys_folder)
        record = make_record_desk(settings, database, service=service, policies=rollout.policy_selector, log=log)
        upkeep = make_bank_upkeep(settings, database, registry, service)
        rights = make_rights_desk(
            settings,
            database,
            registry=registry,
            people=people,
            permissions=permissions,
            ledger=ledger,
            bus=bus,
            tools=tools,
        )
        end_users = make_end_user_erasures(database, service)
        stay_down = make_stay_down(database, models, tools, ledger=ledger, bus=bus)
        claims = make_claims_desk(
            settings, database, ledger=ledger, service=service, people=people, stay_down=stay_down
        )
        observation = make_observation(
            settings, PostgresPhaseCounts(database), PostgresLedgerWindows(database), version=running_version()
        )
        opened.callback(observation.close)
        works = observation.watch(
            make_pipeline_context(
                settings,
                ledger=ledger,
                bus=bus,
                tools=tools,
                cameos=cameos,
                listener=listener or NoListener(),
                log=log,
                also=(
                    upkeep,
                    StayDownUpkeep(stay_down=stay_down),
                    claims.upkeep,
                    rights,
                    end_users,
                    ReportMinutes(database),
                    Retention(database, keep=timedelta(days=settings.counts_keep_days)),
                    DriftSums(database),
                    make_periodic_submission(settings, record),
                ),
            )
        )
        return Installation(
            settings=settings,
            service=service,
            ledger=ledger,
            accounts=PostgresAccounts(database),
            second_factors=make_second_factors(settings, database),
            passkeys=make_passkeys(settings, database),
            oidc=make_oidc(settings, database),
            registry=registry,
            registry_admin=make_registry_admin(registry, models),
            banks=make_bank_service(registry, models),
            bank_upkeep=upkeep,
            stay_down=stay_down,
            rights_desk=rights,
            rollout=rollout,
            case_histories=rules.case_histories,
            works=works,
            outcome_outbox=PostgresOutcomeOutbox(database),
            costs=costs,
            reference_sources=open_reference_sources(settings),
            runner=LocalRunner(works) if isinstance(bus, LocalBus) else None,
            webhook_sender=make_webhook_sender(settings, webhooks),
            review_worker=make_review_worker(service, rollout.policy_selector),
            observation=observation,
            claims=claims,
            record=record,
            creator_desk=make_creator_desk(settings, database, service),
            recall_appeals=RecallAppealDesk(service, database),
            report_desk=make_report_desk(database, service),
            end_user_erasures=end_users,
            drift_desk=DriftDesk(drift=PostgresScoreDrift(database)),
            resources=opened.pop_all(),
        )
