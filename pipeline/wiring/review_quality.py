"""Second reviews, golden items, figures of moderation and the log of decisions, over the installation's database."""

from __future__ import annotations

from functools import partial

from core.ports import Ledger, TextStore
from pipeline.appeals.removal_figures import PostgresRemovalAppeals
from pipeline.ledgers.database import Database
from pipeline.ledgers.postgres_decisions import PostgresDecisionLog, PostgresModerationFigures
from pipeline.ledgers.postgres_review_checks import PostgresReviewChecks
from pipeline.moderation.exposure import exposure_points
from pipeline.moderation.postgres_exposure import PostgresExposure
from pipeline.moderation.quality.blind_review import BlindReview
from pipeline.moderation.quality.quality_desk import QualityDesk
from pipeline.moderation.quality.review_sampling import ReviewSampling, load_sampling_key
from pipeline.settings import Settings


def make_blind_review(settings: Settings, database: Database, *, ledger: Ledger, texts: TextStore) -> BlindReview:
    """Checks among the moderators' cases, at the shares that the settings say."""
    return BlindReview(
        ledger=ledger,
        texts=texts,
        checks=PostgresReviewChecks(database),
        sampling=ReviewSampling(
            key=load_sampling_key(settings.keys_folder),
            second_share=settings.second_review_share,
            golden_share=settings.golden_share,
        ),
        golden_days=settings.golden_days,
        sealed_rules=settings.house_rules.sealed_rules,
        undo_seconds=settings.house_rules.undo_seconds,
    )


def make_quality_desk(database: Database, *, ledger: Ledger, texts: TextStore) -> QualityDesk:
    """What leads see and do."""
    return QualityDesk(
        ledger=ledger,
        texts=texts,
        checks=PostgresReviewChecks(database),
        figures=PostgresModerationFigures(database),
        log=PostgresDecisionLog(database),
        exposure=partial(exposure_points, PostgresExposure(database)),
        removal_appeals=PostgresRemovalAppeals(database),
    )
