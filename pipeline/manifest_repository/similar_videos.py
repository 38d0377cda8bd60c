"""Sealed videos that a file looks or sounds like, where nothing in it says so itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BadMedia
from registry.near_duplicates import FingerprintMatch, NearDuplicateSearch

if TYPE_CHECKING:  # what looks at pictures takes half a second to import, and most commands look at none
    from media.search_hashes import Modality, SearchHashes
    from provenance.verification.recovery import SimilarVideo

_MODALITIES: tuple[Modality, ...] = ("looks", "sound")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarVideoSearch:
    """Fingerprints a file as provenance does, and asks the registry for its near duplicates."""

    near_duplicates: NearDuplicateSearch

    def find(self, path: Path, *, limit: int = 5, modality: Modality | None = None) -> list[SimilarVideo]:
        """The nearest first, and of those that are equally near the one that was sealed first; at most so many of each.

        `modality` asks for one of the two only. A video is looked at mirrored as well. Raises BadMedia for what can
        neither be looked at nor listened to.
        """
        asked = [modality] if modality else _MODALITIES
        found: list[SimilarVideo] = []
        failures: list[BadMedia] = []
        for kind in asked:
            try:
                if self.near_duplicates.any(kind):
                    matches = self.near_duplicates.nearest(kind, _search_hashes(path, kind), limit=limit)
                    found += [_similar(one, kind) for one in matches]
            except BadMedia as error:
                failures.append(error)
        if len(failures) == len(asked):
            raise failures[0]
        return sorted(found, key=lambda one: -one.share)


def _search_hashes(path: Path, modality: Modality) -> Sequence[SearchHashes]:
    if modality == "looks":
        from provenance.fingerprint.video_search_hashes import video_search_hashes

        return video_search_hashes(path)
    from media.audio_decode import decode_mono_audio
    from provenance.fingerprint.sound_fingerprint import sound_search_hashes

    return (sound_search_hashes(decode_mono_audio(path)),)


def _similar(one: FingerprintMatch, by: Modality) -> SimilarVideo:
    from provenance.verification.recovery import SimilarVideo

    at = one.sealed_at.isoformat(timespec="seconds") if one.sealed_at else ""
    return SimilarVideo(
        case_id=one.id, share=one.share, seconds=one.seconds, sealed_at=at, modality=by, seconds_found=one.at
    )
