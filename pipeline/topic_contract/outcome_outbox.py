"""What is still to be told of cases that were asked for over a topic."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingOutcome:
    """What a case was at a revision has to be told on a topic."""

    case_id: str
    revision: int
    request: str
    account: str
    topic: str


@dataclass(frozen=True, slots=True)
class OutcomeBatch:
    """The oldest outcomes. Those that whoever sends them adds to `kept` stay in the outbox."""

    pending: tuple[PendingOutcome, ...]
    kept: set[PendingOutcome] = field(default_factory=set)


class OutcomeOutbox(Protocol):
    """Outcomes that have to be told, filled by the ledger's own transactions."""

    def follow(self, case_id: str, *, request: str, account: str, topic: str) -> bool:
        """From now on tell what becomes of this case, beginning with how it stands. False if that was so already.

        Raises NotFound.
        """

    def take(self, limit: int) -> AbstractContextManager[OutcomeBatch]:
        """The oldest outcomes, for nobody else meanwhile; forgotten once the context ends without an error."""
