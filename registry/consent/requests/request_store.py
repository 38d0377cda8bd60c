"""Requests for consent, from whom a cameo takes them, and whose an owner does not get: in Postgres."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.errors import NotFound, NotNow
from registry.consent.end_users import account_of
from registry.consent.leases import are_mutuals
from registry.consent.requests.consent_rules import NAMED_RULES
from registry.consent.takedown_store import add_notices
from registry.table_cache import ConnectionProvider, RegistryConnection

MOST_OPEN = 20
"""How many requests of one asker may be open."""
MOST_A_DAY_BY_ACCOUNT = 500
"""How many requests an account may make in 24 hours for all its end users together."""
MOST_TO_ONE = 3
"""How many orders one asker may ask the same person about in a week."""
MOST_TO_ONE_BY_ACCOUNT = 30
"""How many orders an account may ask the same person about in a week, for all whom it calls its end users."""
MOST_REFUSED_BY_ACCOUNT = 10
"""After how many a no of one person within QUIET_AFTER_NO an account may not ask them again, whoever its user is."""
MOST_WAITING = 200
"""How many requests one person gets before they have answered some."""
QUIET_AFTER_NO = timedelta(days=30)
"""How long an asker may not ask somebody again who said no."""
_LOOKED_BACK = timedelta(days=130)  # longer than a request can wait (90 days) and quiet lasts after its answer

_FIELDS = (
    "SELECT key, id, cameo, case_id, asker, message, shows_prompt, withheld, state, lease, asked, expires, answered"
    " FROM consent_requests"
)
_COUNTS = """
SELECT count(*) FILTER (WHERE asker = %(asker)s AND state = 'open'),
       count(*) FILTER (WHERE asker = %(asker)s AND asked > %(day)s),
       count(*) FILTER (WHERE split_part(asker, '#', 1) = %(account)s AND asked > %(day)s),
       count(*) FILTER (WHERE asker = %(asker)s AND cameo = %(cameo)s AND asked > %(week)s),
       count(*) FILTER (WHERE asker = %(asker)s AND cameo = %(cameo)s AND state = 'refused' AND answered > %(quiet)s),
       count(*) FILTER (WHERE cameo = %(cameo)s AND state = 'open' AND NOT withheld),
       count(*) FILTER (WHERE split_part(asker, '#', 1) = %(account)s AND cameo = %(cameo)s AND asked > %(week)s),
       count(*) FILTER (WHERE split_part(asker, '#', 1) = %(account)s AND cameo = %(cameo)s AND state = 'refused'
                        AND answered > %(quiet)s)
FROM consent_requests WHERE asked > %(oldest)s AND (split_part(asker, '#', 1) = %(account)s OR cameo = %(cameo)s)
"""
# Answered, but the process died before the order went on: the order has not moved since.
_UNFINISHED = """
SELECT r.case_id, bool_and(r.state = 'expired') FROM consent_requests r JOIN case_requests c ON c.case_id = r.case_id
WHERE r.answered BETWEEN %s AND %s AND c.phase = 'held' AND c.changed_at < r.answered
  AND (r.state IN ('granted', 'refused') OR (r.state = 'expired' AND c.last_rules ?| %s))
GROUP BY r.case_id
"""


# Withheld where the owner does not want requests of this asker, or wants nothing at all of them.
_ADD = """
INSERT INTO consent_requests (id, cameo, case_id, asker, message, shows_prompt, withheld, asked, expires)
VALUES (%s, %s, %s, %s, %s, %s,
        EXISTS (SELECT FROM consent_request_blocks WHERE owner = %s AND asker IN (%s, %s))
        OR EXISTS (SELECT FROM blocked_accounts WHERE account = %s AND blocked IN (%s, %s)), %s, %s)
ON CONFLICT (case_id, cameo) DO NOTHING
"""
# Of one about an erased order who asked whom, when and what became of it is left, for as long as limits look back.
_FORGET = """
UPDATE consent_requests
SET (id, case_id, message, shows_prompt, withheld, lease, state) = (
    'forgotten_' || key, 'forgotten_' || key, '', false, true, '', CASE state WHEN 'open' THEN 'ended' ELSE state END)
