"""Faces and voices of enrolled people, encrypted per person (AES-256-GCM) under a key that lies elsewhere.

Decrypted they are only ever in memory, to be compared. They are not shown, not exported and not logged.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from core.errors import BadInput, NotFound, Unavailable
from core.spaces import Space
from registry.exact import Batch, Match, template
from registry.live import Live
from registry.rows import Connection, Connections, Fresh

FACE, VOICE = "face", "voice"
_NONCE = 12
_ALL = "SELECT t.cameo, t.kind, t.model, t.sealed FROM cameo_templates t JOIN cameos c ON c.id = t.cameo ORDER BY t.key"

Vector = NDArray[np.float32]


class Keys(Protocol):
    """Where keys lie."""

    def make(self, name: str) -> bytes:
        """The key of this name, made if there is none."""

    def get(self, name: str) -> bytes:
        """The key. Raises NotFound where it was destroyed."""

    def destroy(self, name: str) -> None:
        """Delete the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A face or a voice as a vector; `model` names what made it, and only like is compared with like."""

    cameo: str
    kind: str
    model: str
    vector: Vector = field(repr=False)


class PostgresTemplates:
    """Templates in Postgres, decrypted into memory when they have changed."""

    def __init__(self, connections: Connections, keys: Keys) -> None:
        """The tables are there: the migrations made them."""
        self._connections, self._keys = connections, keys
        self._all = Fresh(connections, "cameo_templates", self._read)

    def add(self, cameo: str, kind: str, model: str, vector: Vector) -> None:
        """Keep a template. Raises BadInput for what is not finite, Unavailable where no key can be had."""
        if vector.ndim != 1 or not len(vector) or not np.isfinite(vector).all():
            raise BadInput("a template is a row of finite numbers")
        nonce, plain = os.urandom(_NONCE), vector.astype("<f4").tobytes()
        sealed = nonce + AESGCM(self._keys.make(cameo)).encrypt(nonce, plain, _about(cameo, kind, model))
        with self._connections.connection() as connection:
            add = "INSERT INTO cameo_templates (cameo, kind, model, sealed) VALUES (%s, %s, %s, %s)"
            connection.execute(add, [cameo, kind, model, sealed])

    def all(self, kind: str) -> Sequence[Template]:
        """Every template of a kind. Raises Unavailable: what cannot be looked up is not known to be absent."""
        return [one for one in self._all() if one.kind == kind]

    def everything(self) -> Sequence[Template]:
        """Every template of every kind; the same object until something changes. Raises Unavailable."""
        return self._all()

    def kept(self, cameo: str) -> Sequence[tuple[str, str]]:
        """Which templates there are of a person: kind and model, never the vector."""
        query = "SELECT kind, model FROM cameo_templates WHERE cameo = %s ORDER BY key"
        with self._connections.connection() as connection:
            return [(kind, model) for kind, model in connection.execute(query, [cameo]).fetchall()]

    def destroy(self, cameo: str) -> None:
        """Erase a person's templates: the key first, then what it locked."""
        self._keys.destroy(cameo)
        with self._connections.connection() as connection:
            connection.execute("DELETE FROM cameo_templates WHERE cameo = %s", [cameo])

    def _read(self, connection: Connection) -> Sequence[Template]:
        found = []
        for cameo, kind, model, sealed in connection.execute(_ALL).fetchall():
            try:
                plain = AESGCM(self._keys.get(cameo)).decrypt(
                    sealed[:_NONCE], sealed[_NONCE:], _about(cameo, kind, model)
                )
            except NotFound:
                continue  # the key was destroyed: erased, whatever still lies here
            except InvalidTag:
                raise Unavailable("a template was altered: restore the database") from None
            vector = np.frombuffer(plain, dtype="<f4").astype(np.float32)
            found.append(Template(cameo=cameo, kind=kind, model=model, vector=vector))
        return found


class Gallery(Protocol):
    """Protected people whose templates lie in the open: public figures, estates, who opted out."""

    @property
    def size(self) -> int:
        """How many."""

    def nearest(
        self, embedding: Vector, *, but: Collection[str] = (), only: Collection[str] | None = None
    ) -> Match | None:
        """(id, kind, distance) of the nearest."""

    def knows(self, person: str) -> bool:
        """Whether a template of this person is there."""


class WithCameos:
    """A gallery and the templates of enrolled people beside it, as one. Only those of the gallery's space count."""

    def __init__(self, gallery: Gallery, templates: PostgresTemplates, space: Space) -> None:
        self._gallery, self._templates, self._space = gallery, templates, space
        self._lock = Lock()
        self._seen: Sequence[Template] | None = None
        self._live = Live(space.length)

    @property
    def size(self) -> int:
        """How many templates are looked for."""
        return self._gallery.size + len(self._fresh())

    def nearest(
        self, embedding: Vector, *, but: Collection[str] = (), only: Collection[str] | None = None
    ) -> Match | None:
        """(id, kind, distance) of the nearest template whose id is not in `but`, and is in `only` if that is given.

        Raises Unavailable: what cannot be looked up is not known to be absent.
        """
        near = self._gallery.nearest(embedding, but=but, only=only)
        mine = self._fresh().nearest(template(embedding, self._space), but=but, only=only)
        return min((one for one in (near, mine) if one is not None), key=lambda one: one[2], default=None)

    def knows(self, person: str) -> bool:
        """Whether a template of this person is looked for."""
        return self._gallery.knows(person) or any(
            one.cameo == person and one.model == self._space.name for one in self._templates.everything()
        )

    def _fresh(self) -> Live:
        with self._lock:
            found = self._templates.everything()
            if found is not self._seen:
                mine = [one for one in found if one.model == self._space.name and len(one.vector) == self._space.length]
                live = Live(self._space.length)
                if mine:
                    keys, ids = range(len(mine)), [one.cameo for one in mine]
                    live.add(Batch(keys, ids, ["cameo"] * len(mine), np.stack([one.vector for one in mine])))
                self._live, self._seen = live, found
            return self._live


def _about(cameo: str, kind: str, model: str) -> bytes:
    return f"{cameo} {kind} {model}".encode()
