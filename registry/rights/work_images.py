"""Example pictures of registered works, and what is compared of them. Encrypted under a key of the work.

Pictures are shown to the holder, to operators and to moderators only. Destroying a work's key erases both, in every
copy of the database.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Protocol

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from core.errors import BadInput, NotFound, Unavailable
from registry.rights.registered_works import RegisteredWork
from registry.table_cache import CachedTable, ConnectionProvider, RegistryConnection

MAX_WORK_IMAGES = 60  # of one work
VECTOR_SIZE = 512  # numbers of one vector
_PDQ_BYTES = 32
_NONCE = 12  # bytes of an AES-GCM nonce (NIST SP 800-38D)
_LIST = "SELECT id, work, width, height, added_by, added FROM work_images WHERE work = %s ORDER BY added, id"


class WorkKeyStore(Protocol):
    """Stores the keys."""

    def make(self, name: str) -> bytes:
        """The key of this name, created if there is none."""

    def get(self, name: str) -> bytes:
        """The key. Raises NotFound where it was destroyed."""

    def destroy(self, name: str) -> None:
        """Delete the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkImage:
    """That there is an example picture, without it: its size in pixels as kept, and who added it when."""

    id: str
    work: str
    width: int
    height: int
    added_by: str
    added: datetime


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExampleDescriptor:
    """What is compared of one picture. `pdq` is 32 bytes, empty without detail; `vectors` (k, 512), of length 1."""

    image: str
    pdq: bytes
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorkExamples:
    """A work that is looked for in pictures, with all its examples."""

    work: str
    terms: str
    false_match_rate: float
    examples: tuple[ExampleDescriptor, ...]


class PostgresWorkImages:
    """Pictures and descriptors in Postgres. What was added is compared with in the very next video, anywhere."""

    def __init__(
        self, connections: ConnectionProvider, keys: WorkKeyStore, works: Callable[[], tuple[RegisteredWork, ...]]
    ) -> None:
        """The tables are there: the migrations made them. `works` gives all, the same object until they change."""
        self._connections, self._keys, self._works = connections, keys, works
        self._descriptors = CachedTable(connections, "work_descriptors", self._read)
        self._lock = Lock()
        self._seen: tuple[object, object] | None = None
        self._examples: tuple[WorkExamples, ...] = ()

    def add(
        self,
        work: str,
        picture: bytes,
        size: tuple[int, int],
        *,
        model: str,
        pdq: bytes,
        vectors: NDArray[np.float32],
        added_by: str,
    ) -> WorkImage:
        """Keep an encoded picture of this width and height, and what is compared of it, made by `model`.

        Raises BadInput for a work that is full, NotFound for one that is not registered, Unavailable without a key.
        """
        image = f"workimage_{secrets.token_hex(8)}"
        plain = _descriptor_bytes(pdq, vectors)
        cipher = AESGCM(self._keys.make(work_key_name(work)))
        with self._connections.connection() as connection:
            # The work's row stays locked until the end: of two who add at once, the second counts what the first added.
            if connection.execute("SELECT 1 FROM works WHERE id = %s FOR UPDATE", [work]).fetchone() is None:
                raise NotFound(f"no work {work} is registered")
            row = connection.execute("SELECT count(*) FROM work_images WHERE work = %s", [work]).fetchone()
            if row is None or row[0] >= MAX_WORK_IMAGES:
                raise BadInput(f"a work has at most {MAX_WORK_IMAGES} example pictures: remove one first")
            added = connection.execute(
                "INSERT INTO work_images (id, work, width, height, sealed, added_by) VALUES (%s, %s, %s, %s, %s, %s) "
                "RETURNING added",
                [image, work, *size, seal_for_work(cipher, picture, f"picture {image}"), added_by],
            ).fetchone()
            connection.execute(
                "INSERT INTO work_descriptors (image, work, model, sealed) VALUES (%s, %s, %s, %s)",
                [image, work, model, seal_for_work(cipher, plain, f"descriptor {image} {model}")],
            )
        if added is None:
            raise Unavailable("the picture was not kept")
        return WorkImage(id=image, work=work, width=size[0], height=size[1], added_by=added_by, added=added[0])

    def list(self, work: str) -> Sequence[WorkImage]:
        """Every example of a work, the oldest first."""
        with self._connections.connection() as connection:
            rows = connection.execute(_LIST, [work]).fetchall()
        return [
            WorkImage(id=i, work=w, width=width, height=height, added_by=by, added=added)
            for i, w, width, height, by, added in rows
        ]

    def picture(self, work: str, image: str) -> bytes:
        """The encoded picture. Raises NotFound, also for one that was erased, and Unavailable."""
        query = "SELECT sealed FROM work_images WHERE id = %s AND work = %s"
        with self._connections.connection() as connection:
            row = connection.execute(query, [image, work]).fetchone()
        if row is None:
            raise NotFound(f"there is no picture {image} of this work")
        return open_for_work(AESGCM(self._keys.get(work_key_name(work))), bytes(row[0]), f"picture {image}")

    def remove(self, work: str, image: str) -> bool:
        """Forget a picture and what is compared of it; whether it was there."""
        with self._connections.connection() as connection:
            query = "DELETE FROM work_images WHERE id = %s AND work = %s"
            return connection.execute(query, [image, work]).rowcount > 0

    def destroy(self, work: str) -> int:
        """Erase every example of a work: the key first, then what it locked; returns how many pictures there were."""
        self._keys.destroy(work_key_name(work))
        with self._connections.connection() as connection:
            connection.execute("DELETE FROM work_sounds WHERE work = %s", [work])
            return connection.execute("DELETE FROM work_images WHERE work = %s", [work]).rowcount

    def examples(self, model: str) -> tuple[WorkExamples, ...]:
        """Works to be looked for in pictures, by what `model` made; the same object until something changes.

        Works whose holder allows every use are not among them. Raises Unavailable.
        """
        works, descriptors = self._works(), self._descriptors()
        with self._lock:
            if self._seen is None or self._seen[0] is not works or self._seen[1] is not descriptors:
                self._examples, self._seen = _grouped(works, descriptors, model), (works, descriptors)
            return self._examples

    def examples_of(self, work: RegisteredWork, model: str) -> WorkExamples:
        """The examples of one work, whatever its terms; none of another model's. Raises Unavailable."""
        own = tuple(one for name, made_by, one in self._descriptors() if name == work.id and made_by == model)
        return WorkExamples(work=work.id, terms=work.terms, false_match_rate=work.false_match_rate, examples=own)

    def _read(self, connection: RegistryConnection) -> tuple[tuple[str, str, ExampleDescriptor], ...]:
        rows = connection.execute("SELECT image, work, model, sealed FROM work_descriptors ORDER BY image").fetchall()
        found = []
        for image, work, model, sealed in rows:
            try:
                cipher = AESGCM(self._keys.get(work_key_name(work)))
            except NotFound:
                continue  # the key was destroyed: erased, whatever is still stored here
            plain = open_for_work(cipher, bytes(sealed), f"descriptor {image} {model}")
            found.append((work, model, _descriptor(image, plain)))
        return tuple(found)


