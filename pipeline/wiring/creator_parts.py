"""What whoever wanted a video is shown, and where reports of a likeness are answered, over the database."""

from __future__ import annotations

from functools import partial

from pipeline.creator.creator_desk import CreatorDesk
from pipeline.creator.creator_links import PostgresCreatorLinks
from pipeline.creator.link_key import load_link_key
from pipeline.end_users.erasure_desk import EndUserErasureDesk
from pipeline.ledgers.database import Database
from pipeline.reports.report_desk import ReportDesk
from pipeline.service import CaseService
from pipeline.settings import Settings
from registry.consent.leaving.end_user_erasures import PostgresEndUserErasures
from registry.reports.likeness_reports import PostgresLikenessReports


def make_creator_desk(settings: Settings, database: Database, service: CaseService) -> CreatorDesk:
    """The desk; the key of its links is made when the first is given out."""
    links = PostgresCreatorLinks(database, partial(load_link_key, settings.keys_folder))
    return CreatorDesk(service=service, links=links)


def make_report_desk(database: Database, service: CaseService) -> ReportDesk:
    """Where moderators answer what people report about the use of their likeness."""
    return ReportDesk(service=service, reports=PostgresLikenessReports(database))


def make_end_user_erasures(database: Database, service: CaseService) -> EndUserErasureDesk:
    """Where a platform has one of its end users erased as a whole."""
    erasures = PostgresEndUserErasures(database)
    return EndUserErasureDesk(erasures=erasures, service=service, controller=service.cameos.stores.consents.controller)
