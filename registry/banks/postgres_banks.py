"""Banks in Postgres: entries come, are quarantined, released and removed, and each change is kept with its maker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from core.errors import BadInput, NotFound
from registry.banks.bank_entries import BANK_KINDS, Bank, BankEntry, EntryChange, EntryState, Provenance, StoredEntry
from registry.table_cache import ConnectionProvider, RegistryConnection

_BATCH = 2000  # entries written at once
_BANKS = """
SELECT b.name, b.kind, e.state, count(e.key) FROM banks b LEFT JOIN bank_entries e ON e.bank = b.name
GROUP BY b.name, b.kind, e.state ORDER BY b.name COLLATE "C"
"""
_CREATE = "INSERT INTO banks (name, kind, created_by) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_ADD = """
WITH added AS (
    INSERT INTO bank_entries (bank, id, algorithm, bits, times, views, digest, state, tags)
    VALUES (%s, %s, %s, %s, %s, %s, %s, 'active', %s) ON CONFLICT DO NOTHING RETURNING key
)
INSERT INTO bank_changes (entry, change, by, source, reason) SELECT key, 'added', %s, %s, %s FROM added
"""
_MOVE = """
WITH moved AS (
    UPDATE bank_entries SET state = %s, compared = CASE WHEN %s THEN NULL ELSE compared END
    WHERE key = ANY(%s) AND state = ANY(%s) RETURNING key
)
INSERT INTO bank_changes (entry, change, by, source, reason) SELECT key, %s, %s, %s, %s FROM moved
"""
_ENTRIES = """
SELECT e.key, e.bank, b.kind, e.state, e.id, e.algorithm, e.bits, e.times, e.views, e.tags
FROM bank_entries e JOIN banks b ON b.name = e.bank
"""
_STATES: dict[str, tuple[EntryState, tuple[EntryState, ...], bool]] = {
    "removed": (EntryState.REMOVED, (EntryState.ACTIVE, EntryState.QUARANTINED), False),
    "restored": (EntryState.ACTIVE, (EntryState.REMOVED,), True),
    "quarantined": (EntryState.QUARANTINED, (EntryState.ACTIVE,), False),
    "released": (EntryState.ACTIVE, (EntryState.QUARANTINED,), True),
}
"""What each change makes of an entry, from which states, and whether it is compared with what is published again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedEntries:
    """How many entries were new, were there already, and had been removed before and stay so."""

    added: int
    known: int
    removed_before: int


