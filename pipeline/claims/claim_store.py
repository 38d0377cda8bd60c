"""How claims are kept: the port, and what of a claim's files it gives back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol

from pipeline.claims.claim import Claim, ClaimKind, ClaimStep


class ClaimFilePurpose(StrEnum):
    """What a file shows: who somebody is, that they may speak for another, or the work that it is about."""

    IDENTITY = "identity"
    AUTHORITY = "authority"
    WORK = "work"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFile:
    """A file that came with a claim, without its bytes."""

    id: str
    purpose: ClaimFilePurpose
    media_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCount:
    """How many claims of a kind there are: open ones, those whose clock ran out, those decided."""

    kind: ClaimKind
    open: int
    late: int
    decided: int


class ClaimStore(Protocol):
    """Claims, their steps, and their files."""

    def add(self, claim: Claim, step: ClaimStep) -> None:
        """Keep a new claim, with its first step."""

    def get(self, claim_id: str) -> Claim:
        """By its tracking number. Raises NotFound."""

    def by_secret(self, secret_sha256: str) -> Claim:
        """By the digest of the secret in its link. Raises NotFound."""

    def change(self, claim: Claim, step: ClaimStep) -> Claim:
        """The claim with one more step, stored as it is given; its revision is raised.

        Raises Conflict where it changed since it was read.
        """

    def steps(self, claim_id: str) -> Sequence[ClaimStep]:
        """What happened to it, in order."""

    def waiting(self, *, kind: ClaimKind | None = None, limit: int = 100, skip: int = 0) -> Sequence[Claim]:
        """Claims that nobody has decided about, the first due first; those without a clock last, behind them those
        whose clock stands still, and behind all of them those that the guard lets wait, until their proof came. `skip`
        leaves out so many of the first.
        """

    def decided(self, *, kind: ClaimKind | None = None, limit: int = 100) -> Sequence[Claim]:
        """Claims that were decided, the newest decision first."""

    def decided_since(self, since: datetime) -> Sequence[Claim]:
        """Claims, counter-notices and appeals that were decided from then on."""

    def received_between(self, start: datetime, end: datetime) -> Sequence[Claim]:
        """Claims received from `start` on and before `end`, in the order in which they came."""

    def of_case(self, case_id: str) -> Sequence[Claim]:
        """Claims that are about this video, the newest first."""

    def of_account(self, account: str, *, limit: int = 100) -> Sequence[Claim]:
        """Claims that came through this account, the newest first."""

    def answers_to(self, claim_id: str) -> Sequence[Claim]:
        """Counter-notices and appeals that answer this claim, in the order in which they came."""

    def to_escalate(self, before: datetime) -> Sequence[Claim]:
        """Open claims whose clock runs, and out before then, and that nobody was told of."""

    def to_restore(self, now: datetime) -> Sequence[Claim]:
        """Counter-notices whose wait is over, that nobody went to court about, and whose videos are still down."""

    def to_take_down(self) -> Sequence[Claim]:
        """Claims whose videos are to be down and of which nobody has seen yet that they are."""

    def to_hide(self, laws: Sequence[str], before: datetime) -> Sequence[Claim]:
        """Open claims under these laws, received before then, whose videos were found and are not hidden."""

    def to_put_back(self) -> Sequence[Claim]:
        """Claims of which something is to go back, and nobody has seen yet that it did."""

    def to_carry(self) -> Sequence[Claim]:
        """Counter-notices and appeals that were decided and not yet carried over to the claim that they answer."""

    def keeping_down(self) -> Sequence[str]:
        """Every video that a claim takes down, as claims stand now."""

    def proof_overdue(self, now: datetime) -> Sequence[Claim]:
        """Open claims whose proof has been waited for for long enough."""

    def to_erase(self, now: datetime) -> Sequence[Claim]:
        """Claims whose proof or personal data has been kept for long enough."""

    def counts(self, now: datetime) -> Sequence[ClaimCount]:
        """How many there are of each kind."""

    def add_file(
        self, claim_id: str, content: BinaryIO, *, size: int, purpose: ClaimFilePurpose, media_type: str, key: str
    ) -> ClaimFile:
        """Keep a file of so many bytes, encrypted under the key of this name; it is read a part at a time."""

    def files(self, claim_id: str) -> Sequence[ClaimFile]:
        """The files that are kept of it, in the order in which they came."""

    def read_file(self, claim_id: str, file_id: str, *, key: str) -> Iterator[bytes]:
        """A file's bytes, part by part. Raises NotFound at once, also where its key was destroyed; later where that
        happens while it is read.
        """

    def erase_files(self, claim_id: str) -> int:
        """Delete the files of a claim; returns how many. Their key is destroyed by whoever made it."""
