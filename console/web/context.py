"""What every request can reach: the installation, its sessions, its limits. Made once by create_app."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import anyio
from fastapi import Depends, Request

from console.web.fair_queue import FairQueue
from console.web.key_rates import KeyRateLimiter
from console.web.protocols import InstallationProtocol
from console.web.rate_limits import AccountLimiter, ConcurrencyLimiter, FailureLimiter, RateLimiter, client_of
from console.web.sessions import Sessions
from media.sandbox.scan import ScanBudget
from pipeline.service import CaseService


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """The installation and what the web adds to it.

    `uploads` bounds how many files arrive at once, `concurrency` how many that have arrived are waiting or looked at,
    `analysis_queue` how many are looked at, and whose turn it is; `scan_budget` is what a stranger's file may cost,
    `reference_limiter` how many orders with a reference are opened at once, `picture_limiter` how many pictures of
    published videos are made at once.
    """

    installation: InstallationProtocol
    sessions: Sessions
    failed_logins: FailureLimiter = field(default_factory=FailureLimiter)
    account_logins: AccountLimiter = field(default_factory=AccountLimiter)
    uploads: ConcurrencyLimiter = field(
        default_factory=lambda: ConcurrencyLimiter(total=256, per_address=8, per_range=32)
    )
    concurrency: ConcurrencyLimiter = field(default_factory=lambda: ConcurrencyLimiter(total=64))
    rate_limiter: RateLimiter = field(default_factory=RateLimiter)
    key_rates: KeyRateLimiter = field(default_factory=KeyRateLimiter)
    analysis_queue: FairQueue = field(default_factory=lambda: FairQueue(2))
    picture_limiter: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(2))
    scan_budget: ScanBudget = field(default_factory=ScanBudget)
    reference_limiter: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(2))

    @property
    def service(self) -> CaseService:
        """Everything a person may do."""
        return self.installation.service

    @property
    def upload_folder(self) -> Path:
        """The folder of uploads while they are processed."""
        return self.installation.settings.root / "uploads"

    @property
    def max_upload_bytes(self) -> int:
        """The largest file that is accepted."""
        return self.installation.settings.max_upload_mb * 1024**2


def context_of(request: Request) -> RequestContext:
    """The context of the app that serves this request."""
    context: RequestContext = request.app.state.context
    return context


def client_address(request: Request) -> str:
    """Where a request comes from, as far as the server knows."""
    return client_of(request)


def accept_language(request: Request) -> str:
    """The languages that a client asks for, as it wrote them; empty where it asks for none."""
    return request.headers.get("accept-language", "")


# Both asynchronous, so that FastAPI sends them to no thread.
async def _accept_language(request: Request) -> str:
    return accept_language(request)


async def _context(request: Request) -> RequestContext:
    return context_of(request)


AcceptLanguage = Annotated[str, Depends(_accept_language)]
ContextDep = Annotated[RequestContext, Depends(_context)]
