"""What entries of banks did: how often each was found lately, and which published videos they are in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from media.arrays import BitArray
from media.lookup.bank_hashes import FrameViews
from registry.banks.bank_entries import StoredEntry
from registry.banks.postgres_banks import stored_entries
from registry.table_cache import ConnectionProvider

_FIRED = """
SELECT entry, count(DISTINCT coalesce(nullif(end_user, ''), case_id)) FROM bank_evidence
WHERE at > %s GROUP BY entry HAVING count(DISTINCT coalesce(nullif(end_user, ''), case_id)) >= %s
"""
_LOOKED_AT = "SELECT count(DISTINCT case_id) FROM measurements WHERE at > %s AND subject IN ('video', 'reference')"
_DUE = " WHERE e.compared IS NULL AND e.state = 'active' AND e.algorithm IN ('pdq', 'vpdq') ORDER BY e.key LIMIT %s"
_RECENT = """
 WHERE e.state = 'active' AND e.algorithm IN ('pdq', 'vpdq') AND e.compared IS NOT NULL
   AND EXISTS (SELECT FROM bank_changes c WHERE c.entry = e.key AND c.change <> 'removed' AND c.at > %s) ORDER BY e.key
"""
_PUBLISHED = """
SELECT v.case_id, v.fingerprint FROM sealed_videos v JOIN case_requests c ON c.case_id = v.case_id
WHERE c.phase IN ('sealed', 'published') AND v.case_id > %s ORDER BY v.case_id, v.revision LIMIT %s
"""
_NEWLY_SEALED = """
SELECT v.case_id, v.fingerprint, v.at FROM sealed_videos v JOIN case_requests c ON c.case_id = v.case_id
WHERE c.phase IN ('sealed', 'published') AND v.at > %s ORDER BY v.at
"""
_MATCHES = """
SELECT m.key, e.bank, b.kind, e.id, m.entry, m.case_id, m.found, m.score, m.seconds, m.rules, m.state, m.decided_by,
       m.decided, m.code
