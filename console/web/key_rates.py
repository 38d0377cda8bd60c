"""How many requests a minute a key and its account may send, counted in this process, and the headers that say so.

The limits are those of `pipeline.access`; quotas by day and month are kept there too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.web.http_errors import TooMany
from console.web.rate_limits import WindowCounts
from core.roles import NO_LIMITS, Principal, UsageLimits
from pipeline.access.usage import limit_of

_WINDOW = 60.0  # seconds
_MAX_SUBJECTS = 100_000  # keys and accounts, which are given out and not made up; some 20 MiB


class RateLimitExceeded(TooMany):
    """You send requests faster than your key or account may: wait a little."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRate:
    """What is left of the minute. `reset` is in seconds."""

    limit: int
    remaining: int
    reset: float

    def headers(self) -> dict[str, str]:
        """As OpenAI's API says it."""
        return {
            "x-ratelimit-limit-requests": str(self.limit),
            "x-ratelimit-remaining-requests": str(max(0, self.remaining)),
            "x-ratelimit-reset-requests": f"{math.ceil(self.reset)}s",
        }


class KeyRateLimiter:
    """Counts the requests of a key and of its account over a minute that begins with the first."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._counts = WindowCounts(_WINDOW, _MAX_SUBJECTS, clock)

    def count(self, who: Principal, defaults: UsageLimits) -> RequestRate | None:
        """Count a request: the nearer of the limits, None where there is none. Beyond it `remaining` is negative."""
        limits = {
            f"account:{who.id}": limit_of(who.account_limits, defaults, "requests_per_minute"),
            f"key:{who.key}": limit_of(who.key_limits, NO_LIMITS, "requests_per_minute"),
        }
        rates = [self._count(subject, limit) for subject, limit in limits.items() if limit is not None]
        return min(rates, key=lambda rate: rate.remaining, default=None)

    def _count(self, subject: str, limit: int) -> RequestRate:
        counted = self._counts.add(subject, 1)
        return RequestRate(limit=limit, remaining=limit - counted.number, reset=counted.seconds_left)


def count_request(request: Request, rates: KeyRateLimiter, who: Principal, defaults: UsageLimits) -> None:
    """Count a request, and leave the headers for its answer in its state. Raises RateLimitExceeded."""
    rate = rates.count(who, defaults)
    if rate is None:
        return
    request.state.answer_headers = rate.headers()
    if rate.remaining < 0:
        raise RateLimitExceeded(
            f"your key or account may send {rate.limit} requests a minute: wait {math.ceil(rate.reset)} s",
            retry_after=rate.reset,
        )


class AnswerHeadersMiddleware:
    """Adds the headers that a dependency left in `request.state.answer_headers`, to errors and files as well."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        state = scope.setdefault("state", {})

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in state.get("answer_headers", {}).items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, sending)
