"""Claims over Postgres."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import datetime
from itertools import chain
from typing import Any, BinaryIO

from core.errors import Conflict, NotFound
from pipeline.at_rest.envelope import decrypt_bytes, encrypt_bytes, is_encrypted_under
from pipeline.claims.claim import Claim, ClaimDecision, ClaimKind, ClaimStep
from pipeline.claims.claim_files import parts_of
from pipeline.claims.claim_store import ClaimCount, ClaimFile, ClaimFilePurpose
from pipeline.ledgers.database import Database, DatabaseConnection
from pipeline.ledgers.texts import TextKeys

_COLUMNS = tuple(field.name for field in fields(Claim))
_NAMES = ", ".join(_COLUMNS)
_SELECT = f"SELECT {_NAMES} FROM claims"  # noqa: S608 - names of our own fields
_INSERT = f"INSERT INTO claims ({_NAMES}) VALUES ({', '.join(f'%({name})s' for name in _COLUMNS)})"  # noqa: S608
_UPDATE = (
    f"UPDATE claims SET {', '.join(f'{name} = %({name})s' for name in _COLUMNS if name != 'id')}"  # noqa: S608
    " WHERE id = %(id)s AND revision = %(seen)s"
)
_STEP = "INSERT INTO claim_steps (claim_id, revision, at, step, by, code, words) VALUES (%s, %s, %s, %s, %s, %s, %s)"
_FILE = "INSERT INTO claim_files (id, claim_id, purpose, media_type, size) VALUES (%s, %s, %s, %s, %s)"
_PART = "INSERT INTO claim_file_parts (file_id, number, sealed) VALUES (%s, %s, %s)"
_FILE_PARTS = """
SELECT sealed, (SELECT count(*) FROM claim_file_parts p WHERE p.file_id = f.id)
FROM claim_files f WHERE claim_id = %s AND id = %s
"""
_COMES_DOWN = (
    "counter_of IS NULL AND appeal_of IS NULL AND restored_at IS NULL"
    " AND ((decision IN ('upheld', 'partly') AND cardinality(upheld_ids) > 0)"
    " OR (decided_at IS NULL AND paused_at IS NOT NULL AND cardinality(case_ids) > 0))"
)
_KEEPING_DOWN = f"""
SELECT DISTINCT unnest(CASE WHEN decided_at IS NULL THEN case_ids ELSE upheld_ids END)
FROM claims WHERE {_COMES_DOWN} ORDER BY 1
"""  # noqa: S608 - our own condition
_GUARDED = (
    "proof_came_at IS NULL AND EXISTS (SELECT FROM claim_activity a WHERE a.claim = claims.id AND a.claim <> ''"
    " AND a.what IN ('behind', 'proof_first'))"
)
_TO_HIDE = """
decided_at IS NULL AND paused_at IS NULL AND counter_of IS NULL AND appeal_of IS NULL AND cardinality(case_ids) > 0
AND law = ANY (%s) AND received_at < %s ORDER BY received_at, id
"""
_TO_CARRY = """
decided_at IS NOT NULL AND coalesce(counter_of, appeal_of) IS NOT NULL AND NOT EXISTS (
    SELECT FROM claims AS first
    WHERE first.id = coalesce(claims.counter_of, claims.appeal_of) AND claims.id = ANY (first.carried_answers)
) ORDER BY decided_at, id
"""
_COUNTS = """
SELECT kind,
       count(*) FILTER (WHERE decided_at IS NULL),
       count(*) FILTER (WHERE due_at < least(decided_at, removed_at, paused_at, clock_stopped_at, %s)),
       count(*) FILTER (WHERE decided_at IS NOT NULL)
