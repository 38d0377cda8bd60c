"""Endpoints and deliveries in Postgres."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import kwargs_row

from pipeline.ledgers.database import Database
from pipeline.webhooks.endpoints import DeliveryState, WebhookDelivery, WebhookEndpoint

_ENDPOINT = """
SELECT id, account, name, url, event_types, secret, former_secret, former_until, created, updated, disabled,
       disabled_reason FROM webhook_endpoints
"""

_KEEP = """
INSERT INTO webhook_endpoints (id, account, name, url, event_types, secret, former_secret, former_until, created,
                               updated, disabled, disabled_reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url, event_types = excluded.event_types,
    secret = excluded.secret, former_secret = excluded.former_secret, former_until = excluded.former_until,
    updated = excluded.updated, disabled = excluded.disabled, disabled_reason = excluded.disabled_reason
"""

_DELIVERY_COLUMNS = """
d.id, d.endpoint, d.event_id, d.event_type, d.case_id, d.happened, d.state, d.queued, d.next_attempt, d.attempts,
d.last_attempt, d.response_status, d.error
"""

# What is taken is due again after a while, in case whoever took it dies. At most so many of one endpoint: one that
# hangs holds up no other. What another process looks at in this moment is passed over.
_TAKE = f"""
WITH due AS (
    SELECT d.id FROM webhook_endpoints e JOIN accounts a ON a.id = e.account AND NOT a.closed
    CROSS JOIN LATERAL (
        SELECT id FROM webhook_deliveries
        WHERE endpoint = e.id AND state = 'pending' AND next_attempt <= clock_timestamp()
        ORDER BY next_attempt LIMIT %(each)s FOR UPDATE SKIP LOCKED
    ) d
    WHERE e.disabled IS NULL AND e.id <> ALL(%(busy)s)
    LIMIT %(most)s
)
UPDATE webhook_deliveries d
SET attempts = attempts + 1, last_attempt = clock_timestamp(), next_attempt = clock_timestamp() + %(lease)s
FROM due WHERE d.id = due.id
RETURNING {_DELIVERY_COLUMNS}
"""  # noqa: S608 - constants

_DELIVERED = """
UPDATE webhook_deliveries SET state = 'delivered', response_status = %s, error = '' WHERE id = %s
"""
_FAILED = """
UPDATE webhook_deliveries SET state = %s, response_status = %s, error = %s, next_attempt = %s
WHERE id = %s AND state = 'pending'
"""
_REPLAY = """
UPDATE webhook_deliveries
SET state = 'pending', queued = clock_timestamp(), next_attempt = clock_timestamp(), attempts = 0
"""
_DISABLE = """
UPDATE webhook_endpoints SET disabled = clock_timestamp(), updated = clock_timestamp(), disabled_reason = %s
WHERE id = %s
"""
_DEAD_ON_DISABLING = """
UPDATE webhook_deliveries SET state = 'dead', error = %s WHERE endpoint = %s AND state = 'pending'
"""
_LIST = f"SELECT {_DELIVERY_COLUMNS} FROM webhook_deliveries d"  # noqa: S608 - constants
_FORGET = "DELETE FROM webhook_deliveries WHERE state <> 'pending' AND queued < clock_timestamp() - %s"


class PostgresWebhooks:
    """Endpoints, and the outbox that a trigger fills."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def save(self, one: WebhookEndpoint) -> None:
        """Keep an endpoint; one with the same id is replaced, but for its account."""
        values: list[Any] = [
            one.id,
            one.account,
            one.name,
            one.url,
            list(one.event_types),
            one.secret,
            one.former_secret,
        ]
        values += [one.former_until, one.created, one.updated, one.disabled, one.disabled_reason]
        with self._database.connection() as connection:
            connection.execute(_KEEP, values)

    def disable(self, endpoint_id: str, reason: str) -> None:
        """Send nothing more to an endpoint; what waits for it is given up."""
        with self._database.connection() as connection:
            connection.execute(_DISABLE, [reason, endpoint_id])
            connection.execute(_DEAD_ON_DISABLING, [reason, endpoint_id])

    def get(self, endpoint_id: str) -> WebhookEndpoint | None:
        """The endpoint with this id."""
        if "\x00" in endpoint_id:
            return None
        with self._database.connection() as connection:
            row = connection.execute(f"{_ENDPOINT} WHERE id = %s", [endpoint_id]).fetchone()
        return _endpoint(row) if row else None

    def of_account(self, account: str) -> Sequence[WebhookEndpoint]:
        """An account's endpoints, the oldest first."""
        with self._database.connection() as connection:
            rows = connection.execute(f"{_ENDPOINT} WHERE account = %s ORDER BY created, id", [account]).fetchall()
        return tuple(_endpoint(row) for row in rows)

    def remove(self, endpoint_id: str) -> None:
        """Forget an endpoint and its deliveries."""
        with self._database.connection() as connection:
            connection.execute("DELETE FROM webhook_endpoints WHERE id = %s", [endpoint_id])

    def take_due(
        self, *, most: int, each: int, busy: Collection[str], lease: timedelta
    ) -> Sequence[tuple[WebhookDelivery, WebhookEndpoint]]:
        """Up to `most` deliveries that are due, `each` of one endpoint, none of a busy one; nobody else gets them for
        as long as the lease lasts.
        """
        given = {"most": most, "each": each, "busy": list(busy), "lease": lease}
        with self._database.connection() as connection:
            with connection.cursor(row_factory=kwargs_row(_delivery)) as cursor:
                taken = cursor.execute(_TAKE, given).fetchall()
            wanted = list({one.endpoint for one in taken})
            rows = connection.execute(f"{_ENDPOINT} WHERE id = ANY(%s)", [wanted]).fetchall() if taken else []
        endpoints = {row[0]: _endpoint(row) for row in rows}
        return tuple((one, endpoints[one.endpoint]) for one in taken if one.endpoint in endpoints)

    def record_delivered(self, delivery: WebhookDelivery, status: int) -> None:
        """The receiver took it."""
        with self._database.connection() as connection:
            connection.execute(_DELIVERED, [status, delivery.id])

    def record_failure(
        self, delivery: WebhookDelivery, *, status: int | None, error: str, next_attempt: datetime | None
    ) -> None:
        """It did not; tried again at that time, or never where there is none."""
        state = DeliveryState.PENDING if next_attempt else DeliveryState.DEAD
        when = next_attempt or delivery.next_attempt
        with self._database.connection() as connection:
            connection.execute(_FAILED, [state.value, status, error, when, delivery.id])

    def deliveries(
        self, endpoint_id: str, *, state: DeliveryState | None = None, before: int | None = None, limit: int = 20
    ) -> Sequence[WebhookDelivery]:
        """Deliveries of an endpoint, the newest first; `before` is an id."""
        query = f"""{_LIST} WHERE d.endpoint = %(endpoint)s AND (%(state)s::text IS NULL OR d.state = %(state)s)
                    AND (%(before)s::bigint IS NULL OR d.id < %(before)s) ORDER BY d.id DESC LIMIT %(limit)s"""
        given = {"endpoint": endpoint_id, "state": state and state.value, "before": before, "limit": limit}
        with (
            self._database.connection() as connection,
            connection.cursor(row_factory=kwargs_row(_delivery)) as cursor,
        ):
            return tuple(cursor.execute(query, given).fetchall())

    def replay(self, endpoint_id: str, delivery_id: int) -> bool:
        """Queue a delivery anew. False if the endpoint has none with this id."""
        with self._database.connection() as connection:
            query = f"{_REPLAY} WHERE endpoint = %s AND id = %s"
            return connection.execute(query, [endpoint_id, delivery_id]).rowcount == 1

    def replay_dead(self, endpoint_id: str) -> int:
        """Queue all dead ones of an endpoint anew; returns how many."""
        with self._database.connection() as connection:
            return connection.execute(f"{_REPLAY} WHERE endpoint = %s AND state = 'dead'", [endpoint_id]).rowcount

    def forget_older_than(self, age: timedelta) -> int:
        """Delete what was delivered or given up so long ago; returns how many."""
        with self._database.connection() as connection:
            return connection.execute(_FORGET, [age]).rowcount


def _endpoint(row: Sequence[Any]) -> WebhookEndpoint:
    endpoint_id, account, name, url, event_types, secret, former_secret, former_until, *rest = row
    created, updated, disabled, disabled_reason = rest
    return WebhookEndpoint(
        id=endpoint_id,
        account=account,
        name=name,
        url=url,
        event_types=tuple(event_types),
        secret=secret,
        former_secret=former_secret,
        former_until=former_until,
        created=created,
        updated=updated,
        disabled=disabled,
        disabled_reason=disabled_reason,
    )


def _delivery(**row: Any) -> WebhookDelivery:
    return WebhookDelivery(**row | {"state": DeliveryState(row["state"])})
