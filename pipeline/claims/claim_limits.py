"""Guards the claims desk against floods and repeated false claims, and never against somebody in an intimate image.

Nothing is dropped without a word: who is turned away is told the rule by its name and when to come again, and a claim
that has to wait carries the rule for which it waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from pipeline.access.usage import InsufficientQuota

_DAY = timedelta(days=1)


class ClaimGuard(StrEnum):
    """What a claim waits for beside its turn."""

    BEHIND = "behind"
    PROOF_FIRST = "proof_first"


class ClaimLimitRule(StrEnum):
    """The rules of the guard, by the names that claimants are told."""

    CLAIMS_PER_DAY = "claims_per_day"
    CLAIMS_PER_ADDRESS = "claims_per_address_day"
    FALSE_CLAIMS = "false_claims"


LIMIT_RULE_TEXTS: Mapping[ClaimLimitRule, str] = MappingProxyType(
    {
        ClaimLimitRule.CLAIMS_PER_DAY: "More claims came from this sender today than one may send.",
        ClaimLimitRule.CLAIMS_PER_ADDRESS: "More claims came from this internet address today than one may send.",
        ClaimLimitRule.FALSE_CLAIMS: "Several earlier claims of this sender were found to be false.",
    }
)
GUARD_TEXTS: Mapping[ClaimGuard, str] = MappingProxyType(
    {
        ClaimGuard.BEHIND: "It is looked at after those of others. Its clock runs all the same.",
        ClaimGuard.PROOF_FIRST: "It is looked at once you have proved who you are and what is yours.",
    }
)
"""What claimants are told, for each rule and for what follows from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLimitSizes:
    """How much is taken: claims in a day of a sender and of an address (0: any number), and how many false claims
    within which time are too many (0: any number); and how many bytes of proof of an address in a day.
    """

    per_day: int = 10
    per_address_day: int = 30
    false_claims: int = 3
    false_window: timedelta = timedelta(days=180)
    proof_bytes: int = 120 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedClaim:
    """That a claim has to wait, and because of which rule."""

    guard: ClaimGuard
    rule: ClaimLimitRule

    @property
    def message(self) -> str:
        """What the claimant is told."""
        return f"{LIMIT_RULE_TEXTS[self.rule]} {GUARD_TEXTS[self.guard]}"


