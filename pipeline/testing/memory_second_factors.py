"""Second factors in memory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.access.second_factors import SecondFactor


class MemorySecondFactors:
    """Second factors for as long as the process lives."""

    def __init__(self) -> None:
        self._factors: dict[str, SecondFactor] = {}
        self._codes: dict[str, set[str]] = {}
        self._attempts: dict[str, tuple[int, datetime]] = {}

    def get(self, account: str) -> SecondFactor | None:
        """See SecondFactorStore."""
        return self._factors.get(account)

    def begin(self, factor: SecondFactor) -> bool:
        """See SecondFactorStore."""
        known = self._factors.get(factor.account)
        if known is not None and known.confirmed is not None:
            return False
        self._factors[factor.account] = factor
        return True

    def confirm(self, account: str, step: int, digests: Collection[str]) -> bool:
        """See SecondFactorStore."""
        known = self._factors.get(account)
        if known is None or known.confirmed is not None:
            return False
        self._factors[account] = replace(known, confirmed=datetime.now(UTC), last_step=step)
        self._codes[account] = set(digests)
        return True

    def accept_step(self, account: str, step: int) -> bool:
        """See SecondFactorStore."""
        known = self._factors.get(account)
        if known is None or known.last_step >= step:
            return False
        self._factors[account] = replace(known, last_step=step)
        return True

    def use_recovery_code(self, account: str, digest: str) -> bool:
        """See SecondFactorStore."""
        if digest not in self._codes.get(account, set()):
            return False
        self._codes[account].discard(digest)
        return True

    def replace_recovery_codes(self, account: str, digests: Collection[str]) -> None:
        """See SecondFactorStore."""
        self._codes[account] = set(digests)

    def recovery_codes_left(self, account: str) -> int:
        """See SecondFactorStore."""
        return len(self._codes.get(account, ()))

    def count_attempt(self, account: str, window: timedelta) -> int:
        """See SecondFactorStore."""
        count, since = self._attempts.get(account, (0, datetime.now(UTC)))
        if since < datetime.now(UTC) - window:
            count, since = 0, datetime.now(UTC)
        self._attempts[account] = count + 1, since
        return count + 1

    def clear_attempts(self, account: str) -> None:
        """See SecondFactorStore."""
        self._attempts.pop(account, None)

    def remove(self, account: str) -> None:
        """See SecondFactorStore."""
        for kept in (self._factors, self._codes, self._attempts):
            kept.pop(account, None)
