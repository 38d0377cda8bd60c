"""Where moderators answer whether a published video shows what a bank knows: a match with all that is known of it.

A bank keeps hashes and no pictures. So there is nothing to lay beside the video but what the entry says of itself:
which bank it is in, who added it, from where and why, and how often a person found it to be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from core.case import Phase
from core.errors import NotFound
from core.events import Published
from core.roles import Principal
from media.contact_sheet import contact_sheet
from media.sampling import sample_moments
from media.still_image import jpeg_bytes
from pipeline.known_footage.published_matches import PublishedMatches
from pipeline.moderation.sealed_hold import is_sealed
from registry.banks.bank_activity import PublishedMatch
from registry.banks.bank_entries import EntryChange, StoredEntry
from registry.banks.postgres_banks import PostgresBanks

MATCH_THRESHOLD = 0.5
"""From this score on the rules that come with Assay say that an entry is in a video."""

_STILLS = 6  # of the seconds in which it was found
_SIDE = 320  # pixels of the width of each


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMatch:
    """A match with its entry, where that still is, and everything that was done to it.

    `published`: since when the video is up; None where it is not. `conflict`: why this person may not decide, if so.
    `sealed`: nobody may view the video, so that there are no pictures to be asked for.
    """

    match: PublishedMatch
    entry: StoredEntry | None
    history: Sequence[EntryChange]
    published: datetime | None
    found_wrong: int
    conflict: str
    sealed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchDesk:
    """For moderators only: each method raises Forbidden for anybody else."""

    matches: PublishedMatches
    banks: PostgresBanks

    def queue(self, who: Principal, *, every: bool = False) -> Sequence[PublishedMatch]:
        """Matches that wait, the longest-waiting first; or every match, the newest first."""
        found = self.matches.open_matches(who, every=every)
        return found[::-1] if every else found

    def show(self, who: Principal, key: int) -> ShownMatch:
        """One match. Raises NotFound."""
        match = self.matches.match(who, key)
        ledger = self.matches.service.ledger
        case = ledger.load(match.case_id)
        up = case.phase is Phase.PUBLISHED
        published = [one.at for one in ledger.history(case.id) if isinstance(one.event, Published)] if up else []
        entries = self.banks.entries(keys=[match.entry])
        return ShownMatch(
            match=match,
            entry=entries[0] if entries else None,
            history=self.banks.history(match.entry),
            published=published[-1] if published else None,
            found_wrong=self.matches.activity.count_false(match.entry),
            conflict=self.matches.service.conflict(who, case) or "",
            sealed=is_sealed(case, self.matches.service.house_rules.sealed_rules),
        )

    def stills(self, who: Principal, key: int, folder: Path) -> bytes:
        """The pictures of the video in which it was found, as one JPEG. Raises NotFound, BadMedia, Forbidden where
        it is sealed.
        """
        match = self.matches.match(who, key)
        service = self.matches.service
        case = service.viewable(service.case(who, match.case_id))
        if case.rendered is None:
            raise NotFound("there is no video any more")
        file = service.context.blob_store.fetch(case.rendered.asset, folder / "video.bin")
        seconds = match.seconds
        places = sorted({round(place) for place in np.linspace(0, len(seconds) - 1, min(_STILLS, len(seconds)))})
        sample = sample_moments(file, [seconds[place] + 0.5 for place in places], max_side=_SIDE)
        pictures = [frame.rgb for frame in sample.frames]
        sheet = contact_sheet(pictures, columns=min(3, len(pictures)), tile_width=_SIDE)
        return jpeg_bytes(sheet, max_side=3 * _SIDE)

    def decide(self, who: Principal, key: int, *, recall: bool, code: str) -> PublishedMatch:
        """Answer it, with a reason. Raises as PublishedMatches.decide."""
        return self.matches.decide(who, key, recall=recall, code=code)
