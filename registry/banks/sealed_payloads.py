"""The payloads of all marks that this installation issued, from the ledger: damaged marks are matched against them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock

from registry.table_cache import ConnectionProvider

MAX_PAYLOADS = 100_000  # the newest payloads that a damaged mark is matched against: bounds time and false alarms
"""Payloads in memory, the newest first: comparing a mark with more takes too long."""
_OVERLAP = timedelta(minutes=2)  # an event's time is taken before its transaction ends, which it does within 30 s
_NEW = """
SELECT payload, at FROM sealed_videos WHERE payload ~ '^[0-9a-f]{24}$' AND at > %s ORDER BY at DESC LIMIT %s
"""


class SealedPayloads:
    """The payloads (hex) of what was sealed. The first question reads all of them; later ones what is new."""

    def __init__(self, connections: ConnectionProvider, *, most: int = MAX_PAYLOADS) -> None:
        """The ledger's tables are there: the migrations made them."""
        self._connections, self._most = connections, most
        self._lock = Lock()
        self._since = datetime(2000, 1, 1, tzinfo=UTC)
        self._payloads: tuple[str, ...] = ()

    def newest_first(self) -> Sequence[str]:
        """The payloads, the newest first. Raises Unavailable."""
        with self._lock:
            with self._connections.connection() as connection:
                rows = connection.execute(_NEW, [self._since - _OVERLAP, self._most]).fetchall()
            if rows:
                self._since = max(self._since, rows[0][1])
                newest = (row[0] for row in rows)
                self._payloads = tuple(dict.fromkeys((*newest, *self._payloads)))[: self._most]
            return self._payloads
