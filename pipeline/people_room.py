"""Introduces what is known of people to the rest of the house: one place, called by wiring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from core.case import Case
from core.ports import Bus, Ledger
from core.spaces import Space
from pipeline.cameo_desk import CameoDesk, Registered
from pipeline.cameo_review import CameoReview
from pipeline.cascade import Cascades
from pipeline.consent import Consent
from pipeline.enrolment import Enrolment
from pipeline.ledgers.bulk import PostgresBulk
from pipeline.ledgers.database import Database
from pipeline.ledgers.facts import PostgresFacts
from pipeline.settings import Settings
from pipeline.stages.tools import Tools
from pipeline.takes import ClassifierCaptures
from pipeline.vaults.keystore import PlaceKeys
from provenance.claims import PRODUCT
from registry.cameos import PostgresCameos
from registry.cascades import PostgresCascades
from registry.consent_receipts import GIVEN, PostgresConsentReceipts
from registry.consents import PostgresConsents
from registry.enrolments import PostgresEnrolments
from registry.leases import PostgresLeases
from registry.notices import PostgresNotices
from registry.owner_answers import PostgresOwnerAnswers
from registry.receipt_keys import ReceiptKeys
from registry.templates import Gallery, PostgresTemplates, WithCameos
from registry.uses import PostgresUses


def registered(settings: Settings, database: Database, vault_url: str, options: dict[str, Any]) -> Registered:
    """Where what is known of people lies, in this installation."""
    keys = ReceiptKeys(settings.keys_folder)
    store = PlaceKeys(vault_url, settings.keys_folder, **options)
    consents = PostgresConsents(connections=database, sign=keys.sign, controller=settings.provider or PRODUCT)
    return Registered(
        cameos=PostgresCameos(database),
        leases=PostgresLeases(database),
        consents=consents,
        receipts=PostgresConsentReceipts(database),
        keys=keys,
        uses=PostgresUses(database),
        answers=PostgresOwnerAnswers(database),
        notices=PostgresNotices(database),
        cascades=PostgresCascades(database),
        templates=PostgresTemplates(database, store),
    )


def consent_of(
    at: Registered, database: Database, read: Callable[[str], str], engine: str, settings: Settings
) -> Consent:
    """Who has agreed to what, as the gates ask it."""
    return Consent(
        leases=at.leases,
        cameos=at.cameos,
        lineage=at.uses,
        answers=at.answers,
        authors=PostgresFacts(database),
        read=read,
        engine=engine,
        unstated_minor=settings.unstated_minor,
        monitor_asked=bool(settings.monitor_url),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentReceipts:
    """The receipts on which cases rest."""

    at: Registered
    consent: Consent

    def receipts(self, case: Case) -> tuple[str, ...]:
        """The SHA-256 of the receipts on which a case rests: they go into its manifest."""
        leases = self.consent.receipts_for(case)
        given = [one for lease in leases for one in self.at.receipts.of_lease(lease) if one.kind in GIVEN]
        return tuple(sorted(one.hash for one in given))


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRevisions:
    """How far cases are, by the ledger."""

    ledger: Ledger

    def moved(self, case: Case) -> bool:
        """Whether somebody has moved a case since it was read."""
        return self.ledger.load(case.id).revision != case.revision


def cameo_desk(
    settings: Settings,
    database: Database,
    at: Registered,
    consent: Consent,
    *,
    ledger: Ledger,
    bus: Bus,
    tools: Tools,
    gallery: Gallery,
) -> CameoDesk:
    """Everything a person may do about their likeness."""
    review = CameoReview(
        cameos=at.cameos,
        leases=at.leases,
        consents=at.consents,
        notices=at.notices,
        templates=at.templates,
        texts=tools.texts,
    )
    enrolment = Enrolment(
        cameos=at.cameos,
        enrolments=PostgresEnrolments(database),
        templates=at.templates,
        review=review,
        texts=tools.texts,
        capture=ClassifierCaptures(settings=settings, gallery=gallery, checker=tools.measure),
        policy=tools.policy,
    )
    cascade = Cascades(
        cascades=at.cascades,
        uses=at.uses,
        bulk=PostgresBulk(database),
        shelf=tools.shelf,
        consents=consent,
        cameos=at.cameos,
    )
    return CameoDesk(
        at=at,
        ledger=ledger,
        bus=bus,
        vault=tools.vault,
        texts=tools.texts,
        cascade=cascade,
        enrolment=enrolment,
        review=review,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CameoChores:
    """What has to happen without anybody asking. Each is safe to interrupt and to do again."""

    desk: CameoDesk
    keep: timedelta

    def __call__(self, now: datetime | None = None) -> None:
        """Ended leases, open cascades, drafts that wait for their owners, and the retention schedule."""
        now, at = now or datetime.now(UTC), self.desk.at
        at.consents.expire(now)
        self.desk.cascade.run()
        for case_id, cameo, owner in at.uses.waiting():
            at.notices.tell(owner, "draft_waits", about=case_id, cameo=cameo)
        for idle in at.cameos.idle(now - self.keep):
            self.desk.destroy(idle, by="assay:retention")
        self.desk.sweep_erased()
        self.desk.enrolment.sweep(now)


def with_cameos(gallery: Gallery, at: Registered, space: Space) -> WithCameos:
    """The gallery with the templates of enrolled people in it."""
    return WithCameos(gallery, at.templates, space)
