"""What the console needs of an installation: the service, the accounts, the settings, and whoever moves the cases."""

from __future__ import annotations

from typing import Protocol

from pipeline.access.oidc_accounts import OidcService
from pipeline.access.passkeys import PasskeyService
from pipeline.access.second_factors import SecondFactorService
from pipeline.accounts import Accounts
from pipeline.background import BackgroundWorker
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


class RunningInstallation(InstallationProtocol, Protocol):
    """An installation that also moves its cases."""

    @property
    def runner(self) -> BackgroundWorker | None:
        """Whoever moves the cases; None where other processes do."""

    @property
    def webhook_sender(self) -> BackgroundWorker | None:
        """Whoever sends webhooks; None where there are none."""

    def close(self) -> None:
        """Let go of databases and processes."""
