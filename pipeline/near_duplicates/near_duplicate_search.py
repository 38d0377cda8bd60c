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

    from provenance.fingerprint.perceptual_hash import SearchHashes
    from provenance.verification.recovery import Modality, SimilarVideo
    from registry.near_duplicates.fingerprint_index import FingerprintMatch


class FingerprintLookup(Protocol):
    """An index of fingerprints (registry.near_duplicates.ledger_fingerprints)."""

    def search(self, probes: NDArray[np.uint8], seconds: Sequence[int], *, most: int = 5) -> list[FingerprintMatch]:
        """Cases whose video looks, or sounds, like this."""

    def any(self) -> bool:
        """Whether there is anything to be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicateSearch:
    """Both indexes."""

    video_index: FingerprintLookup
    audio_index: FingerprintLookup

    def find(self, path: Path, *, limit: int = 5, modality: Modality | None = None) -> list[SimilarVideo]:
        """The nearest first, and of those that are equally near the one that was sealed first; at most so many of each.

        `modality` asks for one of the two only. A video is looked at mirrored as well. Raises BadMedia for what can
        neither
        be looked at nor listened to.
        """
        searches: dict[Modality, Callable[[Path, int], list[SimilarVideo]]] = {
            "looks": self._by_looks,
            "sound": self._by_sound,
        }
        asked = [search for kind, search in searches.items() if modality in (None, kind)]
        found: list[SimilarVideo] = []
        failures: list[BadMedia] = []
        for search in asked:
            try:
                found += search(path, limit)
            except BadMedia as error:
                failures.append(error)
        if len(failures) == len(asked):
            raise failures[0]
        return sorted(found, key=lambda one: -one.share)

    def _by_looks(self, path: Path, most: int) -> list[SimilarVideo]:
        from provenance.fingerprint.video_search_hashes import video_search_hashes

        return _search_index(self.video_index, lambda: video_search_hashes(path), most, "looks")

    def _by_sound(self, path: Path, most: int) -> list[SimilarVideo]:
        from media.audio_decode import decode_mono_audio
        from provenance.fingerprint.sound_fingerprint import sound_search_hashes

        return _search_index(self.audio_index, lambda: (sound_search_hashes(decode_mono_audio(path)),), most, "sound")


def _search_index(
    index: FingerprintLookup, looks: Callable[[], Sequence[SearchHashes]], most: int, by: Modality
) -> list[SimilarVideo]:
    if not index.any():
        return []
    found = [match for look in looks() if look.seconds for match in index.search(look.hashes, look.seconds, most=most)]
    best: dict[str, FingerprintMatch] = {}
    for match in sorted(found, key=_ranking, reverse=True):
        best[match.id] = match
    return [_similar(one, by) for one in sorted(best.values(), key=_ranking)[:most]]


def _ranking(one: FingerprintMatch) -> tuple[float, float, str]:
    return -one.share, one.sealed_at.timestamp() if one.sealed_at else 0.0, one.id


def _similar(one: FingerprintMatch, by: Modality) -> SimilarVideo:
    from provenance.verification.recovery import SimilarVideo

    at = one.sealed_at.isoformat(timespec="seconds") if one.sealed_at else ""
    return SimilarVideo(case_id=one.id, share=one.share, seconds=one.seconds, sealed_at=at, modality=by)
