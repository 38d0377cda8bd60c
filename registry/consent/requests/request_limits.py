"""How long a request for consent waits, and how many one asker may make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """How long a request waits for an answer, and how many one asker may make in 24 hours."""

    lifetime: timedelta = timedelta(days=14)
    most_a_day: int = 20
