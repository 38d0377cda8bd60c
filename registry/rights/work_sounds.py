"""Example sounds of registered works: a fingerprint of each second, and a small copy for those who have to listen.

Both are encrypted under a key of the work: destroying it (PostgresWorkImages.destroy) erases these too. Fingerprints
are compared as banks compare sound.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import BadInput, NotFound, Unavailable
from registry.banks.bank_entries import BankEntry, EntryState, StoredEntry
from registry.banks.bank_matching import BankIndex
from registry.rights.registered_works import RegisteredWork
from registry.rights.work_images import WorkKeyStore, open_for_work, seal_for_work, work_key_name
from registry.table_cache import CachedTable, ConnectionProvider, RegistryConnection

MAX_WORK_SOUNDS = 20  # of one work
MAX_SOUND_NAME = 100
_ALL = "SELECT id, work, sealed, added_by, added FROM work_sounds ORDER BY added, id"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSound:
    """That there is an example sound: what its holder calls it, and how many of its seconds are compared."""

    id: str
    work: str
    name: str
    seconds: int
    added_by: str
    added: datetime


@dataclass(frozen=True, slots=True)
class _Kept:
    sound: WorkSound
    entry: BankEntry


class PostgresWorkSounds:
    """Sounds in Postgres. What was added is compared with in the very next video, anywhere."""

    def __init__(
        self, connections: ConnectionProvider, keys: WorkKeyStore, works: Callable[[], tuple[RegisteredWork, ...]]
    ) -> None:
        """The table is there: the migrations made it. `works` gives all, the same object until they change."""
        self._connections, self._keys, self._works = connections, keys, works
        self._kept = CachedTable(connections, "work_sounds", self._read)
        self._lock = Lock()
        self._seen: tuple[object, object] | None = None
        self._index = BankIndex(())

    def add(
        self, work: str, name: str, hashes: Sequence[tuple[int, bytes]], *, added_by: str, recording: bytes = b""
    ) -> WorkSound:
        """Keep the fingerprint of a sound: (second, 32 bytes) of each second that can be told from others.

        `recording` is the encoded copy that is listened to.

        Raises BadInput for a work that is full, NotFound for one that is not registered, Unavailable without a key.
        """
        sound = f"worksound_{secrets.token_hex(8)}"
        entry = _entry(sound, [second for second, _ in hashes], b"".join(bits for _, bits in hashes))
        plain = json.dumps({"name": name, "seconds": entry.times}).encode() + b"\n" + entry.bits
        cipher = AESGCM(self._keys.make(work_key_name(work)))
        sealed = seal_for_work(cipher, plain, f"sound {sound}")
        with self._connections.connection() as connection:
            # The work's row stays locked until the end: of two who add at once, the second counts what the first added.
            if connection.execute("SELECT 1 FROM works WHERE id = %s FOR UPDATE", [work]).fetchone() is None:
                raise NotFound(f"no work {work} is registered")
            row = connection.execute("SELECT count(*) FROM work_sounds WHERE work = %s", [work]).fetchone()
            if row is None or row[0] >= MAX_WORK_SOUNDS:
                raise BadInput(f"a work has at most {MAX_WORK_SOUNDS} example sounds: remove one first")
            added = connection.execute(
                "INSERT INTO work_sounds (id, work, seconds, sealed, added_by) VALUES (%s, %s, %s, %s, %s) "
                "RETURNING added",
                [sound, work, len(entry.times), sealed, added_by],
            ).fetchone()
            if recording:
                kept = [sound, seal_for_work(cipher, recording, f"recording {sound}")]
                connection.execute("INSERT INTO work_recordings (sound, sealed) VALUES (%s, %s)", kept)
        if added is None:
            raise Unavailable("the sound was not kept")
        return WorkSound(id=sound, work=work, name=name, seconds=len(entry.times), added_by=added_by, added=added[0])

    def list(self, work: str) -> Sequence[WorkSound]:
        """Every example sound of a work, the oldest first. Raises Unavailable."""
        return [one.sound for one in self._kept() if one.sound.work == work]

    def recording(self, work: str, sound: str) -> bytes:
        """The copy that is listened to. Raises NotFound where there is none: it was removed, erased, or added before
        copies were kept; and Unavailable."""
        query = "SELECT r.sealed FROM work_recordings r, work_sounds s WHERE s.id = sound AND s.id = %s AND s.work = %s"
        with self._connections.connection() as connection:
            row = connection.execute(query, [sound, work]).fetchone()
        if row is None:
            raise NotFound("of this sound there is nothing to listen to")
        return open_for_work(AESGCM(self._keys.get(work_key_name(work))), bytes(row[0]), f"recording {sound}")

    def heard(self, sounds: Sequence[str]) -> frozenset[str]:
        """Those of these sounds that can be listened to."""
        query = "SELECT sound FROM work_recordings WHERE sound = ANY(%s)"
        with self._connections.connection() as connection:
            return frozenset(row[0] for row in connection.execute(query, [list(sounds)]).fetchall())

    def remove(self, work: str, sound: str) -> bool:
        """Forget a sound; whether it was there."""
        with self._connections.connection() as connection:
            query = "DELETE FROM work_sounds WHERE id = %s AND work = %s"
            return connection.execute(query, [sound, work]).rowcount > 0

    def index(self) -> BankIndex:
        """Sounds of works to be looked for: a hit's bank is the work, its kind the work's terms. Raises Unavailable.

        Works whose holder allows every use are not among them.
        """
        works, kept = self._works(), self._kept()
        with self._lock:
            if self._seen is None or self._seen[0] is not works or self._seen[1] is not kept:
                self._index = _index_of(works, [one.entry for one in kept], [one.sound.work for one in kept])
                self._seen = works, kept
            return self._index

    def _read(self, connection: RegistryConnection) -> tuple[_Kept, ...]:
        found = []
        for sound, work, sealed, added_by, added in connection.execute(_ALL).fetchall():
            try:
                cipher = AESGCM(self._keys.get(work_key_name(work)))
            except NotFound:
                continue  # the key was destroyed: erased, whatever is still stored here
            head, _, bits = open_for_work(cipher, bytes(sealed), f"sound {sound}").partition(b"\n")
            says = json.loads(head)
            entry = _entry(sound, says["seconds"], bits)
            told = WorkSound(
                id=sound, work=work, name=says["name"], seconds=len(entry.times), added_by=added_by, added=added
            )
            found.append(_Kept(told, entry))
        return tuple(found)


class ListedWorkSounds:
    """The sounds that it is given, each with its work: with none of them nothing is ever heard (assay doctor)."""

    def __init__(self, *sounds: tuple[RegisteredWork, str, Sequence[tuple[int, bytes]]]) -> None:
        entries = [
            _entry(name, [second for second, _ in hashes], b"".join(bits for _, bits in hashes))
            for _, name, hashes in sounds
        ]
        works = {work.id: work for work, _, _ in sounds}
        self._index = _index_of(list(works.values()), entries, [work.id for work, _, _ in sounds])

    def index(self) -> BankIndex:
        """See PostgresWorkSounds."""
        return self._index


def _entry(sound: str, seconds: Sequence[float], bits: bytes) -> BankEntry:
    return BankEntry(id=sound, algorithm="sound", bits=bits, times=tuple(float(second) for second in seconds))


def _index_of(works: Sequence[RegisteredWork], entries: Sequence[BankEntry], owners: Sequence[str]) -> BankIndex:
    terms = {work.id: work.terms for work in works if work.terms != "allow"}
    return BankIndex(
        [
            StoredEntry(key=key, bank=owner, kind=terms[owner], state=EntryState.ACTIVE, entry=entry)
            for key, (entry, owner) in enumerate(zip(entries, owners, strict=True))
            if owner in terms
        ]
    )
