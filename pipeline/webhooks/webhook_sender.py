"""Sends what is due, in a thread with an event loop of its own: a receiver that hangs holds up nothing else.

At least once: a delivery that was taken by a process that died is due again when its lease is over, with the same
`webhook-id`. What fails is tried again for a day, less and less often.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event
from time import monotonic

import anyio
from anyio import to_thread

from core.errors import Unavailable
from pipeline.webhooks.endpoints import WebhookDelivery, WebhookEndpoint
from pipeline.webhooks.postgres_webhooks import PostgresWebhooks
from pipeline.webhooks.signing import sign_message
from pipeline.webhooks.webhook_client import PostResult, WebhookClient

log = logging.getLogger("assay.webhooks")

_AT_ONCE, _AT_ONCE_EACH = 16, 2  # deliveries under way in this process, and to one endpoint
_LEASE = timedelta(seconds=45)  # beyond the client's timeout
_POLL, _GRACE = 0.5, 5.0  # seconds between looks at the table; for what is under way when it stops
_GROWTH = 3.0
_MAX_DELAY = timedelta(hours=6)
_FORGET_EVERY = 3600.0  # seconds
_GONE = 410

DISABLED_BY_GONE = "the receiver answered 410 (gone)"


@dataclass(frozen=True, kw_only=True)
class RetrySchedule:
    """When a delivery that failed is tried again: after `first`, then three times as long each time, six hours at most;
    given up once it was queued `give_up_after` ago.
    """

    first: timedelta = timedelta(seconds=5)
    give_up_after: timedelta = timedelta(days=1)

    def next_attempt(
        self, delivery: WebhookDelivery, now: datetime, *, retry_after: float | None, spread: float = 0.0
    ) -> datetime | None:
        """The time, or None where it is given up. `spread` in [-1, 1] shifts it by up to a tenth."""
        delay = min(self.first * _GROWTH ** min(delivery.attempts - 1, 20), _MAX_DELAY) * (1 + spread / 10)
        delay = max(delay, min(timedelta(seconds=retry_after or 0), _MAX_DELAY))
        at = now + delay
        return at if at <= delivery.queued + self.give_up_after else None


@dataclass(kw_only=True)
class WebhookSender:
    """`run_forever` sends until it is told to stop."""

    webhooks: PostgresWebhooks
    client: WebhookClient
    schedule: RetrySchedule = field(default_factory=RetrySchedule)
    keep: timedelta = timedelta(days=30)
    _under_way: Counter[str] = field(default_factory=Counter, init=False)

    def run_forever(self, stop: Event) -> None:
        """Send until `stop` is set. What is under way then has five seconds; the rest is sent by whoever comes next.

        A database that is away is waited for.
        """
        anyio.run(self._run, stop)

    async def _run(self, stop: Event) -> None:
        away, next_forget = 0, 0.0
        async with anyio.create_task_group() as group:
            while not stop.is_set():
                try:
                    if monotonic() >= next_forget:
                        await to_thread.run_sync(self.webhooks.forget_older_than, self.keep)
                        next_forget = monotonic() + _FORGET_EVERY
                    taken = await self._take()
                    away = 0
                except Exception as error:
                    away, taken = away + 1, ()
                    known = isinstance(error, Unavailable)
                    log.warning("webhooks wait: %s", error if known else type(error).__name__, exc_info=not known)
                for delivery, endpoint in taken:
                    self._under_way[endpoint.id] += 1
                    group.start_soon(self._deliver, delivery, endpoint)
                if not taken:
                    await _pause(stop, min(_POLL * 2.0 ** min(away, 6), 30.0))
            with anyio.move_on_after(_GRACE):
                while self._under_way.total():
                    await anyio.sleep(0.05)
            group.cancel_scope.cancel()

    async def _take(self) -> Sequence[tuple[WebhookDelivery, WebhookEndpoint]]:
        free = _AT_ONCE - self._under_way.total()
        if free <= 0:
            return ()
        busy = [endpoint for endpoint, count in self._under_way.items() if count >= _AT_ONCE_EACH]
        take = partial(self.webhooks.take_due, most=free, each=_AT_ONCE_EACH, busy=busy, lease=_LEASE)
        return await to_thread.run_sync(take)

    async def _deliver(self, delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> None:
        try:
            now = datetime.now(UTC)
            message = sign_message(
                event_id=delivery.event_id,
                event_type=delivery.event_type,
                case_id=delivery.case_id,
                happened=delivery.happened,
                secrets=endpoint.signing_secrets(now),
                now=now,
            )
            result = await self.client.post(endpoint.url, message)
            await to_thread.run_sync(self._record, delivery, endpoint, result)
        except Exception as error:  # noqa: BLE001 - it is due again when its lease is over, and the others go on
            log.warning("a delivery is not recorded: %s", type(error).__name__, extra={"delivery": delivery.id})
        finally:
            self._under_way[endpoint.id] -= 1
            self._under_way += Counter()  # forget those at zero

    def _record(self, delivery: WebhookDelivery, endpoint: WebhookEndpoint, result: PostResult) -> None:
        if result.ok and result.status is not None:
            self.webhooks.record_delivered(delivery, result.status)
            return
        now = datetime.now(UTC)
        if result.status == _GONE:
            self.webhooks.record_failure(delivery, status=_GONE, error=result.error, next_attempt=None)
            self.webhooks.disable(endpoint.id, DISABLED_BY_GONE)
            log.warning("an endpoint is disabled: %s", DISABLED_BY_GONE, extra={"endpoint": endpoint.id})
            return
        spread = random.uniform(-1, 1)  # noqa: S311 - so that what failed together is not tried together
        again = self.schedule.next_attempt(delivery, now, retry_after=result.retry_after, spread=spread)
        self.webhooks.record_failure(delivery, status=result.status, error=result.error, next_attempt=again)
        if again is None:
            log.warning("a webhook was given up: %s", result.error, extra={"endpoint": endpoint.id})


async def _pause(stop: Event, seconds: float) -> None:
    """Wait, but not past a stop."""
    until = monotonic() + seconds
    while not stop.is_set() and (left := until - monotonic()) > 0:
        await anyio.sleep(min(0.25, left))
