"""Who is enrolled: handles, owners, states. What a person looks and sounds like is stored elsewhere, encrypted."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.errors import UniqueViolation

from core.errors import BadInput, NotFound, NotNow
from core.mentions import mentioned_handles
from registry.consent.end_users import account_of
from registry.consent.found.found_store import erase_found_answers
from registry.consent.leases import normalise_handle
from registry.table_cache import ConnectionProvider, RegistryConnection

CAMEO_KINDS = ("self", "minor", "estate")
ACTIVE = "active"
HELD = "held"
REFUSED = "refused"
ERASED = "erased"
UNKNOWN_HANDLE = "unknown"
"""In cases of earlier versions, for a handle that nobody had; today such an order is not taken. Nobody may have it."""

_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,30}[a-z0-9])?")
# Whose requests somebody does not want is theirs to keep as long as they have another cameo.
_FORGET_BLOCKS = """
DELETE FROM consent_request_blocks WHERE owner = (SELECT owner FROM cameos WHERE id = %s) AND NOT EXISTS (
    SELECT FROM cameos WHERE owner = consent_request_blocks.owner AND state <> 'erased' AND id <> %s)
"""
_FIELDS = "SELECT id, coalesce(handle, ''), owner, kind, state, proof, made, touched, wanted FROM cameos"

# Whom an owner knows and blocks is about their cameos: with the last one it goes.
_ERASE_PEOPLE = tuple(
    f"DELETE FROM {table} p USING cameos c WHERE c.id = %s AND p.account = c.owner"  # noqa: S608 - names of ours
    " AND NOT EXISTS (SELECT 1 FROM cameos o WHERE o.owner = c.owner AND o.state <> 'erased')"
    for table in ("acquaintances", "blocked_accounts")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cameo:
    """A person's enrolled likeness. `handle` is empty once refused or erased; `proof` is the id of an erasable text.

    `wanted` is the handle that a refused one had: others may take it.
    """

    id: str
    handle: str
    owner: str
    kind: str
    state: str
    proof: str
    made: datetime
    touched: datetime
    wanted: str = ""


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

    def of_account(self, account: str) -> Sequence[Cameo]:
        """Those of an account and of all whom it calls its end users: whoever has its key acts for each of them."""
        return self._where("split_part(owner, '#', 1) = %s", account_of(account))

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

    def forget_wanted(self, cameo_id: str) -> None:
        """Nobody needs to know any more which handle a refused one had."""
        with self._connections.connection() as connection:
            connection.execute("UPDATE cameos SET wanted = '', proof = '' WHERE id = %s", [cameo_id])

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

    def know(self, account: str, other: str) -> None:
        """An account says that it knows another. Only what both say makes them mutuals."""
        add = "INSERT INTO acquaintances (account, other) VALUES (%s, %s) ON CONFLICT DO NOTHING"
        with self._connections.connection() as connection:
            connection.execute(add, [account, other])

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
    connection.execute("DELETE FROM likeness_reports WHERE cameo = %s", [cameo_id])
    connection.execute("DELETE FROM consent_requests WHERE cameo = %s", [cameo_id])
    connection.execute("DELETE FROM consent_request_settings WHERE cameo = %s", [cameo_id])
    connection.execute(_FORGET_BLOCKS, [cameo_id, cameo_id])
    erase_found_answers(connection, cameo_id)
    erase_words = "UPDATE leases SET words = '{}', asks = '' WHERE handle = %s"
    connection.execute(erase_words, [cameo_id])
    connection.execute("UPDATE cameo_answers SET words = '' WHERE cameo = %s", [cameo_id])
    erase_handle = "UPDATE cameos SET handle = NULL, state = 'erased', proof = '', wanted = '' WHERE id = %s"
    connection.execute(erase_handle, [cameo_id])
    for query in _ERASE_PEOPLE:
        connection.execute(query, [cameo_id])


def refuse_cameo(connection: RegistryConnection, cameo_id: str) -> None:
    """A held one is refused and its handle is free, within the transaction. Raises NotNow for one that is not held."""
    query = (
        "UPDATE cameos SET state = 'refused', wanted = handle, handle = NULL, touched = clock_timestamp()"
        " WHERE id = %s AND state = 'held'"
    )
    if connection.execute(query, [cameo_id]).rowcount != 1:
        raise NotNow("only an enrolment that is held can be decided about")


def hold_cameo_again(connection: RegistryConnection, cameo_id: str, handle: str) -> None:
    """A refused one waits for a person again, under this handle, within the transaction.

    Raises BadInput where the handle is taken, NotNow for one that is not refused.
    """
    query = (
        "UPDATE cameos SET state = 'held', handle = %s, wanted = '', touched = clock_timestamp()"
        " WHERE id = %s AND state = 'refused'"
    )
    try:
        if connection.execute(query, [normalise_handle(handle), cameo_id]).rowcount != 1:
            raise NotNow("only a refused enrolment can be appealed")
    except UniqueViolation:
        raise BadInput("this handle is taken meanwhile: choose another") from None


def parse_mentions(prompt: str) -> tuple[str, ...]:
    """The handles that a prompt names as `@handle`, each once, also in wide letters, with signs that nobody sees, and
    where letters of another script are joined to it.

    Mail addresses do not count.
    """
    shown = "".join(sign for sign in unicodedata.normalize("NFKC", prompt) if unicodedata.category(sign) != "Cf")
    return tuple(dict.fromkeys(map(normalise_handle, mentioned_handles(shown))))