class PostgresBanks:
    """All banks of an installation."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def banks(self) -> Sequence[Bank]:
        """Every bank by name, with how many entries it has in each state."""
        with self._connections.connection() as connection:
            rows = connection.execute(_BANKS).fetchall()
        counts: dict[tuple[str, str], dict[str, int]] = {}
        for name, kind, state, count in rows:
            counts.setdefault((name, kind), {}).update({state: count} if state else {})
        return tuple(Bank(name=name, kind=kind, entries=states) for (name, kind), states in counts.items())

    def bank(self, name: str) -> Bank:
        """One by name. Raises NotFound."""
        found = [bank for bank in self.banks() if bank.name == name]
        if not found:
            raise NotFound(f"there is no bank {name!r}")
        return found[0]

    def add(
        self,
        bank: Bank,
        entries: Iterable[BankEntry],
        made: Provenance,
        *,
        restore: bool = False,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> AddedEntries:
        """Bank entries, all or none; the bank is made where there is none of this name.

        What is there already is not changed; what was removed stays so unless `restore`. Raises BadInput where the
        bank is of another kind.
        """
        added = total = removed = 0
        with self._connections.connection() as connection:
            connection.execute(_CREATE, [bank.name, bank.kind, made.by])
            there = connection.execute("SELECT kind FROM banks WHERE name = %s", [bank.name]).fetchone()
            if there is None or there[0] != bank.kind:
                raise BadInput(f"the bank {bank.name} is of the kind {there and there[0]}, not {bank.kind}")
            for batch in _batches(entries):
                total += len(batch)
                added += self._insert(connection, bank.name, batch, made)
                gone = _removed_keys(connection, bank.name, batch)
                removed += len(gone)
                if restore:
                    self._move(connection, gone, "restored", made)
                progress(total)
        return AddedEntries(added=added, known=total - added - removed, removed_before=removed)

    def change(self, keys: Sequence[int], change: str, made: Provenance) -> int:
        """Record that entries are removed, restored, quarantined or released; how many it changed."""
        with self._connections.connection() as connection:
            return self._move(connection, keys, change, made)

    def entries(
        self,
        *,
        bank: str = "",
        known_id: str = "",
        states: Sequence[EntryState] = tuple(EntryState),
        keys: Sequence[int] = (),
        limit: int | None = None,
    ) -> Sequence[StoredEntry]:
        """Entries in the order in which they came; of one bank, one id or these keys where that is given."""
        query = (
            f"{_ENTRIES} WHERE (%s = '' OR e.bank = %s) AND (%s = '' OR e.id = %s) AND e.state = ANY(%s)"
            " AND (cardinality(%s::bigint[]) = 0 OR e.key = ANY(%s)) ORDER BY e.key LIMIT %s"
        )
        wanted = [bank, bank, known_id, known_id, [state.value for state in states], list(keys), list(keys), limit]
        with self._connections.connection() as connection:
            return [_stored(row) for row in connection.execute(query, wanted).fetchall()]

    def history(self, key: int) -> Sequence[EntryChange]:
        """Everything that was done to an entry, in order."""
        query = "SELECT entry, change, at, by, source, reason FROM bank_changes WHERE entry = %s ORDER BY key"
        with self._connections.connection() as connection:
            rows = connection.execute(query, [key]).fetchall()
        return [
            EntryChange(key=entry, change=change, at=at, by=by, source=source, reason=reason)
            for entry, change, at, by, source, reason in rows
        ]

    def _insert(self, connection: RegistryConnection, bank: str, batch: Sequence[BankEntry], made: Provenance) -> int:
        rows = [
            [
                *(bank, one.id, one.algorithm, one.bits, list(one.times), list(one.views), one.digest, list(one.tags)),
                *(made.by, one.source or made.source, one.reason or made.reason),
            ]
            for one in batch
        ]
        with connection.cursor() as cursor:
            cursor.executemany(_ADD, rows)
            return max(0, cursor.rowcount)

    def _move(self, connection: RegistryConnection, keys: Sequence[int], change: str, made: Provenance) -> int:
        state, before, again = _STATES[change]
        values: list[Any] = [state.value, again, list(keys), [one.value for one in before]]
        return connection.execute(_MOVE, [*values, change, made.by, made.source, made.reason]).rowcount


def default_bank(kind: str) -> Bank:
    """The bank of a kind that is there from the beginning: it is named as the kind. Raises BadInput."""
    if kind not in BANK_KINDS:
        raise BadInput(f"{kind!r} is no kind of bank: one of {', '.join(BANK_KINDS)}")
    return Bank(name=kind, kind=kind)


def active_entries(connection: RegistryConnection) -> Sequence[StoredEntry]:
    """Every entry that decides."""
    return stored_entries(connection, " WHERE e.state = 'active' ORDER BY e.key")


def stored_entries(connection: RegistryConnection, where: str, values: Sequence[object] = ()) -> list[StoredEntry]:
    """Those of a condition on bank_entries `e` and banks `b`, with what it is given."""
    return [_stored(row) for row in connection.execute(_ENTRIES + where, values).fetchall()]


def _removed_keys(connection: RegistryConnection, bank: str, batch: Sequence[BankEntry]) -> list[int]:
    query = """
    SELECT DISTINCT e.key FROM bank_entries e
    JOIN unnest(%s::text[], %s::text[], %s::text[]) AS n(id, algorithm, digest) USING (id, algorithm, digest)
    WHERE e.bank = %s AND e.state = 'removed'
    """
    columns = [[one.id for one in batch], [one.algorithm for one in batch], [one.digest for one in batch]]
    return [row[0] for row in connection.execute(query, [*columns, bank]).fetchall()]


def _stored(row: Sequence[Any]) -> StoredEntry:
    key, bank, kind, state, known_id, algorithm, bits, times, views, tags = row
    entry = BankEntry(
        id=known_id, algorithm=algorithm, bits=bits, times=tuple(times), views=tuple(views), tags=tuple(tags)
    )
    return StoredEntry(key=key, bank=bank, kind=kind, state=EntryState(state), entry=entry)


def _batches(entries: Iterable[BankEntry]) -> Iterator[Sequence[BankEntry]]:
    rest = iter(entries)
    while batch := list(islice(rest, _BATCH)):
        yield batch
