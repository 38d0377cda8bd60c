"""Faces and voices of enrolled people, encrypted per person (AES-256-GCM) under a key that is stored elsewhere.

Decrypted they are only ever in memory, to be compared. They are not shown, not exported and not logged.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.embedding_spaces import ComparableSpace, EmbeddingSpace, searched_spaces
from core.errors import BadInput, NotFound, Unavailable
from media.arrays import Embedding
from registry.table_cache import CachedTable, ConnectionProvider, RegistryConnection
from registry.templates.brute_force_index import TemplateBatch, TemplateMatch, validate_template
from registry.templates.template_index import TemplateIndex, nearest_match

FACE = "face"
VOICE = "voice"
_NONCE = 12  # bytes of an AES-GCM nonce (NIST SP 800-38D)
_TEMPLATES = "SELECT t.cameo, t.kind, t.model, t.sealed FROM cameo_templates t JOIN cameos c ON c.id = t.cameo"
_ENROLLED = f"{_TEMPLATES} WHERE c.state = 'active' ORDER BY t.key"
"""Those of people who are enrolled. Whoever is held or refused is not looked for in anything."""
_UNDECIDED = f"{_TEMPLATES} WHERE c.state = 'held' AND t.kind = %s ORDER BY t.key"


class TemplateKeyStore(Protocol):
    """Stores the keys."""

    def make(self, name: str) -> bytes:
        """The key of this name, created if there is none."""

    def get(self, name: str) -> bytes:
        """The key. Raises NotFound where it was destroyed."""

    def destroy(self, name: str) -> None:
        """Delete the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BiometricTemplate:
    """A face or a voice as a vector; `model` names what made it, and only like is compared with like."""

    cameo: str
    kind: str
    model: str
    vector: Embedding = field(repr=False)


class PostgresBiometricTemplates:
    """Templates in Postgres, decrypted into memory when they have changed."""

    def __init__(self, connections: ConnectionProvider, keys: TemplateKeyStore) -> None:
        """The tables are there: the migrations made them."""
        self._connections, self._keys = connections, keys
        self._all = CachedTable(connections, "cameo_templates", self._read)

    def add(self, cameo: str, kind: str, model: str, vector: Embedding) -> None:
        """Keep a template. Raises BadInput for what is not finite, Unavailable where no key can be had."""
        if vector.ndim != 1 or not len(vector) or not np.isfinite(vector).all():
            raise BadInput("a template is a row of finite numbers")
        nonce, plain = os.urandom(_NONCE), vector.astype("<f4").tobytes()
        sealed = nonce + AESGCM(self._keys.make(cameo)).encrypt(nonce, plain, _associated_data(cameo, kind, model))
        with self._connections.connection() as connection:
            add = "INSERT INTO cameo_templates (cameo, kind, model, sealed) VALUES (%s, %s, %s, %s)"
            connection.execute(add, [cameo, kind, model, sealed])

    def all(self, kind: str) -> Sequence[BiometricTemplate]:
        """Every template of a kind, of people who are enrolled.

        Raises Unavailable: what cannot be looked up is not known to be absent.
        """
        return [template for template in self._all() if template.kind == kind]

    def all_kinds(self) -> Sequence[BiometricTemplate]:
        """Every template of people who are enrolled; the same object until something changes. Raises Unavailable."""
        return self._all()

    def undecided(self, kind: str) -> Sequence[BiometricTemplate]:
        """Templates of enrolments that wait for a person, read anew: for whoever decides about one."""
        with self._connections.connection() as connection:
            return self._opened(connection.execute(_UNDECIDED, [kind]).fetchall())

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

    def _read(self, connection: RegistryConnection) -> Sequence[BiometricTemplate]:
        return self._opened(connection.execute(_ENROLLED).fetchall())

    def _opened(self, rows: Iterable[Sequence[Any]]) -> Sequence[BiometricTemplate]:
        templates = []
        for cameo, kind, model, sealed in rows:
            try:
                plain = AESGCM(self._keys.get(cameo)).decrypt(
                    sealed[:_NONCE], sealed[_NONCE:], _associated_data(cameo, kind, model)
                )
            except NotFound:
                continue  # the key was destroyed: erased, whatever is still stored here
            except InvalidTag:
                raise Unavailable("a template was altered: restore the database") from None
            vector = np.frombuffer(plain, dtype="<f4").astype(np.float32)
            templates.append(BiometricTemplate(cameo=cameo, kind=kind, model=model, vector=vector))
        return templates