class ListedWorkExamples:
    """The examples that it is given: over none of them classifiers are built to ask what they need (assay doctor)."""

    def __init__(self, *works: WorkExamples, pictures: Mapping[str, bytes] | None = None) -> None:
        self._works, self._pictures = works, pictures or {}

    def examples(self, model: str) -> tuple[WorkExamples, ...]:
        """See PostgresWorkImages."""
        del model
        return self._works

    def picture(self, work: str, image: str) -> bytes:
        """See PostgresWorkImages."""
        if image not in self._pictures:
            raise NotFound(f"there is no picture {image} of {work}")
        return self._pictures[image]


def _grouped(
    works: Sequence[RegisteredWork], descriptors: Sequence[tuple[str, str, ExampleDescriptor]], model: str
) -> tuple[WorkExamples, ...]:
    by_work: dict[str, list[ExampleDescriptor]] = {}
    for work, made_by, descriptor in descriptors:
        if made_by == model:
            by_work.setdefault(work, []).append(descriptor)
    return tuple(
        WorkExamples(
            work=work.id, terms=work.terms, false_match_rate=work.false_match_rate, examples=tuple(by_work[work.id])
        )
        for work in works
        if work.terms != "allow" and work.id in by_work
    )


def work_key_name(work: str) -> str:
    """The name of a work's key: an id may hold any letters, a key's name may not."""
    return f"work-{hashlib.sha256(work.encode()).hexdigest()[:40]}"


def _descriptor_bytes(pdq: bytes, vectors: NDArray[np.float32]) -> bytes:
    if len(pdq) not in (0, _PDQ_BYTES):
        raise BadInput("a PDQ hash has 32 bytes")
    if vectors.ndim != 2 or vectors.shape[1] != VECTOR_SIZE or not len(vectors) or not np.isfinite(vectors).all():
        raise BadInput("a picture is described by rows of 512 finite numbers")
    return bytes([len(pdq)]) + pdq + vectors.astype("<f2").tobytes()


def _descriptor(image: str, plain: bytes) -> ExampleDescriptor:
    start = 1 + plain[0]
    vectors = np.frombuffer(plain[start:], "<f2").astype(np.float32).reshape(-1, VECTOR_SIZE)
    return ExampleDescriptor(image=image, pdq=plain[1:start], vectors=vectors)


def seal_for_work(cipher: AESGCM, plain: bytes, about: str) -> bytes:
    """Encrypt an example under the key of its work; `about` says what it is, and has to be said again to open it."""
    nonce = os.urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, plain, about.encode())


def open_for_work(cipher: AESGCM, sealed: bytes, about: str) -> bytes:
    """What was sealed. Raises Unavailable for what was altered."""
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())
    except InvalidTag:
        raise Unavailable("an example of a registered work was altered: restore the database") from None
