"""Asking both indexes: the sealed videos that look like one, and those that sound like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from media.search_hashes import Modality, SearchHashes
from registry.near_duplicates.fingerprint_index import MAX_SOUND_DISTANCE, FingerprintMatch
from registry.near_duplicates.ledger_fingerprints import LedgerFingerprints
from registry.table_cache import ConnectionProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicateSearch:
    """An index of pictures and one of sound."""

    video_index: LedgerFingerprints
    audio_index: LedgerFingerprints

    def any(self, modality: Modality) -> bool:
        """Whether there is anything to be found: if not, no file need be decoded for it. Raises Unavailable."""
        return self._index(modality).any()

    def nearest(self, modality: Modality, probes: Sequence[SearchHashes], *, limit: int = 5) -> list[FingerprintMatch]:
        """The nearest first, and of those that are equally near the one that was sealed first; at most so many.

        Several probes are several views of one file, such as the mirrored one; a video counts as near as its nearest
        view. A probe without a second that can be searched finds nothing. Raises Unavailable.
        """
        index = self._index(modality)
        found = [
            match
            for probe in probes
            if probe.seconds
            for match in index.search(probe.hashes, probe.seconds, most=limit)
        ]
        best: dict[str, FingerprintMatch] = {}
        for match in sorted(found, key=_ranking, reverse=True):
            best[match.id] = match
        return sorted(best.values(), key=_ranking)[:limit]

    def _index(self, modality: Modality) -> LedgerFingerprints:
        return self.video_index if modality == "looks" else self.audio_index


def open_near_duplicate_search(connections: ConnectionProvider, folder: Path) -> NearDuplicateSearch:
    """The search over what the ledger holds, with its files in this folder. Reads nothing before the first question."""
    sound = LedgerFingerprints(connections, folder, field="sound", max_distance=MAX_SOUND_DISTANCE, multi_probe=False)
    return NearDuplicateSearch(video_index=LedgerFingerprints(connections, folder), audio_index=sound)


def _ranking(one: FingerprintMatch) -> tuple[float, float, str]:
    return -one.share, one.sealed_at.timestamp() if one.sealed_at else 0.0, one.id
