"""Who says that works are theirs, and whether a person has verified it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from core.errors import BadInput, NotFound, NotNow
from registry.table_cache import ConnectionProvider

ASKED, VERIFIED, REFUSED = "asked", "verified", "refused"
MAX_HOLDER_NAME = 200  # characters

VERIFICATION_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "unclear": "It cannot be told from your words what you hold, or for whom you act.",
        "proof_lacking": "Nothing shows that these works are yours: name a register, a contract or a page that does.",
        "not_theirs": "These works belong to somebody else.",
        "too_general": "Names that are common words cannot be registered: they would be found everywhere.",
    }
)
"""Why somebody is not verified, by code, in the words that they read."""

_FIELDS = "SELECT account, record, name, says, state, code, asked, by, decided FROM rights_holders"


@dataclass(frozen=True, slots=True)
class RightsHolder:
    """An account that says that works are its own. `record` is the key under which its words (`says`) are kept."""

    account: str
    record: str
    name: str
    says: str
    state: str
    code: str
    asked: datetime
    by: str = ""
    decided: datetime | None = None

    @property
    def message(self) -> str:
        """Why they were not verified, in words; empty where they were not refused."""
        return VERIFICATION_REFUSALS.get(self.code, "") if self.state == REFUSED else ""


def new_holder_record() -> str:
    """A key under which a holder's words are kept."""
    return f"holder_{secrets.token_hex(8)}"


class PostgresRightsHolders:
    """Holders in Postgres: looked up each time."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def get(self, account: str) -> RightsHolder | None:
        """What this account asked for, and what was decided; None where it never asked."""
        found = self._where("account = %s", account)
        return found[0] if found else None

    def is_verified(self, account: str) -> bool:
        """Whether a person has verified that this account is a rights holder's."""
        found = self.get(account)
        return found is not None and found.state == VERIFIED

    def in_state(self, state: str) -> Sequence[RightsHolder]:
        """Those in this state, who asked first, first."""
        return self._where("state = %s ORDER BY asked, account", state)

    def ask(self, account: str, record: str, name: str, says: str) -> None:
        """Ask to be verified, again after a refusal. Raises NotNow for who waits or is verified, BadInput."""
        if not 0 < len(name.strip()) <= MAX_HOLDER_NAME:
            raise BadInput(f"say who you are, in at most {MAX_HOLDER_NAME} letters", param="name")
        query = """
        INSERT INTO rights_holders (account, record, name, says, state) VALUES (%s, %s, %s, %s, 'asked')
        ON CONFLICT (account) DO UPDATE SET (record, name, says, state, code, asked, by, decided) =
            (excluded.record, excluded.name, excluded.says, 'asked', '', clock_timestamp(), '', NULL)
        WHERE rights_holders.state = 'refused'
        """
        with self._connections.connection() as connection:
            if connection.execute(query, [account, record, name.strip(), says]).rowcount == 0:
                raise NotNow("you have asked already")

    def decide(self, account: str, state: str, *, by: str, code: str = "") -> RightsHolder:
        """Verify or refuse who asked; with them their drafts become active. Raises NotNow, BadInput."""
        if state == REFUSED and code not in VERIFICATION_REFUSALS:
            raise BadInput(f"say why: one of {', '.join(VERIFICATION_REFUSALS)}")
        query = (
            "UPDATE rights_holders SET state = %s, code = %s, by = %s, decided = clock_timestamp()"
            " WHERE account = %s AND state = 'asked' RETURNING 1"
        )
        with self._connections.connection() as connection:
            if connection.execute(query, [state, code, by, account]).fetchone() is None:
                raise NotNow("nobody of this account waits to be verified")
        found = self.get(account)
        if found is None:
            raise NotFound("there is no such holder")
        return found

    def remove(self, account: str) -> bool:
        """Forget who they said they are; whether they had said it."""
        with self._connections.connection() as connection:
            return connection.execute("DELETE FROM rights_holders WHERE account = %s", [account]).rowcount > 0

    def _where(self, condition: str, *values: object) -> Sequence[RightsHolder]:
        with self._connections.connection() as connection:
            rows: list[tuple[Any, ...]] = connection.execute(f"{_FIELDS} WHERE {condition}", values).fetchall()
        return tuple(RightsHolder(*row) for row in rows)
