"""The record that the law wants told, over the installation's database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from pipeline.audit.transparency_log import TransparencyLog
from pipeline.claims.postgres_claims import PostgresClaims
from pipeline.ledgers.database import Database
from pipeline.legal_record.appeal_bundle import BundleMaker
from pipeline.legal_record.case_proof import prove_case
from pipeline.legal_record.classification import CategoryOf
from pipeline.legal_record.eu_database import EuTransparencyDatabase
from pipeline.legal_record.postgres_figures import PostgresFigures
from pipeline.legal_record.postgres_outbox import PostgresStatementOutbox
from pipeline.legal_record.postgres_restrictions import PostgresRestrictions
from pipeline.legal_record.record_desk import RecordDesk, RecordOptions
from pipeline.legal_record.restriction import Period
from pipeline.legal_record.statement_maker import StatementMaker
from pipeline.legal_record.statement_sending import PeriodicSubmission, StatementSubmission
from pipeline.policy_rollout.policy_selection import PolicySelector
from pipeline.service import CaseService
from pipeline.settings import Settings
from pipeline.wiring.stores import open_text_keys
from policy.pack import Policy

_QUEUED_SINCE = timedelta(days=30)
"""Where statements are sent by themselves: those of older decisions are queued by `assay report submit --from`."""


def make_record_desk(
    settings: Settings, database: Database, *, service: CaseService, policies: PolicySelector, log: TransparencyLog
) -> RecordDesk:
    """Statements of reasons, reports, figures for the public, bundles."""
    restrictions = PostgresRestrictions(database)
    claims = PostgresClaims(database, open_text_keys(settings))
    statements = StatementMaker(
        restrictions=restrictions,
        ledger=service.ledger,
        policy=service.context.policy,
        category_of=_category_of(policies),
        options=settings.statement_options,
    )
    name = settings.service_name or settings.provider or "Assay"
    token = settings.dsa_token.get_secret_value() if settings.dsa_token else ""
    receiver = EuTransparencyDatabase(url=settings.dsa_url, token=token, timeout=settings.dsa_timeout)
    return RecordDesk(
        restrictions=restrictions,
        claims=claims,
        statements=statements,
        submission=StatementSubmission(
            outbox=PostgresStatementOutbox(database),
            make=statements.named,
            receiver=receiver if settings.dsa_url and token else None,
        ),
        bundles=BundleMaker(
            service=service,
            restrictions=restrictions,
            statements=statements,
            texts=service.context.texts,
            claims_of=claims.of_case,
            prove=partial(prove_case, log, settings.keys_folder),
            service_name=name,
        ),
        figures=PostgresFigures(database),
        options=RecordOptions(
            service_name=name,
            provider=settings.provider or "Assay",
            public=settings.transparency_page,
            smallest=settings.smallest_count,
            published_only=settings.statements_sent == "published",
        ),
    )


def make_periodic_submission(settings: Settings, record: RecordDesk) -> PeriodicSubmission:
    """What sends statements by itself, where an address and a token are set."""

    def queue() -> int:
        now = datetime.now(UTC)
        period = Period(start=now - _QUEUED_SINCE, end=now)
        return record.submission.outbox.queue(period, published_only=settings.statements_sent == "published")

    return PeriodicSubmission(submission=record.submission, queue=queue)


def _category_of(policies: PolicySelector) -> CategoryOf:
    """By the policy in force; a rule that it no longer has by the one that the settings name."""

    known: dict[str, dict[str, str]] = {}

    def categories(policy: Policy) -> dict[str, str]:
        if policy.digest not in known:
            known[policy.digest] = {rule.name: rule.dsa_category for rule in policy.rules}
        return known[policy.digest]

    def category_of(rule: str) -> str:
        now = categories(policies.current_and_candidate()[0])
        return now.get(rule) or categories(policies.installed()).get(rule, "")

    return category_of
