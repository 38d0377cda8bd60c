"""The banks as classifiers ask them: pictures, videos and sounds that are not to be shown, or only after a look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from media.arrays import BitArray
from media.lookup.bank_hashes import BankHit, FrameViews
from registry.banks.bank_entries import BankEntry, EntryState, Provenance, StoredEntry
from registry.banks.bank_matching import BankIndex
from registry.banks.hamming_index import HammingIndex, KnownHash
from registry.banks.postgres_banks import PostgresBanks, active_entries, default_bank
from registry.table_cache import CachedTable, ConnectionProvider


class _Searched:
    """A state of all banks as it is searched; pictures are kept apart for `nearest`, which videos need not."""

    def __init__(self, entries: Sequence[StoredEntry]) -> None:
        self.index = BankIndex(entries)
        self.pictures = HammingIndex(
            KnownHash(id=one.entry.id, kind=one.kind, algorithm=one.entry.algorithm, bits=one.entry.bits)
            for one in entries
            if one.entry.algorithm in ("phash", "pdq") and len(one.entry.times) == 1
        )


class _SearchedBanks:
    """What both kinds of banks answer, over the state that they are in."""

    def __init__(self, state: Callable[[], _Searched]) -> None:
        self._state = state

    @property
    def size(self) -> int:
        """How many entries decide."""
        return self._state().index.size

    @property
    def has_sounds(self) -> bool:
        """Whether any sound is banked: if not, none need be looked up."""
        return self._state().index.has_sounds

    def nearest(self, algorithm: str, bits: bytes, *, kind: str) -> tuple[str, str, int] | None:
        """(id, kind, Hamming distance) of the nearest hash of a whole picture, or None. Raises Unavailable."""
        return self._state().pictures.nearest(algorithm, bits, kind=kind)

    def frame_hits(self, frames: Sequence[FrameViews]) -> Sequence[BankHit]:
        """Every entry in which one of these frames is, or several are; the best first. Raises Unavailable."""
        return self._state().index.frame_hits(frames)

    def sound_hits(self, hashes: BitArray, seconds: Sequence[int]) -> Sequence[BankHit]:
        """Every entry in which this sound is: hashes (n, 32) and the second of each. Raises Unavailable."""
        return self._state().index.sound_hits(hashes, seconds)


class PostgresHashBank(_SearchedBanks):
    """Banks in Postgres, searched in memory. What was added is found by the very next search, anywhere."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self.banks = PostgresBanks(connections)
        super().__init__(CachedTable(connections, "bank_entries", lambda at: _Searched(active_entries(at))))

    def add(self, hashes: Iterable[KnownHash], made: Provenance | None = None) -> None:
        """Add hashes of pictures to the bank of their kind, all or none. One that exists already is not changed."""
        made = made or Provenance(by="assay")
        for kind, entries in _by_kind(hashes).items():
            self.banks.add(default_bank(kind), entries, made, restore=True)

    def remove(self, known_id: str, made: Provenance | None = None) -> int:
        """Take everything with this id out of the banks; returns how many there were. The record is kept."""
        left = self.banks.entries(known_id=known_id, states=(EntryState.ACTIVE, EntryState.QUARANTINED))
        return self.banks.change([one.key for one in left], "removed", made or Provenance(by="assay"))


class MemoryHashBank(_SearchedBanks):
    """The same in memory: over an empty one classifiers are built to ask them what they need (assay doctor)."""

    def __init__(self, entries: Sequence[StoredEntry] = ()) -> None:
        self._known = {(one.kind, one.entry.id, one.entry.digest): one for one in entries}
        self._searched = _Searched(entries)
        super().__init__(lambda: self._searched)

    def add(self, hashes: Iterable[KnownHash]) -> None:
        """See PostgresHashBank."""
        for kind, entries in _by_kind(hashes).items():
            for entry in entries:
                key = len(self._known) + 1
                self._known.setdefault(
                    (kind, entry.id, entry.digest),
                    StoredEntry(key=key, bank=kind, kind=kind, state=EntryState.ACTIVE, entry=entry),
                )
        self._searched = _Searched(tuple(self._known.values()))

    def remove(self, known_id: str) -> int:
        """See PostgresHashBank."""
        before = len(self._known)
        self._known = {key: one for key, one in self._known.items() if one.entry.id != known_id}
        self._searched = _Searched(tuple(self._known.values()))
        return before - len(self._known)


def _by_kind(hashes: Iterable[KnownHash]) -> dict[str, list[BankEntry]]:
    found: dict[str, list[BankEntry]] = {}
    for one in hashes:
        found.setdefault(one.kind, []).append(BankEntry(id=one.id, algorithm=one.algorithm, bits=one.bits))
    return found
