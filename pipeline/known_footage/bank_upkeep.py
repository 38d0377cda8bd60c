"""What happens to banks without anybody asking: new hashes are compared, and what fires too often is taken out."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from time import monotonic

from core.errors import Unavailable
from pipeline.known_footage.published_matches import PublishedMatches
from pipeline.known_footage.quarantine import Quarantine

log = logging.getLogger("assay.banks")

_INTERVAL = 60.0  # seconds


@dataclass(slots=True, kw_only=True)
class BankUpkeep:
    """A maintenance task, in servers and workers: once a minute, of all that sweep at least one."""

    matches: PublishedMatches
    quarantine: Quarantine
    _next: float = field(init=False)

    def __post_init__(self) -> None:
        self._next = monotonic() + _INTERVAL

    def run_maintenance(self) -> None:
        """Do it, if it is time. What is away is logged and waited for: no case stands still for it."""
        if monotonic() < self._next:
            return
        try:
            self.quarantine.run()
            self.matches.run()
        except Unavailable as error:
            log.error("banks are not compared with what is published: %s", error)
        self._next = monotonic() + _INTERVAL
