"""Where rights holders act, and whoever verifies them: one entrance for pages, API and commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.errors import Unavailable
from pipeline.rights.holder_matches import HolderMatches
from pipeline.rights.holder_verification import HolderVerification
from pipeline.rights.holder_works import HolderWorks
from pipeline.rights.work_sound_service import WorkSoundService


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsDesk:
    """Verification, works with what is allowed of them, their sounds, and what matched."""

    verification: HolderVerification
    works: HolderWorks
    matches: HolderMatches
    sounds: WorkSoundService

    def run_maintenance(self, now: datetime | None = None) -> None:
        """What has to happen without anybody asking: holders hear of drafts that wait for them."""
        del now
        self.matches.remind()


def require_rights_desk(desk: RightsDesk | None) -> RightsDesk:
    """The desk, where there is one. Raises Unavailable."""
    if desk is None:
        raise Unavailable("no rights holders can register here")
    return desk