WHERE case_id = %s
"""
# Nor what was asked before an asker was blocked altogether.
_SHOWN_TO_OWNER = (
    "NOT withheld AND NOT EXISTS (SELECT FROM blocked_accounts b JOIN cameos k ON k.owner = b.account"
    " WHERE k.id = consent_requests.cameo AND b.blocked IN (asker, split_part(asker, '#', 1)))"
)
_COUNT_OPEN = (
    "SELECT count(*) FROM consent_requests"  # noqa: S608 - conditions of ours
    f" WHERE cameo = ANY(%s) AND {_SHOWN_TO_OWNER} AND state = 'open'"
)


class RequestsFrom(StrEnum):
    """From whom a person takes requests for their consent."""

    NOBODY = "nobody"
    MUTUALS = "mutuals"
    EVERYONE = "everyone"


class RequestState(StrEnum):
    """What became of a request. ENDED: the order did not wait any more."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """Somebody asks a person for consent to one order. `asker` is an account or one of its end users."""

    key: int
    id: str
    cameo: str
    case_id: str
    asker: str
    message: str
    shows_prompt: bool
    withheld: bool
    state: str
    lease: str
    asked: datetime
    expires: datetime
    answered: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """A request that is not stored yet. `owner` is who answers it; `message` the id of a text."""

    cameo: str
    owner: str
    case_id: str
    asker: str
    message: str
    shows_prompt: bool


class PostgresConsentRequests:
    """Requests in Postgres."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    # -- from whom a person takes them

    def takes(self, cameo: str) -> RequestsFrom | None:
        """What the owner chose; None where they chose nothing."""
        with self._connections.connection() as connection:
            row = connection.execute("SELECT takes FROM consent_request_settings WHERE cameo = %s", [cameo]).fetchone()
        return RequestsFrom(row[0]) if row else None

    def set_takes(self, cameo: str, takes: RequestsFrom) -> None:
        """The owner chooses."""
        add = (
            "INSERT INTO consent_request_settings (cameo, takes) VALUES (%s, %s)"
            " ON CONFLICT (cameo) DO UPDATE SET takes = excluded.takes"
        )
        with self._connections.connection() as connection:
            connection.execute(add, [cameo, takes.value])

    def are_mutuals(self, cameo: str, asker: str) -> bool:
        """Whether the asker and the owner of this cameo say of each other that they know them."""
        with self._connections.connection() as connection:
            return are_mutuals(connection, cameo, sorted({asker, account_of(asker)}))

    def block(self, owner: str, asker: str, *, blocked: bool = True) -> None:
        """An owner gets no requests of this asker any more, those that are open neither; or gets them again."""
        add = "INSERT INTO consent_request_blocks (owner, asker) VALUES (%s, %s) ON CONFLICT DO NOTHING"
        remove = "DELETE FROM consent_request_blocks WHERE owner = %s AND asker = %s"
        with self._connections.connection() as connection:
            connection.execute(add if blocked else remove, [owner, asker])
            if blocked:
                connection.execute(
                    "UPDATE consent_requests SET withheld = true WHERE asker = %s AND state = 'open'"
                    " AND cameo IN (SELECT id FROM cameos WHERE owner = %s)",
                    [asker, owner],
                )

    def blocked(self, owner: str) -> Sequence[str]:
        """Whose requests this owner does not get."""
        query = "SELECT asker FROM consent_request_blocks WHERE owner = %s ORDER BY at, asker"
        with self._connections.connection() as connection:
            return tuple(row[0] for row in connection.execute(query, [owner]).fetchall())

    # -- requests

    def add(self, new: NewRequest, *, now: datetime, expires: datetime, most_a_day: int) -> ConsentRequest:
        """Ask. Of an asker whom the owner blocked it is kept, and withheld. Raises NotNow where it is too much."""
        name = f"ask_{secrets.token_hex(12)}"
        with self._connections.connection() as connection:
            for lock in sorted((f"asks by {account_of(new.asker)}", f"asks of {new.cameo}")):
                connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [lock])
            _require_few(connection, new.cameo, new.asker, now, most_a_day)
            blocked = [new.owner, new.asker, account_of(new.asker)] * 2
            row = [name, new.cameo, new.case_id, new.asker, new.message, new.shows_prompt, *blocked, now, expires]
            if connection.execute(_ADD, row).rowcount != 1:
                raise NotNow("you have asked them about this order already")
        return self.get(name)

    def get(self, request_id: str) -> ConsentRequest:
        """By its id. Raises NotFound."""
        found = self._where("id = %s", request_id)
        if not found:
            raise NotFound("there is no such request")
        return found[0]

    def of_case(self, case_id: str) -> Sequence[ConsentRequest]:
        """Those about an order, in order."""
        return self._where("case_id = %s ORDER BY key", case_id)

    def of_cameos(
        self, cameos: Sequence[str], *, open_only: bool, before: int = 0, limit: int = 50
    ) -> Sequence[ConsentRequest]:
        """What the owner of these cameos gets, the newest first; from below `before` on."""
        condition = (
            f"cameo = ANY(%s) AND {_SHOWN_TO_OWNER} AND (NOT %s OR state = 'open') AND (%s = 0 OR key < %s)"
            " ORDER BY key DESC LIMIT %s"
        )
        return self._where(condition, list(cameos), open_only, before, before, limit)

    def all_of(self, cameo: str) -> Sequence[ConsentRequest]:
        """All about a person, the newest first: also what they were not shown. What askers erased is not among them."""
        return self._where("cameo = %s AND case_id <> id ORDER BY key DESC", cameo)

    def count_open(self, cameos: Sequence[str]) -> int:
        """How many wait for the owner of these cameos."""
        with self._connections.connection() as connection:
            row = connection.execute(_COUNT_OPEN, [list(cameos)]).fetchone()
        return int(row[0]) if row else 0

    def close(self, request_id: str, state: RequestState) -> None:
        """It ended without an answer of its owner. Nothing happens to one that is not open."""
        with self._connections.connection() as connection:
            _close(connection, request_id, state)

    def expire(self, request: ConsentRequest) -> None:
        """Nobody answered in time, and whoever asked is told. Nothing happens to one that is not open."""
        with self._connections.connection() as connection:
            if _close(connection, request.id, RequestState.EXPIRED):
                told = (account_of(request.asker), "consent_unanswered", request.case_id, "")
                add_notices(connection, [told])

    def refuse(self, request: ConsentRequest, *, by: str) -> None:
        """The owner said no, and vetoes the order. Raises NotNow for one that is not open."""
        veto = (
            "INSERT INTO cameo_answers (case_id, cameo, asset, answer, by) VALUES (%s, %s, '', 'vetoed', %s)"
            " ON CONFLICT DO NOTHING"
        )
        with self._connections.connection() as connection:
            answer_request(connection, request.id, RequestState.REFUSED)
            connection.execute(veto, [request.case_id, request.cameo, by])

    def expired(self, at: datetime, *, limit: int = 500) -> Sequence[ConsentRequest]:
        """Those that nobody answered in time."""
        return self._where("state = 'open' AND expires <= %s ORDER BY expires LIMIT %s", at, limit)

    def ended(self, *, limit: int = 500) -> Sequence[ConsentRequest]:
        """Open ones whose order does not wait any more, or of a cameo that is gone."""
        condition = (
            "state = 'open' AND NOT ("
            "EXISTS (SELECT FROM case_requests c WHERE c.case_id = consent_requests.case_id AND c.phase = 'held')"
            " AND EXISTS (SELECT FROM cameos k WHERE k.id = consent_requests.cameo AND k.state = 'active'))"
            " ORDER BY key LIMIT %s"
        )
        return self._where(condition, limit)

    def unfinished(self, before: datetime) -> Sequence[tuple[str, bool]]:
        """Orders that did not go on after an answer before this time, or did not end; whether nobody answered."""
        asked = [before - _LOOKED_BACK, before, list(NAMED_RULES)]
        with self._connections.connection() as connection:
            rows = connection.execute(_UNFINISHED, asked).fetchall()
        return tuple((case_id, unanswered) for case_id, unanswered in rows)

    def forget_case(self, case_id: str) -> None:
        """Whoever asked erases the order, and with it what they asked: that they asked this person counts on."""
        with self._connections.connection() as connection:
            connection.execute(_FORGET, [case_id])

    def drop_forgotten(self, now: datetime) -> None:
        """What is left of requests about erased orders goes once no limit looks back so far."""
        query = "DELETE FROM consent_requests WHERE case_id = id AND asked <= %s"
        with self._connections.connection() as connection:
            connection.execute(query, [now - _LOOKED_BACK])

    def _where(self, condition: str, *values: object) -> Sequence[ConsentRequest]:
        with self._connections.connection() as connection:
            rows = connection.execute(f"{_FIELDS} WHERE {condition}", values).fetchall()
        return tuple(ConsentRequest(*row) for row in rows)


