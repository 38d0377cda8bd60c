"""Who is enrolled: handles, owners, states. What a person looks and sounds like is stored elsewhere, encrypted."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.errors import UniqueViolation

from core.errors import BadInput, NotFound, NotNow
from registry.consent.leases import normalise_handle
from registry.table_cache import ConnectionProvider, RegistryConnection

CAMEO_KINDS = ("self", "minor", "estate")
ACTIVE = "active"
HELD = "held"
REFUSED = "refused"
ERASED = "erased"
UNKNOWN_HANDLE = "unknown"
"""Recorded in a case for a handle that nobody has: no words of a prompt get into the log."""

_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,30}[a-z0-9])?")
_MENTION = re.compile(r"(?<![\w@./-])@([A-Za-z0-9](?:[A-Za-z0-9_.-]{0,30}[A-Za-z0-9])?)(?![\w@])")
_FIELDS = "SELECT id, coalesce(handle, ''), owner, kind, state, proof, made, touched FROM cameos"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cameo:
    """A person's enrolled likeness. `handle` is empty once erased; `proof` is the id of an erasable text."""

    id: str
    handle: str
    owner: str
    kind: str
    state: str
    proof: str
    made: datetime
    touched: datetime


class PostgresCameos:
    """Cameos in Postgres."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def add(self, handle: str, owner: str, *, kind: str = "self", state: str = HELD, proof: str = "") -> Cameo:
        """Enrol somebody. Raises BadInput for a handle that is malformed or taken."""
        validate_cameo(handle, kind)
        cameo_id = f"cameo_{secrets.token_hex(8)}"
        values = [cameo_id, normalise_handle(handle), owner, kind, state, proof]
        query = "INSERT INTO cameos (id, handle, owner, kind, state, proof) VALUES (%s, %s, %s, %s, %s, %s)"
        try:
            with self._connections.connection() as connection:
                connection.execute(query, values)
        except UniqueViolation:
            raise BadInput("this handle is taken") from None
        return self.get(cameo_id)

    def get(self, cameo_id: str) -> Cameo:
        """By its id. Raises NotFound."""
        cameos = self._where("id = %s", cameo_id)
        if not cameos:
            raise NotFound("there is no such cameo")
        return cameos[0]

    def by_handle(self, handle: str) -> Cameo | None:
        """By its handle, in upper or lower case, or by its id; None where there is none, or not any more."""
        cameos = self._where("handle = %s OR id = %s", normalise_handle(handle), normalise_handle(handle))
        return cameos[0] if cameos and cameos[0].state != ERASED else None

    def of(self, owner: str) -> Sequence[Cameo]:
        """Those of an account, the oldest first."""
        return self._where("owner = %s", owner)

    def in_state(self, state: str) -> Sequence[Cameo]:
        """All in a state, the oldest first."""
        return self._where("state = %s", state)

    def idle_since(self, since: datetime) -> Sequence[Cameo]:
        """Those with which nobody has had to do since."""
        return self._where("touched < %s AND state <> 'erased'", since)

    def set_state(self, cameo_id: str, state: str) -> None:
        """Into another state. Raises NotNow for one that is erased."""
        query = "UPDATE cameos SET state = %s, touched = clock_timestamp() WHERE id = %s AND state <> 'erased'"
        with self._connections.connection() as connection:
            if connection.execute(query, [state, cameo_id]).rowcount != 1:
                raise NotNow("this cameo is erased")

    def pending_destruction(self) -> Sequence[Cameo]:
        """Those that are erased, but of which keys or words may still be stored elsewhere."""
        return self._where("state = 'erased' AND destroyed IS NULL")

    def mark_destroyed(self, cameo_id: str) -> None:
        """Nothing of an erased one is left anywhere."""
        with self._connections.connection() as connection:
            connection.execute("UPDATE cameos SET destroyed = clock_timestamp() WHERE id = %s", [cameo_id])

    def touch(self, cameo_ids: Sequence[str]) -> None:
        """Record that these were used now."""
        with self._connections.connection() as connection:
            connection.execute("UPDATE cameos SET touched = clock_timestamp() WHERE id = ANY(%s)", [list(cameo_ids)])

    def set_proof(self, cameo_id: str, text_id: str) -> None:
        """The text that shows guardianship, or the right to act for an estate."""
        with self._connections.connection() as connection:
            connection.execute("UPDATE cameos SET proof = %s WHERE id = %s", [text_id, cameo_id])

    def know(self, account: str, other: str, *, known: bool = True) -> None:
        """An account says that it knows another, or no longer. Only what both say makes them mutuals."""
        add = "INSERT INTO acquaintances (account, other) VALUES (%s, %s) ON CONFLICT DO NOTHING"
        remove = "DELETE FROM acquaintances WHERE account = %s AND other = %s"
        with self._connections.connection() as connection:
            connection.execute(add if known else remove, [account, other])

    def _where(self, condition: str, *values: object) -> Sequence[Cameo]:
        with self._connections.connection() as connection:
            rows = connection.execute(f"{_FIELDS} WHERE {condition} ORDER BY made, id", values).fetchall()
        return tuple(Cameo(**dict(zip(Cameo.__slots__, row, strict=True))) for row in rows)


def validate_cameo(handle: str, kind: str) -> None:
    """Raises BadInput for what is no handle or no kind of cameo."""
    if not _HANDLE.fullmatch(normalise_handle(handle)) or normalise_handle(handle) == UNKNOWN_HANDLE:
        raise BadInput("a handle is 1 to 32 of a-z, 0-9, dot, dash and underscore, beginning and ending with a letter")
    if kind not in CAMEO_KINDS:
        raise BadInput(f"{kind!r} is no kind of cameo: one of {', '.join(CAMEO_KINDS)}")


def erase_cameo(connection: RegistryConnection, cameo_id: str) -> None:
    """Erase what is known of a cameo, within the transaction: who looks like what, who is called what, all words."""
    connection.execute("DELETE FROM cameo_templates WHERE cameo = %s", [cameo_id])
    erase_words = "UPDATE leases SET words = '{}', asks = '' WHERE handle = %s"
    connection.execute(erase_words, [cameo_id])
    erase_handle = "UPDATE cameos SET handle = NULL, state = 'erased', proof = '' WHERE id = %s"
    connection.execute(erase_handle, [cameo_id])


def parse_mentions(prompt: str) -> tuple[str, ...]:
    """The handles that a prompt names as `@handle`, each once. Mail addresses do not count."""
    return tuple(dict.fromkeys(normalise_handle(mention.rstrip(".-_")) for mention in _MENTION.findall(prompt)))
