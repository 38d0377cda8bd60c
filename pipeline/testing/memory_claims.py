"""Claims in the memory of one process."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, BinaryIO

from core.errors import Conflict, NotFound
from pipeline.claims.claim import Claim, ClaimKind, ClaimStep
from pipeline.claims.claim_files import parts_of
from pipeline.claims.claim_store import ClaimCount, ClaimFile, ClaimFilePurpose

_NEVER = datetime.max.replace(tzinfo=UTC)


class MemoryClaims:
    """ClaimStore for one process. `erased` says whether a key was destroyed, `guarded` whether a claim has to wait."""

    def __init__(
        self,
        erased: Callable[[str], bool] = lambda _key: False,
        guarded: Callable[[str], bool] = lambda _claim: False,
    ) -> None:
        self._claims: dict[str, Claim] = {}
        self._steps: dict[str, list[ClaimStep]] = {}
        self._files: dict[str, list[tuple[ClaimFile, bytes]]] = {}
        self._erased, self._guarded = erased, guarded

    def add(self, claim: Claim, step: ClaimStep) -> None:
        """As ClaimStore.add."""
        self._claims[claim.id] = claim
        self._steps[claim.id] = [step]

    def get(self, claim_id: str) -> Claim:
        """As ClaimStore.get."""
        try:
            return self._claims[claim_id]
        except KeyError:
            raise NotFound("there is no such claim") from None

    def by_secret(self, secret_sha256: str) -> Claim:
        """As ClaimStore.by_secret."""
        found = self._where(lambda one: one.secret_sha256 == secret_sha256)
        if not found:
            raise NotFound("there is no such claim")
        return found[0]

    def change(self, claim: Claim, step: ClaimStep) -> Claim:
        """As ClaimStore.change."""
        if self.get(claim.id).revision != claim.revision:
            raise Conflict("this claim has changed since you read it: read it again")
        self._claims[claim.id] = moved = replace(claim, revision=claim.revision + 1)
        self._steps[claim.id].append(step)
        return moved

    def steps(self, claim_id: str) -> Sequence[ClaimStep]:
        """As ClaimStore.steps."""
        return tuple(self._steps.get(claim_id, ()))

    def waiting(self, *, kind: ClaimKind | None = None, limit: int = 100, skip: int = 0) -> Sequence[Claim]:
        """As ClaimStore.waiting."""
        found = self._where(lambda one: one.open and kind in (None, one.kind))

        def turn(one: Claim) -> tuple[object, ...]:
            guarded = one.proof_came_at is None and self._guarded(one.id)
            return guarded, one.clock_stopped_at is not None, one.due_at or _NEVER, one.received_at, one.id

        found.sort(key=turn)
        return found[skip : skip + limit]

    def decided(self, *, kind: ClaimKind | None = None, limit: int = 100) -> Sequence[Claim]:
        """As ClaimStore.decided."""
        found = self._where(lambda one: not one.open and kind in (None, one.kind))
        return sorted(found, key=lambda one: one.decided_at or _NEVER, reverse=True)[:limit]

    def decided_since(self, since: datetime) -> Sequence[Claim]:
        """As ClaimStore.decided_since."""
        found = self._where(lambda one: one.decided_at is not None and one.decided_at >= since)
        return sorted(found, key=lambda one: (one.decided_at or _NEVER, one.id))

    def received_between(self, start: datetime, end: datetime) -> Sequence[Claim]:
        """As ClaimStore.received_between."""
        return self._where(lambda one: start <= one.received_at < end)

    def of_case(self, case_id: str) -> Sequence[Claim]:
        """As ClaimStore.of_case."""
        return self._where(lambda one: case_id in one.case_ids)[::-1]

    def of_account(self, account: str, *, limit: int = 100) -> Sequence[Claim]:
        """As ClaimStore.of_account."""
        return self._where(lambda one: bool(account) and one.via_account == account)[::-1][:limit]

    def answers_to(self, claim_id: str) -> Sequence[Claim]:
        """As ClaimStore.answers_to."""
        return self._where(lambda one: one.answers == claim_id)

    def to_escalate(self, before: datetime) -> Sequence[Claim]:
        """As ClaimStore.to_escalate."""
        running = self._where(lambda one: one.open and one.escalated_at is None and one.clock_stopped_at is None)
        found = [one for one in running if (one.due_at or _NEVER) < before]
        return sorted(found, key=lambda one: one.due_at or _NEVER)

    def to_restore(self, now: datetime) -> Sequence[Claim]:
        """As ClaimStore.to_restore."""
        found = self._where(
            lambda one: (one.restore_from or _NEVER) <= now and one.restored_at is None and one.action_seen_at is None
        )
        return sorted(found, key=lambda one: one.restore_from or _NEVER)

    def to_take_down(self) -> Sequence[Claim]:
        """As ClaimStore.to_take_down."""
        return self._where(lambda one: one.removed_at is None and bool(one.comes_down))

    def to_hide(self, laws: Sequence[str], before: datetime) -> Sequence[Claim]:
        """As ClaimStore.to_hide."""

        def waits(one: Claim) -> bool:
            return one.open and one.paused_at is None and not one.answers and bool(one.case_ids)

        return self._where(lambda one: waits(one) and one.law in laws and one.received_at < before)

    def to_put_back(self) -> Sequence[Claim]:
        """As ClaimStore.to_put_back."""
        return self._where(lambda one: bool(one.put_back_ids))

    def to_carry(self) -> Sequence[Claim]:
        """As ClaimStore.to_carry."""
        found = self._where(
            lambda one: one.answers and not one.open and one.id not in self.get(one.answers).carried_answers
        )
        return sorted(found, key=lambda one: (one.decided_at or _NEVER, one.id))

    def keeping_down(self) -> Sequence[str]:
        """As ClaimStore.keeping_down."""
        return sorted({case_id for one in self._claims.values() for case_id in one.comes_down})

    def proof_overdue(self, now: datetime) -> Sequence[Claim]:
        """As ClaimStore.proof_overdue."""
        found = self._where(lambda one: one.open and (one.proof_due_at or _NEVER) <= now)
        return sorted(found, key=lambda one: (one.proof_due_at or _NEVER, one.id))

    def to_erase(self, now: datetime) -> Sequence[Claim]:
        """As ClaimStore.to_erase."""

        def due(one: Claim) -> bool:
            proof = (one.proof_until or _NEVER) <= now and one.proof_erased_at is None
            return proof or (one.personal_erased_at is None and (one.personal_until or _NEVER) <= now)

        return sorted(self._where(due), key=lambda one: one.proof_until or _NEVER)

    def counts(self, now: datetime) -> Sequence[ClaimCount]:
        """As ClaimStore.counts."""
        found: dict[ClaimKind, list[Claim]] = {}
        for one in self._claims.values():
            found.setdefault(one.kind, []).append(one)
        return tuple(
            ClaimCount(
                kind=kind,
                open=sum(one.open for one in claims),
                late=sum(one.is_late(now) for one in claims),
                decided=sum(not one.open for one in claims),
            )
            for kind, claims in sorted(found.items())
        )

    def add_file(
        self, claim_id: str, content: BinaryIO, *, size: int, purpose: ClaimFilePurpose, media_type: str, key: str
    ) -> ClaimFile:
        """As ClaimStore.add_file."""
        del key
        file = ClaimFile(id=f"claimfile_{secrets.token_hex(8)}", purpose=purpose, media_type=media_type, size=size)
        self._files.setdefault(claim_id, []).append((file, b"".join(parts_of(content))))
        return file

    def files(self, claim_id: str) -> Sequence[ClaimFile]:
        """As ClaimStore.files."""
        return tuple(file for file, _content in self._files.get(claim_id, ()))

    def read_file(self, claim_id: str, file_id: str, *, key: str) -> Iterator[bytes]:
        """As ClaimStore.read_file."""
        for file, content in self._files.get(claim_id, ()):
            if file.id == file_id and not self._erased(key):
                return parts_of(BytesIO(content))
        raise NotFound("there is no such file")

    def erase_files(self, claim_id: str) -> int:
        """As ClaimStore.erase_files."""
        return len(self._files.pop(claim_id, ()))

    def _where(self, holds: Callable[[Claim], Any]) -> list[Claim]:
        return sorted((one for one in self._claims.values() if holds(one)), key=lambda one: (one.received_at, one.id))
