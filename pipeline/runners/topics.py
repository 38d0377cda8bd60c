"""Which worker runs which phases, and the topic that leads to it.

Workers take one ticket at a time. So what is quick, what waits for an engine and what keeps a GPU busy
are apart: a takedown must not stand behind somebody's render.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from core.case import Phase
from core.errors import BadInput

PhasesByRole = Mapping[str, tuple[Phase, ...]]

WORKER_ROLES: PhasesByRole = MappingProxyType(
    {
        "light": (Phase.SUBMITTED, Phase.SCREENED, Phase.ADMITTED, Phase.RECALLED),
        "render": (Phase.COMMISSIONED,),
        "gpu": (Phase.RENDERED, Phase.INSPECTED, Phase.CLEARED, Phase.SEALED),
    }
)


QUEUES: Mapping[Phase, str] = MappingProxyType({Phase.ADMITTED: "orders"})
"""Phases whose tickets have a topic of their own beside their role's: orders wait there while an engine is full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketQueue:
    """A topic of tickets, and the phases that are found there."""

    name: str
    topic: str
    phases: tuple[Phase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Names of topics and groups, all beginning with `prefix`; `roles` deals the phases out.

    `more` are topics beside them, with names of their own.
    """

    prefix: str = "assay"
    roles: PhasesByRole = field(default_factory=lambda: WORKER_ROLES)
    more: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        dealt = [phase for phases in self.roles.values() for phase in phases]
        if len(dealt) != len(set(dealt)):
            raise BadInput("a phase belongs to one role: two roles claim the same one")

    def of(self, phase: Phase) -> str:
        """The topic for tickets of this phase. Raises BadInput when no role takes it."""
        for queue in self.queues_of(self.roles):
            if phase in queue.phases:
                return queue.topic
        raise BadInput(f"no role takes cases that are {phase}: add the phase to one")

    def of_role(self, role: str) -> str:
        """The topic that leads to the workers of a role. Raises BadInput for a role that does not exist."""
        if role not in self.roles:
            raise BadInput(f"there is no role {role!r}: choose from {', '.join(self.roles)}")
        return self._named(role)

    def queues_of(self, roles: Collection[str]) -> tuple[TicketQueue, ...]:
        """Every topic of tickets that workers of these roles read. Raises BadInput for a role that does not exist."""
        queues = []
        for role in roles:
            topic, phases = self.of_role(role), self.roles[role]
            own = tuple(phase for phase in phases if phase not in QUEUES)
            queues.append(TicketQueue(name=role, topic=topic, phases=own))
            queues += [
                TicketQueue(name=QUEUES[p], topic=self._named(QUEUES[p]), phases=(p,)) for p in phases if p in QUEUES
            ]
        return tuple(queues)

    def _named(self, name: str) -> str:
        return f"{self.prefix}.tickets.{name}"

    @property
    def dead_letters(self) -> str:
        """Where messages go that are no tickets."""
        return f"{self.prefix}.dead-letters"

    def all(self) -> tuple[str, ...]:
        """Every topic."""
        return (*(queue.topic for queue in self.queues_of(self.roles)), self.dead_letters, *self.more)

    def phases_of(self, roles: Collection[str]) -> tuple[Phase, ...]:
        """What workers of these roles are willing to run."""
        return tuple(phase for role in self.roles if role in roles for phase in self.roles[role])

    def group(self, roles: Collection[str]) -> str:
        """The consumer group of workers that share exactly these roles."""
        return f"{self.prefix}-{'-'.join(sorted(roles))}"
