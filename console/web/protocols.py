"""What the console needs of an installation: the service, the accounts, the settings, and whoever moves the cases."""

from __future__ import annotations

from typing import Protocol

from pipeline.access.oidc_accounts import OidcService
from pipeline.access.passkeys import PasskeyService
from pipeline.access.second_factors import SecondFactorService
from pipeline.accounts import Accounts
from pipeline.appeals.recall_appeals import RecallAppealDesk
from pipeline.background import BackgroundWorker
from pipeline.claims.claims_service import ClaimsService
from pipeline.creator.creator_desk import CreatorDesk
from pipeline.end_users.erasure_desk import EndUserErasureDesk
from pipeline.known_footage.match_desk import MatchDesk
from pipeline.legal_record.record_desk import RecordDesk
from pipeline.observability.observed_works import Observation
from pipeline.reports.report_desk import ReportDesk
from pipeline.rights.rights_desk import RightsDesk
from pipeline.service import CaseService
from pipeline.settings import Settings


class InstallationProtocol(Protocol):
    """An installation, as far as pages and APIs see it."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    @property
    def service(self) -> CaseService:
        """Everything a person may do."""

    @property
    def accounts(self) -> Accounts:
        """Who may do it."""

    @property
    def passkeys(self) -> PasskeyService:
        """What they show in place of a token."""

    @property
    def oidc(self) -> OidcService:
        """How they sign in with the provider of an organisation."""

    @property
    def second_factors(self) -> SecondFactorService:
        """What else than a token they show when they sign in."""

    @property
    def claims(self) -> ClaimsService | None:
        """Where people outside claim something of published videos; None where no claims are taken."""

    @property
    def match_desk(self) -> MatchDesk | None:
        """Where moderators answer whether published videos show what banks know; None where there are no banks."""

    @property
    def observation(self) -> Observation:
        """What is watched in this process."""

    @property
    def record(self) -> RecordDesk | None:
        """The record that the law wants told; None where none is kept."""

    @property
    def recall_appeals(self) -> RecallAppealDesk:
        """Appeals of what was taken down, which wait for a moderator."""

    @property
    def creator_desk(self) -> CreatorDesk | None:
        """Where whoever wanted a video reads what became of it, by a link; None where no links are given out."""

    @property
    def report_desk(self) -> ReportDesk | None:
        """Where moderators answer reports of how a likeness is used; None where nobody can be enrolled."""

    @property
    def end_user_erasures(self) -> EndUserErasureDesk | None:
        """Where an account has one of its end users erased as a whole; None where nobody can be enrolled."""

    @property
    def rights_desk(self) -> RightsDesk | None:
        """Where rights holders act; None where none can register."""


class RunningInstallation(InstallationProtocol, Protocol):
    """An installation that also moves its cases."""

    @property
    def runner(self) -> BackgroundWorker | None:
        """Whoever moves the cases; None where other processes do."""

    @property
    def webhook_sender(self) -> BackgroundWorker | None:
        """Whoever sends webhooks; None where there are none."""

    @property
    def review_worker(self) -> BackgroundWorker | None:
        """Whoever carries out what moderators asked for many cases; None where nobody does."""

    def close(self) -> None:
        """Let go of databases and processes."""