FROM bank_matches m JOIN bank_entries e ON e.key = m.entry JOIN banks b ON b.name = e.bank
"""
_NOTE = """
INSERT INTO bank_matches (entry, case_id, score, seconds, rules, state, decided, decided_by)
VALUES (%s, %s, %s, %s, %s, %s, CASE %s WHEN 'open' THEN NULL ELSE clock_timestamp() END, %s) ON CONFLICT DO NOTHING
"""
_PAGE = 500
_MIN_QUALITY = 50
_ODD = (np.arange(16) % 2 == 1).astype(np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedMatch:
    """A published video in which an entry is, by the hashes of its seconds; open, recalled, noted, kept or false.

    `code` says why it was answered so, where somebody did; it is of a closed list.
    """

    key: int
    bank: str
    kind: str
    id: str
    entry: int
    case_id: str
    found: datetime
    score: float
    seconds: tuple[int, ...]
    rules: tuple[str, ...]
    state: str
    decided_by: str
    decided: datetime | None = None
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFrames:
    """How a sealed video looks, one frame a second; `seconds` says which."""

    case_id: str
    frames: tuple[FrameViews, ...]
    seconds: tuple[int, ...]


class BankActivity:
    """Over the tables of the banks and what the ledger shows of cases."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def fired(self, since: datetime, *, least: int) -> tuple[dict[int, int], int]:
        """How often each entry was found since then, if it was at least so often; and how many cases were looked at.

        Each end user counts once, and each case of an account that names none.
        """
        with self._connections.connection() as connection:
            counts: dict[int, int] = dict(connection.execute(_FIRED, [since, least]).fetchall())
            row = connection.execute(_LOOKED_AT, [since]).fetchone() if counts else None
        return counts, row[0] if row else 0

    def due(self, limit: int) -> Sequence[StoredEntry]:
        """Entries that were not yet compared with what is published, the first first."""
        with self._connections.connection() as connection:
            return stored_entries(connection, _DUE, [limit])

    def recent(self, since: datetime) -> Sequence[StoredEntry]:
        """Entries that came, came back or were released since then, and were compared with what was published."""
        with self._connections.connection() as connection:
            return stored_entries(connection, _RECENT, [since])

    def harmless(self) -> Sequence[StoredEntry]:
        """Entries of banks of harmless footage, which take hits of others away."""
        where = (
            " WHERE b.kind = 'known_harmless' AND e.state = 'active' AND e.algorithm IN ('pdq', 'vpdq') ORDER BY e.key"
        )
        with self._connections.connection() as connection:
            return stored_entries(connection, where)

    def compared(self, keys: Sequence[int]) -> None:
        """These entries were compared with everything that is published."""
        with self._connections.connection() as connection:
            connection.execute("UPDATE bank_entries SET compared = clock_timestamp() WHERE key = ANY(%s)", [list(keys)])

    def published(self) -> Iterator[SealedFrames]:
        """Every video that is sealed or published, page by page."""
        after = ""
        while True:
            with self._connections.connection() as connection:
                rows = connection.execute(_PUBLISHED, [after, _PAGE]).fetchall()
            yield from (_sealed_frames(case_id, written) for case_id, written in rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def newly_sealed(self, *, overlap: timedelta) -> tuple[Sequence[SealedFrames], datetime | None]:
        """What was sealed since the time last remembered, and when the last of it was; None where nothing was."""
        query = "SELECT at FROM bank_progress WHERE name = 'sealed'"
        with self._connections.connection() as connection:
            row = connection.execute(query).fetchone()
            since = row[0] - overlap if row else datetime.fromisoformat("2000-01-01T00:00:00+00:00")
            rows = connection.execute(_NEWLY_SEALED, [since]).fetchall()
        return [_sealed_frames(case_id, written) for case_id, written, _ in rows], rows[-1][2] if rows else None

    def remember(self, at: datetime) -> None:
        """What was sealed until then was compared with what came to the banks lately."""
        query = "INSERT INTO bank_progress VALUES ('sealed', %s) ON CONFLICT (name) DO UPDATE SET at = excluded.at"
        with self._connections.connection() as connection:
            connection.execute(query, [at])

    def known_match(self, entry: int, case_id: str) -> bool:
        """Whether this match was noted before."""
        query = "SELECT 1 FROM bank_matches WHERE entry = %s AND case_id = %s"
        with self._connections.connection() as connection:
            return connection.execute(query, [entry, case_id]).fetchone() is not None

    def note(
        self,
        entry: int,
        case_id: str,
        *,
        score: float,
        seconds: Sequence[int],
        rules: Sequence[str],
        state: str,
        by: str,
    ) -> None:
        """Note a match, once."""
        values = [entry, case_id, score, list(seconds), list(rules), state, state, by if state != "open" else ""]
        with self._connections.connection() as connection:
            connection.execute(_NOTE, values)

    def matches(self, *, only_open: bool = False, key: int = 0) -> Sequence[PublishedMatch]:
        """Matches in the order in which they were found; one, where its key is given."""
        where = " WHERE (NOT %s OR m.state = 'open') AND (%s = 0 OR m.key = %s) ORDER BY m.key"
        with self._connections.connection() as connection:
            rows = connection.execute(_MATCHES + where, [only_open, key, key]).fetchall()
        names = PublishedMatch.__slots__
        return [
            PublishedMatch(**dict(zip(names, (*row[:8], tuple(row[8]), tuple(row[9]), *row[10:]), strict=True)))
            for row in rows
        ]

    def count_false(self, entry: int) -> int:
        """How often a person said that what this entry matched was something else."""
        query = "SELECT count(*) FROM bank_matches WHERE entry = %s AND state = 'false'"
        with self._connections.connection() as connection:
            row = connection.execute(query, [entry]).fetchone()
        return int(row[0]) if row else 0

    def decide(self, key: int, state: str, by: str, *, code: str = "") -> bool:
        """Close an open match as recalled, kept or false; whether it was open."""
        query = (
            "UPDATE bank_matches SET state = %s, decided = clock_timestamp(), decided_by = %s, code = %s"
            " WHERE key = %s AND state = 'open'"
        )
        with self._connections.connection() as connection:
            return connection.execute(query, [state, by, code, key]).rowcount > 0


def flipped_views(bits: bytes) -> BitArray:
    """(4, 32): a PDQ hash, and nearly those of the picture mirrored, upside down and turned by a half.

    Mirroring changes the sign of every second frequency, which is above the median then where it was below; the median
    is not quite zero, so some 6 of 256 bits differ from the hash of the mirrored picture itself.
    """
    square = np.unpackbits(np.frombuffer(bits, np.uint8)).reshape(16, 16)
    flips = (square, square ^ _ODD[None, :], square ^ _ODD[:, None], square ^ _ODD[None, :] ^ _ODD[:, None])
    return np.packbits(np.stack(flips).reshape(4, 256), axis=1)


def _sealed_frames(case_id: str, written: Sequence[object] | None) -> SealedFrames:
    frames, seconds = [], []
    for entry in written or ():
        second, bits, quality = str(entry).split(":")
        if int(quality) >= _MIN_QUALITY:
            frames.append(FrameViews(pdq=flipped_views(bytes.fromhex(bits))))
            seconds.append(int(second))
    return SealedFrames(case_id=case_id, frames=tuple(frames), seconds=tuple(seconds))
