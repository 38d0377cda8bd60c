"""What the claims desk needs of others: stay-down, notices, and what guards the desk against abuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pipeline.claims.claim_limits import GuardedClaim


class StayDownPort(Protocol):
    """Keeps videos down that a claim took down: copies and remixes that come again are found and stopped."""

    def apply(self, claim_id: str, case_ids: Sequence[str], why: str) -> None:
        """From now on these videos and what is made of them stay down. Doing it again changes nothing."""

    def lift(self, claim_id: str) -> None:
        """What this claim kept down is not kept down by it any more."""

    def kept_by(self, claim_id: str) -> Sequence[str]:
        """The videos that this claim keeps down, without what was made of them."""


class ClaimLimitsPort(Protocol):
    """Guards the desk against floods and those who made false claims before."""

    def admit(self, claim_key: str, now: datetime, *, is_address: bool = False, spare: bool = False) -> None:
        """Count a claim from here. `claim_key` is a keyed hash of an e-mail address, or of where it comes from.

        Raises InsufficientQuota, unless it is to be spared, as claims of intimate images are.
        """

    def admit_proof(self, address_key: str, size: int, now: datetime) -> bool:
        """Whether so many bytes of proof are kept, of an address from which others came today."""

    def weigh(
        self, claim_id: str, now: datetime, *, sender_key: str = "", address_key: str, intimate: bool
    ) -> GuardedClaim | None:
        """Note who sent a claim that was admitted, and say whether it has to wait; None where it has not."""

    def guarded(self, claim_ids: Sequence[str]) -> Mapping[str, GuardedClaim]:
        """Those of these claims that have to wait, and why."""

    def reject(self, claim_id: str, now: datetime) -> None:
        """Nobody makes this claim in good faith: it counts against whoever sent it."""

    def forgive(self, claim_id: str) -> None:
        """It was not so, as an appeal showed."""

    def proved(self, claim_id: str) -> None:
        """What this claim waited for has come: it waits no longer than others."""

    def delete_old(self, now: datetime) -> int:
        """Delete what is known of senders and no rule looks at any more; how much that was."""


class ClaimNotices(Protocol):
    """Tells accounts something."""

    def notify(self, account: str, code: str, *, about: str = "", cameo: str = "") -> None:
        """Tell an account, or a role. The same again is not said twice."""
