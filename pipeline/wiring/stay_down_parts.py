"""What keeps down what claims took down, over the stores."""

from __future__ import annotations

from classifiers.models import Models
from core.ports import Bus, Ledger
from pipeline.claims.claimed_looks import ClaimedLooks
from pipeline.claims.stay_down import StayDown
from pipeline.ledgers.bulk_append import PostgresBulkAppend
from pipeline.ledgers.database import Database
from pipeline.stages.stage_context import StageContext
from registry.banks.postgres_banks import PostgresBanks
from registry.consent.likeness_uses import PostgresLikenessUses
from registry.stay_downs.stay_down_store import PostgresStayDowns


def make_stay_down(database: Database, models: Models, tools: StageContext, *, ledger: Ledger, bus: Bus) -> StayDown:
    """The stay-down of this installation."""
    looks = ClaimedLooks(
        banks=PostgresBanks(database), blob_store=tools.blob_store, models=models, workdir=tools.workdir
    )
    return StayDown(
        store=PostgresStayDowns(database),
        looks=looks,
        uses=PostgresLikenessUses(database),
        bulk=PostgresBulkAppend(database),
        public_store=tools.public_store,
        blob_store=tools.blob_store,
        texts=tools.texts,
        ledger=ledger,
        bus=bus,
    )
