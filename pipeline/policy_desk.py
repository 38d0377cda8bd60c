"""What an operator may look at and do about the policy in force: the desk's part for the roll-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import Conflict
from pipeline.ledgers.stories import Stories
from pipeline.people import Person, Role, require
from pipeline.replaying import Tally, replay
from pipeline.rollout import Rollout, Status

COMPARED = 500  # cases; ids are random, so the first of them are a sample


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDesk:
    """Every method asks for an operator."""

    rollout: Rollout
    stories: Stories

    def status(self, who: Person) -> Status:
        """What is in force, what is tried, and the steps so far."""
        require(who, Role.OPERATOR)
        return self.rollout.status()

    def decided(self, who: Person) -> Mapping[str, Mapping[str, int]]:
        """How many verdicts each policy gave since the last step: by digest, by decision in lower case."""
        return decided(self.stories, self.status(who))

    def compared(self, who: Person) -> Tally | None:
        """What the candidate would have said of past cases, COMPARED at the most; None where nothing is staged."""
        now = self.status(who)
        if not now.candidate:
            return None
        tally = Tally(policy=now.candidate)
        for _page in replay(self.rollout.policing.policy(now.candidate), self.stories, tally, most=COMPARED):
            pass
        return tally

    def roll_back(self, who: Person, *, seen: int) -> Status:
        """Withdraw the candidate, or undo the last promotion. `seen` is how many steps the person saw.

        Raises Conflict where somebody took another step since: what is undone must be what was looked at.
        """
        self._unmoved(who, seen)
        return self.rollout.roll_back(who)

    def promote(self, who: Person, *, seen: int) -> Status:
        """Put the candidate in force for every case; `seen` as for roll_back."""
        self._unmoved(who, seen)
        return self.rollout.promote(who)

    def _unmoved(self, who: Person, seen: int) -> None:
        if len(self.status(who).steps) != seen:
            raise Conflict("somebody else took a step of the roll-out meanwhile: look again")


def decided(stories: Stories, status: Status) -> dict[str, dict[str, int]]:
    """As PolicyDesk.decided; empty where no step was taken yet."""
    found: dict[str, dict[str, int]] = {}
    if not status.steps or status.steps[-1].at is None:
        return found
    for (digest, decision), count in stories.decided(status.steps[-1].at).items():
        found.setdefault(digest, {})[decision.name.lower()] = count
    return found
