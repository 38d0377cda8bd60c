"""Policies and the steps of their roll-out, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from threading import RLock

from core.errors import Conflict
from pipeline.ledgers.policy_store import RolloutStep, StoredPolicy, require_digest_prefix, require_single_policy


class MemoryPolicyStore:
    """PolicyStore for one process."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._kept: dict[str, StoredPolicy] = {}
        self._steps: list[RolloutStep] = []

    def save(self, policy: StoredPolicy) -> None:
        """As PolicyStore.save."""
        with self._lock:
            self._kept.setdefault(policy.digest, policy)

    def find(self, digest: str) -> StoredPolicy:
        """As PolicyStore.find."""
        prefix = require_digest_prefix(digest)
        with self._lock:
            return require_single_policy([one for name, one in self._kept.items() if name.startswith(prefix)], digest)

    def current_step(self) -> RolloutStep | None:
        """As PolicyStore.current_step."""
        with self._lock:
            return self._steps[-1] if self._steps else None

    def steps(self) -> Sequence[RolloutStep]:
        """As PolicyStore.steps."""
        with self._lock:
            return tuple(self._steps)

    def append_step(self, step: RolloutStep) -> RolloutStep:
        """As PolicyStore.append_step."""
        with self._lock:
            if step.number != len(self._steps) + 1:
                raise Conflict("somebody else took a step of the roll-out at this moment: look at its status")
            self._steps.append(replace(step, at=datetime.now(UTC)))
        return step