def answer_request(connection: RegistryConnection, request_id: str, state: RequestState, *, lease: str = "") -> None:
    """An open one is answered, within the transaction. Raises NotNow for one that is not open."""
    if not _close(connection, request_id, state, lease):
        raise NotNow("this request was answered, or does not wait any more")


def _close(connection: RegistryConnection, request_id: str, state: RequestState, lease: str = "") -> bool:
    query = (
        "UPDATE consent_requests SET state = %s, lease = %s, answered = clock_timestamp()"
        " WHERE id = %s AND state = 'open'"
    )
    return connection.execute(query, [state.value, lease, request_id]).rowcount == 1


def _require_few(connection: RegistryConnection, cameo: str, asker: str, now: datetime, most_a_day: int) -> None:
    """Raises NotNow where this asker asks too much, or this person has too much to answer."""
    asked = {
        "asker": asker,
        "account": account_of(asker),
        "cameo": cameo,
        "day": now - timedelta(days=1),
        "week": now - timedelta(days=7),
        "quiet": now - QUIET_AFTER_NO,
        "oldest": now - _LOOKED_BACK,
    }
    counts = connection.execute(_COUNTS, asked).fetchone() or (0,) * 8
    still_open, today, of_account, of_this_person, refused, waiting, by_account, refused_to_account = counts
    if refused or refused_to_account >= MOST_REFUSED_BY_ACCOUNT:
        raise NotNow("they said no lately: you can ask them again 30 days after that")
    if still_open >= MOST_OPEN:
        raise NotNow(f"{MOST_OPEN} requests of yours wait for an answer: wait for some of them")
    if today >= most_a_day or of_account >= MOST_A_DAY_BY_ACCOUNT:
        raise NotNow("you have asked too many people in 24 hours: ask again tomorrow")
    if by_account >= MOST_TO_ONE_BY_ACCOUNT:
        raise NotNow("this person was asked too often by this account in a week: ask again later")
    if of_this_person >= MOST_TO_ONE:
        raise NotNow(f"you have asked this person {MOST_TO_ONE} times in a week: ask again later")
    if waiting >= MOST_WAITING:
        raise NotNow("this person has too many requests to answer: ask again later")
