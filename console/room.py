"""What every request can reach: the house, its sessions, its limits. Made once by create_app."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import anyio
from fastapi import Depends, Request

from console.house import House
from console.pace import Pace
from console.sessions import Sessions
from console.throttle import Seats, Throttle
from pipeline.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The house and what the web adds to it. `looking` bounds how many files are examined at once."""

    house: House
    sessions: Sessions
    logins: Throttle = field(default_factory=Throttle)
    seats: Seats = field(default_factory=Seats)
    pace: Pace = field(default_factory=Pace)
    looking: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(2))

    @property
    def desk(self) -> Desk:
        """Everything a person may do."""
        return self.house.desk

    @property
    def uploads(self) -> Path:
        """Where files that people send lie for a moment."""
        return self.house.settings.root / "uploads"

    @property
    def upload_bytes(self) -> int:
        """The largest file that is accepted."""
        return self.house.settings.max_upload_mb * 1024**2


def room_of(request: Request) -> Room:
    """The room of the app that serves this request."""
    room: Room = request.app.state.room
    return room


def address_of(request: Request) -> str:
    """Where a request comes from, as far as the server knows."""
    return request.client.host if request.client else "unknown"


In = Annotated[Room, Depends(room_of)]
