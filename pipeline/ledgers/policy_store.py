"""Policies by digest, and the steps of their roll-out. Never deleted, like events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from core.errors import BadInput, Conflict, NotFound
from pipeline.ledgers.database import Database

_FIELDS = "number, step, digest, coalesce(candidate, ''), share, by, at"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPolicy:
    """A policy as it was loaded: each file by its path in the folder, and the text of its profile or nothing."""

    digest: str
    files: Mapping[str, str]
    profile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStep:
    """A step of the roll-out: stage, promote, withdraw or rollback.

    `digest` is in force after it; `candidate`, where there is one, gets `share` percent of the cases.
    """

    number: int
    step: str
    digest: str
    candidate: str = ""
    share: float = 0.0
    by: str
    at: datetime | None = None


class PolicyStore(Protocol):
    """Stores policies."""

    def save(self, policy: StoredPolicy) -> None:
        """Store a policy.

        Of two with one digest the first is kept: they do not differ in anything that affects a verdict.
        """

    def find(self, digest: str) -> StoredPolicy:
        """The policy whose digest begins so. Raises NotFound, or BadInput where several do."""

    def current_step(self) -> RolloutStep | None:
        """The step that says what is in force; None where none was taken yet."""

    def steps(self) -> Sequence[RolloutStep]:
        """All steps in order."""

    def append_step(self, step: RolloutStep) -> RolloutStep:
        """Append the step with this number. Raises Conflict if it exists already."""


class PostgresPolicyStore:
    """PolicyStore over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def save(self, policy: StoredPolicy) -> None:
        """As PolicyStore.save."""
        row = [policy.digest, Jsonb(dict(policy.files)), policy.profile]
        with self._database.connection() as connection:
            connection.execute(
                "INSERT INTO policies (digest, files, profile) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", row
            )

    def find(self, digest: str) -> StoredPolicy:
        """As PolicyStore.find."""
        with self._database.statements() as connection:
            found = connection.execute(
                "SELECT digest, files, profile FROM policies WHERE starts_with(digest, %s) LIMIT 2",
                [require_digest_prefix(digest)],
            ).fetchall()
        return require_single_policy(
            [StoredPolicy(digest=name, files=files, profile=profile) for name, files, profile in found], digest
        )

    def current_step(self) -> RolloutStep | None:
        """As PolicyStore.current_step."""
        with self._database.statements() as connection:
            row = connection.execute(f"SELECT {_FIELDS} FROM policy_steps ORDER BY number DESC LIMIT 1").fetchone()  # noqa: S608
        return _step(row) if row else None

    def steps(self) -> Sequence[RolloutStep]:
        """As PolicyStore.steps."""
        with self._database.statements() as connection:
            rows = connection.execute(f"SELECT {_FIELDS} FROM policy_steps ORDER BY number").fetchall()  # noqa: S608
        return tuple(_step(row) for row in rows)

    def append_step(self, step: RolloutStep) -> RolloutStep:
        """As PolicyStore.append_step."""
        row = [step.number, step.step, step.digest, step.candidate or None, step.share, step.by]
        try:
            with self._database.connection() as connection:
                connection.execute(
                    "INSERT INTO policy_steps (number, step, digest, candidate, share, by)"
                    " VALUES (%s, %s, %s, %s, %s, %s)",
                    row,
                )
        except UniqueViolation:
            raise Conflict("somebody else took a step of the roll-out at this moment: look at its status") from None
        return step


def require_digest_prefix(digest: str) -> str:
    """The beginning of a digest, 4 to 64 hex digits. Raises BadInput."""
    if len(digest) < 4 or not set(digest) <= set("0123456789abcdef"):
        raise BadInput(f"{digest!r} is no digest of a policy: 4 to 64 hex digits")
    return digest


def require_single_policy(found: Sequence[StoredPolicy], digest: str) -> StoredPolicy:
    """The only one found. Raises NotFound where there is none, BadInput where there are several."""
    if not found:
        raise NotFound(f"no policy {digest} is kept here: assay policy status lists those that are")
    if len(found) > 1:
        raise BadInput(f"several policies begin with {digest}: give more digits")
    return found[0]


def _step(row: Sequence[object]) -> RolloutStep:
    names = ("number", "step", "digest", "candidate", "share", "by", "at")
    return RolloutStep(**dict(zip(names, row, strict=True)))  # type: ignore[arg-type]
