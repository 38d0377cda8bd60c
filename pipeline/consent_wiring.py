"""Introduces what is known of people to the rest of the installation: one place, called by wiring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from core.case import Case
from core.embedding_spaces import ComparableSpace, EmbeddingSpace
from core.ports import Bus, Ledger
from pipeline.accounts import Accounts
from pipeline.at_rest.key_store import KeyStore
from pipeline.audit.event_proofs import EventProofs
from pipeline.capture_signals import ClassifierCaptures
from pipeline.consent.owner_veto import is_veto_final
from pipeline.ledgers.author_facts import PostgresAuthorFacts
from pipeline.ledgers.bulk_append import PostgresBulkAppend
from pipeline.ledgers.database import Database
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.moderation.sealed_hold import is_sealed
from pipeline.settings import Settings
from pipeline.stages.stage_context import StageContext
from provenance.c2pa.manifest_definition import PRODUCT_NAME
from registry.consent.biometric_templates import CombinedGallery, PostgresBiometricTemplates, ProtectedGallery
from registry.consent.cameo_review import CameoReview
from registry.consent.cameo_service import CameoService, ConsentStores
from registry.consent.cameos import PostgresCameos
from registry.consent.consent_facts import ConsentFacts, TextReader
from registry.consent.consent_receipts import CONSENT_GIVEN, PostgresConsentReceipts
from registry.consent.consent_service import PostgresConsentService
from registry.consent.end_users import EndUserKey
from registry.consent.enrolment_challenges import PostgresEnrolmentChallenges
from registry.consent.enrolment_decisions import PostgresEnrolmentDecisions
from registry.consent.enrolment_inspection import EnrolmentInspection
from registry.consent.enrolment_pictures import PostgresEnrolmentPictures
from registry.consent.enrolment_service import EnrolmentService
from registry.consent.found.found_desk import FoundDesk
from registry.consent.found.found_store import PostgresFoundMatches
from registry.consent.leases import PostgresLeases
from registry.consent.leaving.end_user_erasures import PostgresEndUserErasures
from registry.consent.likeness_uses import PostgresLikenessUses
from registry.consent.notices import PostgresNotices
from registry.consent.owner_decisions import PostgresOwnerDecisions
from registry.consent.portal.erasures import PostgresErasures
from registry.consent.portal.owner_portal import OwnerPortal
from registry.consent.portal.people import PostgresPeople
from registry.consent.receipt_signing import ReceiptSigner
from registry.consent.requests.request_desk import ConsentRequestDesk
from registry.consent.requests.request_store import PostgresConsentRequests
from registry.consent.takedown import TakedownService
from registry.consent.takedown_store import PostgresTakedowns
from registry.rights.licence_receipts import PostgresLicenceReceipts

_TELL_WITHIN = timedelta(days=7)  # owners are told of videos that were published since


def open_consent_stores(
    settings: Settings, database: Database, vault_url: str, options: dict[str, object]
) -> ConsentStores:
    """The stores of what is known of people, in this installation."""
    keys = ReceiptSigner(settings.keys_folder)
    store = KeyStore(vault_url, settings.keys_folder, **options)
    consents = PostgresConsentService(
        connections=database, sign=keys.sign, controller=settings.provider or PRODUCT_NAME
    )
    return ConsentStores(
        cameos=PostgresCameos(database),
        leases=PostgresLeases(database),
        consents=consents,
        receipts=PostgresConsentReceipts(database),
        keys=keys,
        uses=PostgresLikenessUses(database),
        answers=PostgresOwnerDecisions(database),
        notices=PostgresNotices(database),
        cascades=PostgresTakedowns(database),
        templates=PostgresBiometricTemplates(database, store),
        enrolment_pictures=PostgresEnrolmentPictures(database, store),
    )


def make_consent_facts(
    at: ConsentStores, database: Database, texts: TextReader, engine: str, settings: Settings
) -> ConsentFacts:
    """Who has agreed to what, as the gates ask it."""
    return ConsentFacts(
        leases=at.leases,
        cameos=at.cameos,
        lineage=at.uses,
        answers=at.answers,
        authors=PostgresAuthorFacts(database),
        texts=texts,
        engine=engine,
        party_of=EndUserKey(settings.keys_folder).party,
        unstated_minor=settings.unstated_minor,
        monitor_asked=bool(settings.monitor_url),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentReceipts:
    """The receipts on which cases rest."""

    at: ConsentStores
    consent: ConsentFacts

    def receipts(self, case: Case) -> tuple[str, ...]:
        """The SHA-256 of the receipts on which a case rests: they go into its manifest."""
        leases = self.consent.receipts_for(case)
        receipts = [
            receipt for lease in leases for receipt in self.at.receipts.of_lease(lease) if receipt.kind in CONSENT_GIVEN
        ]
        return tuple(sorted(receipt.hash for receipt in receipts))


@dataclass(frozen=True, slots=True)
class OpenAccounts:
    """Which accounts there are that are not closed."""

    accounts: Accounts

    def exists(self, account: str) -> bool:
        """Whether there is one of this id."""
        found = self.accounts.get(account) if account.isprintable() else None  # Postgres knows no text with a NUL
        return found is not None and not found.closed


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRevisions:
    """When cases moved, by the ledger."""

    ledger: Ledger

    def last_moved(self, case: Case) -> datetime:
        """When the last event of the case was stored. Raises NotFound."""
        return self.ledger.history(case.id)[-1].at

    def now(self) -> datetime:
        """By the ledger's clock."""
        return self.ledger.now()


