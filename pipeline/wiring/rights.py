"""Rights holders: what cases may show of their works, and the desk at which they act."""

from __future__ import annotations

from dataclasses import replace

from core.ports import Bus, Ledger
from pipeline.consent_wiring import OpenAccounts
from pipeline.ledgers.database import Database
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.rights.holder_matches import HolderMatches
from pipeline.rights.holder_verification import HolderVerification
from pipeline.rights.holder_works import HolderWorks
from pipeline.rights.rights_desk import RightsDesk
from pipeline.rights.work_facts import FactsWithWorks, ReceiptsWithWorks, WorkPermissions
from pipeline.rights.work_sound_service import WorkSoundService
from pipeline.sealing import CaseSealer
from pipeline.settings import Settings
from pipeline.stages.stage_context import StageContext
from pipeline.wiring.stores import RegistryStores
from registry.consent.cameo_service import ConsentStores
from registry.rights.licence_receipts import PostgresLicenceReceipts
from registry.rights.licence_service import PostgresLicenceService
from registry.rights.rights_holders import PostgresRightsHolders
from registry.rights.work_answers import PostgresWorkAnswers
from registry.rights.work_licences import PostgresWorkLicences
from registry.rights.work_uses import PostgresWorkUses


def make_work_permissions(
    settings: Settings, database: Database, registry: RegistryStores, people: ConsentStores
) -> WorkPermissions:
    """What holders allow, looked up at each gate."""
    unstated = settings.unstated_terms
    return WorkPermissions(
        works=registry.works,
        licences=PostgresWorkLicences(database),
        answers=PostgresWorkAnswers(database),
        signed=PostgresLicenceReceipts(database),
        uses=PostgresWorkUses(database, character=unstated.character, other=unstated.other),
        lineage=people.uses,
    )


def with_works(tools: StageContext, permissions: WorkPermissions) -> StageContext:
    """What stages work with, and beside it what holders say of works: in the facts, and in the receipts of a seal."""
    sealer = tools.sealer
    if isinstance(sealer, CaseSealer) and sealer.rests_on is not None:
        receipts = ReceiptsWithWorks(consents=sealer.rests_on, permissions=permissions)
        sealer = replace(sealer, rests_on=receipts)
    return replace(tools, facts=FactsWithWorks(inner=tools.facts, permissions=permissions), sealer=sealer)


def make_rights_desk(
    settings: Settings,
    database: Database,
    *,
    registry: RegistryStores,
    people: ConsentStores,
    permissions: WorkPermissions,
    ledger: Ledger,
    bus: Bus,
    tools: StageContext,
) -> RightsDesk:
    """Where rights holders act. Their receipts are signed by the keys that sign those of consent."""
    holders = PostgresRightsHolders(database)
    works = HolderWorks(
        works=registry.works,
        images=registry.work_images,
        licences=permissions.licences,
        signed=permissions.signed,
        service=PostgresLicenceService(connections=database, sign=people.keys.sign_licence),
        holders=holders,
        notices=people.notices,
        accounts=OpenAccounts(PostgresAccounts(database)),
        one_person=settings.one_person,
    )
    return RightsDesk(
        works=works,
        verification=HolderVerification(
            holders=holders,
            works=registry.works,
            texts=tools.texts,
            notices=people.notices,
            one_person=settings.one_person,
        ),
        matches=HolderMatches(
            works=works,
            uses=permissions.uses,
            permissions=permissions,
            ledger=ledger,
            bus=bus,
            blob_store=tools.blob_store,
            texts=tools.texts,
            notices=people.notices,
            sealed_rules=settings.house_rules.sealed_rules,
        ),
        sounds=WorkSoundService(sounds=registry.work_sounds, works=registry.works),
    )
