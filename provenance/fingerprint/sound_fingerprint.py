"""A fingerprint of what a video sounds like: 256 bits a second, to find it again by its sound alone."""

from __future__ import annotations

from media.lookup.sound_hashes import hashed_seconds, spread_sound_hashes
from media.search_hashes import SearchHashes
from media.video import MonoAudio
from provenance.fingerprint.video_fingerprint import FingerprintEntry

_MAX_SEARCH_SECONDS = 10


def sound_fingerprint(heard: MonoAudio | None) -> tuple[str, ...]:
    """One entry for each whole second as `second:hex:quality`, as fingerprint() writes them; nothing without sound."""
    found = hashed_seconds(heard) if heard else ()
    return tuple(
        str(FingerprintEntry(second=second, bits=bits.hex(), quality=quality)) for second, bits, quality in found
    )


def sound_search_hashes(heard: MonoAudio | None) -> SearchHashes:
    """How a stranger's file sounds, to be looked up: ten seconds of it at the most, evenly spread.

    Each is listened to from OFFSETS_PER_SECOND beginnings, since a copy may be cut anywhere. Seconds without much
    sound, or whose sound does not change, are left out: they sound like any other.
    """
    return spread_sound_hashes(heard, _MAX_SEARCH_SECONDS)
