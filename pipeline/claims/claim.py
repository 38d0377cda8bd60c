"""What a claim is: a notice from outside about published videos, the answer to one, or an appeal."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from core.errors import NotFound

CLAIMS_ACTOR = "assay:claims"
"""Who did what the claims desk does by itself."""

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is read out as something else
_GROUPS, _GROUP = 4, 4


class ClaimKind(StrEnum):
    """What it is that somebody claims."""

    LIKENESS = "likeness"
    INTIMATE_IMAGE = "intimate_image"
    COPYRIGHT = "copyright"
    ESTATE = "estate"
    ILLEGAL_CONTENT = "illegal_content"
    TRADEMARK = "trademark"


class ClaimDecision(StrEnum):
    """What became of it. WITHDRAWN: whoever came took it back."""

    UPHELD = "upheld"
    PARTLY = "partly"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim; `id` is its tracking number. Of a person it holds `urls`, and ids of erasable texts.

    `law` is a row of the table of laws. `case_ids` are published videos that it is about, `upheld_ids` those for
    which it was upheld; `urls` is what was typed to name them, until it is erased, and `named_count` how many that
    were. `certain` says that they were named by address or found by our mark. `paused_at` is when they were taken
    down until it is decided, `removed_at` when they were down. A counter-notice names in `counter_of`, an appeal in
    `appeal_of` what it answers; `by_author` marks those of a video's author. `restore_from` is a counter-notice's:
    from then on videos are put back, unless `action_seen_at` says that the claimant went to court. `put_back_ids`
    are videos that are to go back, for `put_back_code`, until somebody has seen that all of them did.
    `carried_answers` are the answers to this claim whose decision was carried over to it. `proof_until` and
    `personal_until` are when proof, and all else that is personal, is erased; None while it is open. `proof_asked_at`
    is when a moderator last asked for proof, `proof_due_at` until when it is waited for, None where it is not any
    more; `proof_came_at` when it last came. `clock_stopped_at` is since when the clock stands still.
    """

    id: str
    secret_sha256: str
    kind: ClaimKind
    law: str
    received_at: datetime
    due_at: datetime | None = None
    decided_at: datetime | None = None
    decision: ClaimDecision | None = None
    decided_by: str = ""
    code: str = ""
    reason: str = ""
    removed_at: datetime | None = None
    paused_at: datetime | None = None
    restored_at: datetime | None = None
    restore_from: datetime | None = None
    action_seen_at: datetime | None = None
    escalated_at: datetime | None = None
    case_ids: tuple[str, ...] = ()
    upheld_ids: tuple[str, ...] = ()
    put_back_ids: tuple[str, ...] = ()
    put_back_code: str = ""
    carried_answers: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    named_count: int = 0
    certain: bool = False
    via_account: str = ""
    by_author: bool = False
    trusted_flagger: bool = False
    territory: str = ""
    language: str = "en"
    statements: tuple[str, ...] = ()
    counter_of: str | None = None
    appeal_of: str | None = None
    contact_text: str = ""
    statement_text: str = ""
    proof_text: str = ""
    proof_until: datetime | None = None
    personal_until: datetime | None = None
    proof_erased_at: datetime | None = None
    personal_erased_at: datetime | None = None
    proof_asked_at: datetime | None = None
    proof_due_at: datetime | None = None
    proof_came_at: datetime | None = None
    clock_stopped_at: datetime | None = None
    revision: int = 1

    @property
    def open(self) -> bool:
        """Whether nobody has decided about it."""
        return self.decided_at is None

    @property
    def comes_down(self) -> tuple[str, ...]:
        """The videos that this claim takes down, as it stands now."""
        if self.answers or self.restored_at is not None:
            return ()
        if self.decision in (ClaimDecision.UPHELD, ClaimDecision.PARTLY):
            return self.upheld_ids
        return self.case_ids if self.open and self.paused_at is not None else ()

    @property
    def answers(self) -> str:
        """The claim that this counter-notice or appeal answers; empty where it is neither."""
        return self.counter_of or self.appeal_of or ""

    def is_late(self, now: datetime) -> bool:
        """Whether its clock ran out: before it was done, or before `now` where it is not.

        What took the videos down in time met the clock, though the decision came later. While it stands still it does
        not run out.
        """
        if self.due_at is None:
            return False
        moments = (self.decided_at, self.removed_at, self.paused_at, self.clock_stopped_at)
        return min((at for at in moments if at is not None), default=now) > self.due_at

    def clock_goes_on(self, now: datetime) -> Claim:
        """The claim whose clock runs again: by as much later it is due as it stood still."""
        if self.clock_stopped_at is None:
            return self
        due = self.due_at + (now - self.clock_stopped_at) if self.due_at else None
        return replace(self, due_at=due, clock_stopped_at=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimStep:
    """Something that happened to a claim. `words` is the id of an erasable text."""

    step: str
    at: datetime
    by: str = ""
    code: str = ""
    words: str = ""


def new_tracking_number() -> str:
    """A random number that can be read out: 80 bits, so that nobody guesses somebody else's."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def parse_tracking_number(text: str) -> str:
    """A tracking number as people type it. Raises NotFound for what is none."""
    plain = "".join(c for c in text.upper() if c.isalnum())
    if len(plain) != _GROUPS * _GROUP or any(c not in _ALPHABET for c in plain):
        raise NotFound("there is no such claim")
    return "-".join(plain[start : start + _GROUP] for start in range(0, len(plain), _GROUP))


def new_claim_secret() -> str:
    """What is in the link to a claim's status page: 256 random bits."""
    return secrets.token_urlsafe(32)


def claim_secret_digest(secret: str) -> str:
    """What is kept of it."""
    return sha256(secret.encode()).hexdigest()