class ProtectedGallery(Protocol):
    """Protected people whose templates are not encrypted: public figures, estates, people who opted out."""

    @property
    def size(self) -> int:
        """How many."""

    def nearest(
        self, embedding: Embedding, *, exclude: Collection[str] = (), only: Collection[str] | None = None
    ) -> TemplateMatch | None:
        """(id, kind, distance) of the nearest."""

    def has_person(self, person: str) -> bool:
        """Whether a template of this person is there."""


class CombinedGallery:
    """A gallery and the templates of enrolled people as one. Only those of the gallery's space count, and of spaces
    that are comparable with it."""

    def __init__(
        self,
        gallery: ProtectedGallery,
        templates: PostgresBiometricTemplates,
        space: EmbeddingSpace,
        comparable: Sequence[ComparableSpace] = (),
    ) -> None:
        self._gallery, self._templates, self._space = gallery, templates, space
        self._searched = searched_spaces(space, comparable)
        self._lock = Lock()
        self._seen: Sequence[BiometricTemplate] | None = None
        self._live: Sequence[TemplateIndex] = ()

    @property
    def size(self) -> int:
        """How many templates are looked for."""
        return self._gallery.size + sum(len(index) for index in self._fresh())

    def nearest(
        self, embedding: Embedding, *, exclude: Collection[str] = (), only: Collection[str] | None = None
    ) -> TemplateMatch | None:
        """(id, kind, distance) of the nearest template whose id is not in `exclude`, and is in `only` if that is given.

        Raises Unavailable: what cannot be looked up is not known to be absent.
        """
        protected_match = self._gallery.nearest(embedding, exclude=exclude, only=only)
        probe = validate_template(embedding, self._space)
        enrolled_match = nearest_match(
            (searched, index.nearest(probe[: searched.shared], exclude=exclude, only=only))
            for searched, index in zip(self._searched, self._fresh(), strict=True)
        )
        return min(
            (match for match in (protected_match, enrolled_match) if match is not None),
            key=lambda one: one[2],
            default=None,
        )

    def has_person(self, person: str) -> bool:
        """Whether a template of this person is looked for."""
        looked_for = {searched.space.name for searched in self._searched}
        return self._gallery.has_person(person) or any(
            template.cameo == person and template.model in looked_for for template in self._templates.all_kinds()
        )

    def _fresh(self) -> Sequence[TemplateIndex]:
        """The templates of each space that is searched."""
        with self._lock:
            templates = self._templates.all_kinds()
            if templates is not self._seen:
                self._live = [_index_of(templates, searched) for searched in self._searched]
                self._seen = templates
            return self._live


def _index_of(templates: Sequence[BiometricTemplate], searched: ComparableSpace) -> TemplateIndex:
    of_this_space = [
        template
        for template in templates
        if template.model == searched.space.name and len(template.vector) == searched.space.dimensions
    ]
    index = TemplateIndex(searched.shared)
    if of_this_space:
        keys, ids = range(len(of_this_space)), [template.cameo for template in of_this_space]
        vectors = np.stack([template.vector[: searched.shared] for template in of_this_space])
        index.add(TemplateBatch(keys, ids, ["cameo"] * len(of_this_space), vectors))
    return index


def _associated_data(cameo: str, kind: str, model: str) -> bytes:
    return f"{cameo} {kind} {model}".encode()
