"""The claims desk of an installation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from core.case import Case
from core.errors import Unavailable
from core.ports import Ledger
from pipeline.at_rest.key_store import KeyStore
from pipeline.claims.claim_desk import ClaimDesk
from pipeline.claims.claim_effects import ClaimEffects
from pipeline.claims.claim_laws import load_claim_laws
from pipeline.claims.claim_limits import ClaimLimits
from pipeline.claims.claim_videos import ClaimedVideos, LikenessOfVideo
from pipeline.claims.claims_service import ClaimsService
from pipeline.claims.postgres_claim_activity import PostgresClaimActivity
from pipeline.claims.postgres_claims import PostgresClaims
from pipeline.claims.standing.standing_claims import StandingClaims
from pipeline.claims.stay_down import StayDown
from pipeline.ledgers.database import Database
from pipeline.service import CaseService
from pipeline.settings import Settings
from pipeline.wiring.stores import blob_store_location, open_case_keys
from registry.consent.cameo_service import ConsentStores


def make_standing_claims(settings: Settings, database: Database, people: ConsentStores) -> StandingClaims:
    """What claims keep down, for whoever else could publish it."""
    return StandingClaims(store=PostgresClaims(database, open_case_keys(settings)), lineage=people.uses)


def make_claims_desk(
    settings: Settings,
    database: Database,
    *,
    ledger: Ledger,
    service: CaseService,
    people: ConsentStores,
    stay_down: StayDown,
) -> ClaimsService:
    """What takes claims in, decides about them, and does what the clock asks for."""
    url, options = blob_store_location(settings)

    def similar(path: Path) -> Sequence[LikenessOfVideo]:
        try:
            return service.public.repository.similar_videos.find(path)
        except Unavailable:
            return ()

    def forget(case: Case) -> None:
        if service.pictures is not None:
            service.pictures.forget(case)

    store = PostgresClaims(database, open_case_keys(settings))
    effects = ClaimEffects(
        ledger=ledger,
        bus=service.bus,
        store=store,
        lineage=people.uses,
        stay_down=stay_down,
        forget=forget,
    )
    desk = ClaimDesk(
        store=store,
        texts=service.context.texts,
        laws=load_claim_laws(),
        effects=effects,
        limits=ClaimLimits(store=PostgresClaimActivity(database), sizes=settings.claim_limit_sizes),
        notices=people.notices,
        rules=settings.claim_rules(one_person=settings.one_person),
        secret=cache(lambda: KeyStore(url, settings.keys_folder, **options).make("claim-senders")),
    )
    return ClaimsService(desk=desk, videos=ClaimedVideos(ledger=ledger, verify=service.verify, similar=similar))
