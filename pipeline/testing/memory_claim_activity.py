"""What was sent from where, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock


@dataclass(frozen=True, slots=True)
class _Row:
    key: str
    claim: str
    what: str
    rule: str
    at: datetime
    size: int = 0


class MemoryClaimActivity:
    """The ClaimActivityStore in memory."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._lock = Lock()

    def take(self, key: str, now: datetime, *, most: int, since: datetime) -> datetime | None:
        """As ClaimActivityStore.take."""
        with self._lock:
            came = [row.at for row in self._rows if (row.key, row.what) == (key, "came") and row.at > since]
            full = len(came) >= most
            self._rows.append(_Row(key, "", "turned_away" if full else "came", "", now))
            return min(came) if full else None

    def take_room(self, key: str, size: int, now: datetime, *, most: int, since: datetime) -> bool:
        """As ClaimActivityStore.take_room."""
        with self._lock:
            kept = sum(row.size for row in self._rows if (row.key, row.what) == (key, "proof") and row.at > since)
            has_room = kept + size <= most
            if has_room:
                self._rows.append(_Row(key, "", "proof", "", now, size))
            return has_room

    def count(self, key: str, what: str, since: datetime) -> int:
        """As ClaimActivityStore.count."""
        return sum((row.key, row.what) == (key, what) and row.at > since for row in self._rows)

    def note(self, keys: Sequence[str], claim: str, what: str, now: datetime, *, rule: str = "") -> None:
        """As ClaimActivityStore.note."""
        with self._lock:
            there = {(row.key, row.claim, row.what) for row in self._rows if row.what in ("sender", "rejected")}
            self._rows += [_Row(key, claim, what, rule, now) for key in keys if (key, claim, what) not in there]

    def senders(self, claim: str) -> Sequence[str]:
        """As ClaimActivityStore.senders."""
        return [row.key for row in self._rows if (row.claim, row.what) == (claim, "sender")]

    def guards(self, claims: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """As ClaimActivityStore.guards."""
        return {
            row.claim: (row.what, row.rule)
            for row in self._rows
            if row.claim in claims and row.what in ("behind", "proof_first")
        }

    def remove(self, claim: str, what: Sequence[str]) -> None:
        """As ClaimActivityStore.remove."""
        with self._lock:
            self._rows = [row for row in self._rows if row.claim != claim or row.what not in what]

    def delete_before(self, before: datetime) -> int:
        """As ClaimActivityStore.delete_before."""
        with self._lock:
            kept = [row for row in self._rows if row.at >= before]
            gone, self._rows = len(self._rows) - len(kept), kept
            return gone

    def totals(self, since: datetime) -> Mapping[str, int]:
        """As ClaimActivityStore.totals."""
        seen = {(row.what, row.claim or str(place)) for place, row in enumerate(self._rows) if row.at > since}
        return Counter(what for what, _ in seen)
