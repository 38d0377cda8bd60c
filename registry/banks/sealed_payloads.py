"""The payloads of the marks that this installation issued: damaged marks are matched against the newest of them.

A mark that can be read names its case and needs no list. One that cannot is compared with every payload of a list,
which costs time and certainty for each, so that the list is a window: how far back it reaches is part of what is found.
What is older is looked for among the payloads of given cases, as of those that a file looks like.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from threading import Lock

from registry.table_cache import ConnectionProvider

MAX_PAYLOADS = 100_000
"""Payloads of the window unless the settings say otherwise: comparing a mark with so many takes half a second."""

_PAYLOAD_BYTES = 12
_OVERLAP_SECONDS = 120  # an event's time is taken before its transaction ends, which it does within 30 s
_NEW = "SELECT payload, at FROM issued_payloads WHERE at > %s ORDER BY at DESC, payload DESC LIMIT %s"
_OF_CASES = "SELECT encode(payload, 'hex') FROM issued_payloads WHERE case_id = ANY(%s) ORDER BY at DESC, payload DESC"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedWindow:
    """Payloads (hex), the newest first. `since` is when the oldest of them was issued; None where there is no older."""

    payloads: tuple[str, ...] = ()
    since: datetime | None = None


class SealedPayloads:
    """The payloads of what was sealed, twenty bytes of memory each. Each question reads what is new."""

    def __init__(self, connections: ConnectionProvider, *, most: int = MAX_PAYLOADS) -> None:
        """`most` payloads are held. The ledger's tables are there: the migrations made them."""
        self._connections, self._most = connections, most
        self._lock = Lock()
        self._payloads = b""  # the newest first, as the times
        self._times = array("d")
        self._older = False

    def window(self) -> IssuedWindow:
        """The newest payloads. Raises Unavailable."""
        with self._lock:
            self._take_in()
            written, oldest = self._payloads.hex(), self._times[-1] if self._older else None
        since = None if oldest is None else datetime.fromtimestamp(oldest, UTC)
        payloads = (written[at : at + 2 * _PAYLOAD_BYTES] for at in range(0, len(written), 2 * _PAYLOAD_BYTES))
        return IssuedWindow(payloads=tuple(dict.fromkeys(payloads)), since=since)

    def of_cases(self, case_ids: Sequence[str]) -> tuple[str, ...]:
        """The payloads of these cases, however old, the newest first. Raises Unavailable."""
        with self._connections.connection() as connection:
            return tuple(row[0] for row in connection.execute(_OF_CASES, [list(case_ids)]).fetchall())

    def _take_in(self) -> None:
        """What is later than a little before the newest is read again, and takes the place of what was known of it."""
        after = int(self._times[0] if self._times else 0.0) - _OVERLAP_SECONDS
        with self._connections.connection() as connection:
            rows = connection.execute(_NEW, [datetime.fromtimestamp(after, UTC), self._most + 1]).fetchall()
        kept = sum(1 for _ in takewhile(lambda at: at > after, self._times))
        times = array("d", (at.timestamp() for _, at in rows)) + self._times[kept:]
        payloads = b"".join(payload for payload, _ in rows) + self._payloads[kept * _PAYLOAD_BYTES :]
        self._older = self._older or len(times) > self._most
        self._times, self._payloads = times[: self._most], payloads[: self._most * _PAYLOAD_BYTES]
