"""Sealed videos that a file looks or sounds like, where nothing in it says so itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.errors import BadMedia

if TYPE_CHECKING:  # what looks at pictures takes half a second to import, and most commands look at none
    import numpy as np
    from numpy.typing import NDArray

    from provenance.look import Look
    from provenance.recovery import By, Similar
    from registry.fingerprints import Match


class Lookalikes(Protocol):
    """An index of fingerprints (registry.fingerprints_live)."""

    def search(self, probes: NDArray[np.uint8], seconds: Sequence[int], *, most: int = 5) -> list[Match]:
        """Cases whose video looks, or sounds, like this."""

    def any(self) -> bool:
        """Whether there is anything to be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Both indexes."""

    looks: Lookalikes
    sounds: Lookalikes

    def find(self, path: Path, *, most: int = 5, by: By | None = None) -> list[Similar]:
        """The nearest first, and of those that are equally near the one that was sealed first; at most so many of each.

        `by` asks for one of the two only. A video is looked at mirrored as well. Raises BadMedia for what can neither
        be looked at nor listened to.
        """
        searches: dict[By, Callable[[Path, int], list[Similar]]] = {"looks": self._by_looks, "sound": self._by_sound}
        asked = [search for kind, search in searches.items() if by in (None, kind)]
        found: list[Similar] = []
        failures: list[BadMedia] = []
        for search in asked:
            try:
                found += search(path, most)
            except BadMedia as error:
                failures.append(error)
        if len(failures) == len(asked):
            raise failures[0]
        return sorted(found, key=lambda one: -one.share)

    def _by_looks(self, path: Path, most: int) -> list[Similar]:
        from provenance.likeness import looks_of

        return _nearest(self.looks, lambda: looks_of(path), most, "looks")

    def _by_sound(self, path: Path, most: int) -> list[Similar]:
        from media.hearing import listen
        from provenance.sound_print import sounds_of

        return _nearest(self.sounds, lambda: (sounds_of(listen(path)),), most, "sound")


def _nearest(index: Lookalikes, looks: Callable[[], Sequence[Look]], most: int, by: By) -> list[Similar]:
    if not index.any():
        return []
    found = [match for look in looks() if look.seconds for match in index.search(look.hashes, look.seconds, most=most)]
    best: dict[str, Match] = {}
    for match in sorted(found, key=_order, reverse=True):
        best[match.id] = match
    return [_similar(one, by) for one in sorted(best.values(), key=_order)[:most]]


def _order(one: Match) -> tuple[float, float, str]:
    return -one.share, one.sealed_at.timestamp() if one.sealed_at else 0.0, one.id


def _similar(one: Match, by: By) -> Similar:
    from provenance.recovery import Similar

    at = one.sealed_at.isoformat(timespec="seconds") if one.sealed_at else ""
    return Similar(case_id=one.id, share=one.share, seconds=one.seconds, sealed_at=at, by=by)