def make_cameo_service(
    database: Database,
    stores: ConsentStores,
    consent: ConsentFacts,
    *,
    ledger: Ledger,
    bus: Bus,
    tools: StageContext,
    capture: ClassifierCaptures,
    settings: Settings,
) -> CameoService:
    """Everything a person may do about their likeness."""
    takedown = TakedownService(
        cascades=stores.cascades,
        uses=stores.uses,
        bulk=PostgresBulkAppend(database),
        public_store=tools.public_store,
        consents=consent,
        cameos=stores.cameos,
        leases=stores.leases,
    )
    sealed = partial(is_sealed, sealed_rules=settings.house_rules.sealed_rules)
    accounts = OpenAccounts(PostgresAccounts(database))
    portal = OwnerPortal(
        stores=stores,
        people=PostgresPeople(database),
        end_users=PostgresEndUserErasures(database),
        erasures=PostgresErasures(connections=database, signer=stores.keys, controller=stores.consents.controller),
        takedown_service=takedown,
        ledger=ledger,
        accounts=accounts,
        proofs=EventProofs(database=database, keys_folder=stores.keys.folder),
        is_sealed=sealed,
    )
    review = CameoReview(
        cameos=stores.cameos,
        leases=stores.leases,
        consents=stores.consents,
        notices=stores.notices,
        templates=stores.templates,
        pictures=stores.enrolment_pictures,
        takes=PostgresEnrolmentChallenges(database),
        decisions=PostgresEnrolmentDecisions(database),
        takedown=takedown,
        texts=tools.texts,
        answers=stores.answers,
        one_person=settings.one_person,
    )
    enrolment = EnrolmentService(
        cameos=stores.cameos,
        enrolments=PostgresEnrolmentChallenges(database),
        templates=stores.templates,
        review=review,
        pictures=stores.enrolment_pictures,
        texts=tools.texts,
        capture=capture,
        policy=tools.policy,
    )
    return CameoService(
        stores=stores,
        ledger=ledger,
        bus=bus,
        blob_store=tools.blob_store,
        texts=tools.texts,
        takedown_service=takedown,
        enrolment=enrolment,
        review=review,
        inspection=EnrolmentInspection(
            stored_pictures=stores.enrolment_pictures, decisions=review.decisions, texts=tools.texts
        ),
        accounts=accounts,
        portal=portal,
        requests=ConsentRequestDesk(
            requests=PostgresConsentRequests(database),
            people=PostgresPeople(database),
            cameos=stores.cameos,
            consents=stores.consents,
            facts=consent,
            notices=stores.notices,
            texts=tools.texts,
            ledger=ledger,
            bus=bus,
            limits=settings.request_limits,
            is_sealed=sealed,
        ),
        found=FoundDesk(
            matches=PostgresFoundMatches(database),
            cameos=stores.cameos,
            facts=consent,
            takedown=takedown,
            texts=tools.texts,
            veto_acts=partial(is_veto_final, tools.policy),
        ),
        end_users=EndUserKey(settings.keys_folder),
        is_sealed=sealed,
        other_receipts=PostgresLicenceReceipts(database),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CameoMaintenance:
    """What has to happen without anybody asking. Each is safe to interrupt and to do again."""

    service: CameoService
    keep: timedelta

    def run_maintenance(self, now: datetime | None = None) -> None:
        """Ended leases, open cascades, drafts that wait for their owners, and the retention schedule."""
        now, at = now or datetime.now(UTC), self.service.stores
        at.consents.expire(now)
        self.service.portal.run_takedowns()
        for case_id, cameo, owner in at.uses.published_unnoticed(now - _TELL_WITHIN):
            at.notices.notify(owner, "used", about=case_id, cameo=cameo)
        for case_id, cameo, owner in at.uses.awaiting_approval():
            at.notices.notify(owner, "draft_waits", about=case_id, cameo=cameo)
        for idle in at.cameos.idle_since(now - self.keep):
            self.service.destroy(idle, by="assay:retention")
        self.service.finish_erasures()
        self.service.portal.erasures.issue_certificates()
        self.service.enrolment.delete_expired(now)
        self.service.review.close_refused(now)
        self.service.requests.run_upkeep(now)


def combine_galleries(
    gallery: ProtectedGallery,
    stores: ConsentStores,
    space: EmbeddingSpace,
    comparable: Sequence[ComparableSpace] = (),
) -> CombinedGallery:
    """The gallery with the templates of enrolled people in it."""
    return CombinedGallery(gallery, stores.templates, space, comparable)