class ClaimActivityStore(Protocol):
    """What was sent from where."""

    def take(self, key: str, now: datetime, *, most: int, since: datetime) -> datetime | None:
        """Count a claim where fewer than `most` came since then; else that one was turned away, and return when the
        oldest of those came. Of several at once no more are counted than there is room for.
        """

    def take_room(self, key: str, size: int, now: datetime, *, most: int, since: datetime) -> bool:
        """Whether there is room for so many bytes more since then, which are counted then."""

    def count(self, key: str, what: str, since: datetime) -> int:
        """How often that was noted of a key since then."""

    def note(self, keys: Sequence[str], claim: str, what: str, now: datetime, *, rule: str = "") -> None:
        """Note something of a claim; that it was sent, or rejected, once."""

    def senders(self, claim: str) -> Sequence[str]:
        """From where a claim was sent."""

    def guards(self, claims: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Guard and rule of those of these claims that have to wait."""

    def remove(self, claim: str, what: Sequence[str]) -> None:
        """Take back what was noted of a claim."""

    def delete_before(self, before: datetime) -> int:
        """Delete what is older; how many."""

    def totals(self, since: datetime) -> Mapping[str, int]:
        """How often each was noted since then, of a claim once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLimits:
    """The guard. Keys are keyed hashes that the caller made."""

    store: ClaimActivityStore
    sizes: ClaimLimitSizes = ClaimLimitSizes()

    def admit(self, claim_key: str, now: datetime, *, is_address: bool = False, spare: bool = False) -> None:
        """Count a claim from here. Raises InsufficientQuota where there were too many today, unless it is to be spared.

        `spare` is for intimate images: of those none is turned away, however many there are.
        """
        most = self.sizes.per_address_day if is_address else self.sizes.per_day
        if spare or not most:
            self.store.note([claim_key], "", "came", now)
            return
        oldest = self.store.take(claim_key, now, most=most, since=now - _DAY)
        if oldest is not None:
            rule = ClaimLimitRule.CLAIMS_PER_ADDRESS if is_address else ClaimLimitRule.CLAIMS_PER_DAY
            wait = max(1.0, (oldest + _DAY - now).total_seconds())
            said = f"{LIMIT_RULE_TEXTS[rule]} Come again later, or write to us. ({rule.value}: {most})"
            raise InsufficientQuota(said, retry_after=wait)

    def weigh(
        self, claim_id: str, now: datetime, *, sender_key: str = "", address_key: str, intimate: bool
    ) -> GuardedClaim | None:
        """Note who sent a claim that was admitted, and say whether it has to wait; None where it has not.

        `sender_key` is of what the sender gave, as an e-mail address; empty where they gave nothing. After repeated
        false claims proof comes first; an intimate image waits behind others at the most, and its clock runs.
        """
        keys = [key for key in (sender_key, address_key) if key]
        self.store.note(keys, claim_id, "sender", now)
        found = self._guard(sender_key, address_key, now, intimate=intimate)
        if found is not None:
            self.store.note(keys[:1], claim_id, found.guard.value, now, rule=found.rule.value)
        return found

    def admit_proof(self, address_key: str, size: int, now: datetime) -> bool:
        """Whether so many bytes of proof are kept, of an address from which others came today."""
        return self.store.take_room(address_key, size, now, most=self.sizes.proof_bytes, since=now - _DAY)

    def rejected(self, claim_key: str, claim_id: str, now: datetime) -> None:
        """A claim from here was found to be false: not merely unfounded, but such as nobody makes in good faith."""
        self.store.note([claim_key], claim_id, "rejected", now)

    def reject(self, claim_id: str, now: datetime) -> None:
        """The same of everybody who sent this claim."""
        for key in self.store.senders(claim_id):
            self.rejected(key, claim_id, now)

    def forgive(self, claim_id: str) -> None:
        """It was not false after all, as an appeal showed."""
        self.store.remove(claim_id, ("rejected",))

    def proved(self, claim_id: str) -> None:
        """What this claim waited for has come: it waits no longer than others."""
        self.store.remove(claim_id, tuple(ClaimGuard))

    def guarded(self, claim_ids: Sequence[str]) -> Mapping[str, GuardedClaim]:
        """Those of these claims that have to wait."""
        return {
            claim: GuardedClaim(guard=ClaimGuard(guard), rule=ClaimLimitRule(rule))
            for claim, (guard, rule) in self.store.guards(claim_ids).items()
        }

    def counts(self, since: datetime) -> Mapping[str, int]:
        """For statistics: how many were turned away, waited, and were found to be false since then, by what it was."""
        found = self.store.totals(since)
        return {what: found.get(what, 0) for what in ("turned_away", *ClaimGuard, "rejected")}

    def delete_old(self, now: datetime) -> int:
        """Delete what no rule looks at any more; how many rows. What claims wait for now stays as long."""
        return self.store.delete_before(now - max(self.sizes.false_window, _DAY))

    def _guard(self, sender: str, address: str, now: datetime, *, intimate: bool) -> GuardedClaim | None:
        sizes, false_since, today = self.sizes, now - self.sizes.false_window, now - _DAY
        false = max(self.store.count(key, "rejected", false_since) for key in (sender, address))
        if sizes.false_claims and false >= sizes.false_claims:
            guard = ClaimGuard.BEHIND if intimate else ClaimGuard.PROOF_FIRST
            return GuardedClaim(guard=guard, rule=ClaimLimitRule.FALSE_CLAIMS)
        for key, most, rule in (
            (sender, sizes.per_day, ClaimLimitRule.CLAIMS_PER_DAY),
            (address, sizes.per_address_day, ClaimLimitRule.CLAIMS_PER_ADDRESS),
        ):
            if most and self.store.count(key, "came", today) > most:  # only what is spared comes so far
                return GuardedClaim(guard=ClaimGuard.BEHIND, rule=rule)
        return None