FROM claims GROUP BY kind ORDER BY kind
"""


class PostgresClaims:
    """ClaimStore over Postgres."""

    def __init__(self, database: Database, keys: TextKeys) -> None:
        """The tables are there: `open_database` made them. `keys` are those of cases' texts."""
        self._database, self._keys = database, keys

    def add(self, claim: Claim, step: ClaimStep) -> None:
        """As ClaimStore.add."""
        with self._database.connection() as connection:
            connection.execute(_INSERT, _row_of(claim))
            _add_step(connection, claim, step)

    def get(self, claim_id: str) -> Claim:
        """As ClaimStore.get."""
        found = self._where("id = %s", claim_id)
        if not found:
            raise NotFound("there is no such claim")
        return found[0]

    def by_secret(self, secret_sha256: str) -> Claim:
        """As ClaimStore.by_secret."""
        found = self._where("secret_sha256 = %s", secret_sha256)
        if not found:
            raise NotFound("there is no such claim")
        return found[0]

    def change(self, claim: Claim, step: ClaimStep) -> Claim:
        """As ClaimStore.change."""
        moved = replace(claim, revision=claim.revision + 1)
        with self._database.connection() as connection:
            if not connection.execute(_UPDATE, {**_row_of(moved), "seen": claim.revision}).rowcount:
                raise Conflict("this claim has changed since you read it: read it again")
            _add_step(connection, moved, step)
        return moved

    def steps(self, claim_id: str) -> Sequence[ClaimStep]:
        """As ClaimStore.steps."""
        query = "SELECT step, at, by, code, words FROM claim_steps WHERE claim_id = %s ORDER BY revision"
        with self._database.statements() as connection:
            rows = connection.execute(query, [claim_id]).fetchall()
        return tuple(ClaimStep(step=step, at=at, by=by, code=code, words=words) for step, at, by, code, words in rows)

    def waiting(self, *, kind: ClaimKind | None = None, limit: int = 100, skip: int = 0) -> Sequence[Claim]:
        """As ClaimStore.waiting."""
        where = (
            f"decided_at IS NULL AND (%s::text IS NULL OR kind = %s)"
            f" ORDER BY {_GUARDED}, clock_stopped_at IS NOT NULL, due_at NULLS LAST, received_at, id LIMIT %s OFFSET %s"
        )
        return self._where(where, kind, kind, limit, skip)

    def decided(self, *, kind: ClaimKind | None = None, limit: int = 100) -> Sequence[Claim]:
        """As ClaimStore.decided."""
        where = "decided_at IS NOT NULL AND (%s::text IS NULL OR kind = %s) ORDER BY decided_at DESC, id LIMIT %s"
        return self._where(where, kind, kind, limit)

    def decided_since(self, since: datetime) -> Sequence[Claim]:
        """As ClaimStore.decided_since."""
        return self._where("decided_at >= %s ORDER BY decided_at, id", since)

    def received_between(self, start: datetime, end: datetime) -> Sequence[Claim]:
        """As ClaimStore.received_between."""
        return self._where("received_at >= %s AND received_at < %s ORDER BY received_at, id", start, end)

    def of_case(self, case_id: str) -> Sequence[Claim]:
        """As ClaimStore.of_case."""
        return self._where("case_ids @> ARRAY[%s::text] ORDER BY received_at DESC, id", case_id)

    def of_account(self, account: str, *, limit: int = 100) -> Sequence[Claim]:
        """As ClaimStore.of_account."""
        return self._where("via_account = %s AND via_account <> '' ORDER BY received_at DESC LIMIT %s", account, limit)

    def answers_to(self, claim_id: str) -> Sequence[Claim]:
        """As ClaimStore.answers_to."""
        return self._where("coalesce(counter_of, appeal_of) = %s ORDER BY received_at, id", claim_id)

    def to_escalate(self, before: datetime) -> Sequence[Claim]:
        """As ClaimStore.to_escalate."""
        return self._where(
            "decided_at IS NULL AND escalated_at IS NULL AND clock_stopped_at IS NULL AND due_at < %s ORDER BY due_at",
            before,
        )

    def to_restore(self, now: datetime) -> Sequence[Claim]:
        """As ClaimStore.to_restore."""
        return self._where(
            "restore_from <= %s AND restored_at IS NULL AND action_seen_at IS NULL ORDER BY restore_from", now
        )

    def to_take_down(self) -> Sequence[Claim]:
        """As ClaimStore.to_take_down."""
        return self._where(f"removed_at IS NULL AND {_COMES_DOWN} ORDER BY received_at")

    def to_hide(self, laws: Sequence[str], before: datetime) -> Sequence[Claim]:
        """As ClaimStore.to_hide."""
        return self._where(_TO_HIDE, [*laws], before)

    def to_put_back(self) -> Sequence[Claim]:
        """As ClaimStore.to_put_back."""
        return self._where("cardinality(put_back_ids) > 0 ORDER BY received_at, id")

    def to_carry(self) -> Sequence[Claim]:
        """As ClaimStore.to_carry."""
        return self._where(_TO_CARRY)

    def keeping_down(self) -> Sequence[str]:
        """As ClaimStore.keeping_down."""
        with self._database.statements() as connection:
            return [row[0] for row in connection.execute(_KEEPING_DOWN).fetchall()]

    def proof_overdue(self, now: datetime) -> Sequence[Claim]:
        """As ClaimStore.proof_overdue."""
        return self._where("decided_at IS NULL AND proof_due_at <= %s ORDER BY proof_due_at, id", now)

    def to_erase(self, now: datetime) -> Sequence[Claim]:
        """As ClaimStore.to_erase."""
        return self._where(
            "(proof_erased_at IS NULL AND proof_until <= %s) OR (personal_erased_at IS NULL AND personal_until <= %s)"
            " ORDER BY proof_until, personal_until",
            now,
            now,
        )

    def counts(self, now: datetime) -> Sequence[ClaimCount]:
        """As ClaimStore.counts."""
        with self._database.statements() as connection:
            rows = connection.execute(_COUNTS, [now]).fetchall()
        return tuple(
            ClaimCount(kind=ClaimKind(kind), open=waiting, late=late, decided=decided)
            for kind, waiting, late, decided in rows
        )

    def add_file(
        self, claim_id: str, content: BinaryIO, *, size: int, purpose: ClaimFilePurpose, media_type: str, key: str
    ) -> ClaimFile:
        """As ClaimStore.add_file."""
        file_id, secret = f"claimfile_{secrets.token_hex(8)}", self._keys.make(key)
        with self._database.connection() as connection:
            connection.execute(_FILE, [file_id, claim_id, purpose, media_type, size])
            for number, part in enumerate(parts_of(content)):
                sealed = encrypt_bytes(part, secret, _context(claim_id, file_id, number))
                connection.execute(_PART, [file_id, number, sealed])
        return ClaimFile(id=file_id, purpose=purpose, media_type=media_type, size=size)

    def files(self, claim_id: str) -> Sequence[ClaimFile]:
        """As ClaimStore.files."""
        query = "SELECT id, purpose, media_type, size FROM claim_files WHERE claim_id = %s ORDER BY kept, id"
        with self._database.statements() as connection:
            rows = connection.execute(query, [claim_id]).fetchall()
        return tuple(
            ClaimFile(id=file_id, purpose=ClaimFilePurpose(purpose), media_type=media_type, size=size)
            for file_id, purpose, media_type, size in rows
        )

    def read_file(self, claim_id: str, file_id: str, *, key: str) -> Iterator[bytes]:
        """As ClaimStore.read_file."""
        with self._database.statements() as connection:
            row = connection.execute(_FILE_PARTS, [claim_id, file_id]).fetchone()
        if row is None:
            raise NotFound("there is no such file")
        whole, count = row
        if not count:  # from before there were parts
            return iter([self._unsealed(bytes(whole or b""), key, _context(claim_id, file_id))])
        first = self._read_part(claim_id, file_id, 0, key)  # now, so that what was erased is not begun
        return chain([first], (self._read_part(claim_id, file_id, number, key) for number in range(1, count)))

    def erase_files(self, claim_id: str) -> int:
        """As ClaimStore.erase_files."""
        with self._database.connection() as connection:
            return connection.execute("DELETE FROM claim_files WHERE claim_id = %s", [claim_id]).rowcount

    def _read_part(self, claim_id: str, file_id: str, number: int, key: str) -> bytes:
        query = "SELECT sealed FROM claim_file_parts WHERE file_id = %s AND number = %s"
        with self._database.statements() as connection:
            row = connection.execute(query, [file_id, number]).fetchone()
        return self._unsealed(bytes(row[0]) if row else b"", key, _context(claim_id, file_id, number))

    def _unsealed(self, sealed: bytes, key: str, context: str) -> bytes:
        secret = self._keys.get(key)
        if not is_encrypted_under(sealed, secret):
            raise NotFound("this file was erased")
        return decrypt_bytes(sealed, secret, context)

    def _where(self, condition: str, *values: object) -> Sequence[Claim]:
        with self._database.statements() as connection:
            rows = connection.execute(f"{_SELECT} WHERE {condition}", values).fetchall()
        return tuple(_claim_of(row) for row in rows)


def _row_of(claim: Claim) -> dict[str, Any]:
    row = {name: getattr(claim, name) for name in _COLUMNS}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}


def _claim_of(row: tuple[Any, ...]) -> Claim:
    values = dict(zip(_COLUMNS, row, strict=True))
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    decision = values["decision"]
    values["decision"] = ClaimDecision(decision) if decision else None
    values["kind"] = ClaimKind(values["kind"])
    return Claim(**values)


def _add_step(connection: DatabaseConnection, claim: Claim, step: ClaimStep) -> None:
    connection.execute(_STEP, [claim.id, claim.revision, step.at, step.step, step.by, step.code, step.words])


def _context(claim_id: str, file_id: str, number: int | None = None) -> str:
    return f"claim file {claim_id} {file_id}" + ("" if number is None else f" {number}")
