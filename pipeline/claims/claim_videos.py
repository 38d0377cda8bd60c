"""Which published videos a claim is about: named by address or number, or found in a file by our mark or by looks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.errors import BadMedia, NotFound
from core.finding import Finding
from core.ports import Ledger

SURE_SHARE = 0.9
"""From this share of a file's seconds on that look like a sealed video, it is taken to be that video's copy."""

MAX_CLAIMED_VIDEOS = 20
"""How many videos one claim is about at most."""

_CASE_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])")


def named_numbers(about: Iterable[str]) -> tuple[str, ...]:
    """What can be the number of a video in these texts, each once."""
    return tuple(dict.fromkeys(one for text in about for one in _CASE_ID.findall(text.lower())))


class LikenessOfVideo(Protocol):
    """A sealed video that a file looks like."""

    @property
    def case_id(self) -> str:
        """Its case."""

    @property
    def share(self) -> float:
        """The share of the file's seconds that were found in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundVideos:
    """The cases that were found. `certain`: all of them were named, or carry our mark; `from_file`: a file was sent;
    `unread`: it could not be looked at.
    """

    case_ids: tuple[str, ...] = ()
    certain: bool = False
    from_file: bool = False
    unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedVideos:
    """Finds them. `verify` looks for marks in a file, `similar` for sealed videos that it looks like: both in the
    sandbox, within the budget of whoever calls.
    """

    ledger: Ledger
    verify: Callable[[Path], Finding]
    similar: Callable[[Path], Sequence[LikenessOfVideo]]

    def named(self, about: Iterable[str]) -> FoundVideos:
        """By addresses and numbers: what has the number of a sealed case in it. Nothing after the first 20 is looked
        up: whoever names more is told so.
        """
        ids = tuple(filter(self._is_sealed, named_numbers(about)[:MAX_CLAIMED_VIDEOS]))
        return FoundVideos(case_ids=ids, certain=bool(ids))

    def in_file(self, path: Path) -> FoundVideos:
        """By what a file carries, or else by what it looks like. Raises BadMedia for what cannot be looked at."""
        finding = self.verify(path)
        named = (finding.case or {}).get("id") or finding.watermark.case_id or ""
        if named and self._is_sealed(named):
            return FoundVideos(case_ids=(named,), certain=True, from_file=True)
        try:
            alike = [one.case_id for one in self.similar(path) if one.share >= SURE_SHARE]
        except BadMedia:
            alike = []
        return FoundVideos(case_ids=tuple(dict.fromkeys(filter(self._is_sealed, alike))), from_file=True)

    def both(self, about: Iterable[str], path: Path | None) -> FoundVideos:
        """By addresses, and by a file where one was sent."""
        named = self.named(about)
        if path is None:
            return named
        seen = self.in_file(path)
        ids = tuple(dict.fromkeys((*named.case_ids, *seen.case_ids)))[:MAX_CLAIMED_VIDEOS]
        certain = bool(ids) and all(one.certain for one in (named, seen) if one.case_ids)
        return FoundVideos(case_ids=ids, certain=certain, from_file=True)

    def _is_sealed(self, case_id: str) -> bool:
        try:
            return self.ledger.load(case_id).sealed is not None
        except NotFound:
            return False
