"""Near duplicates among what was sealed: which videos look or sound like the one that is asked about.

Others import from here, and not from the modules. `open_near_duplicate_search` gives the search over what the ledger
holds. A fingerprint itself is computed by provenance.fingerprint, since sealing writes it.
"""

from registry.near_duplicates.fingerprint_index import (
    MAX_HAMMING_DISTANCE,
    MAX_SOUND_DISTANCE,
    FingerprintIndex,
    FingerprintMatch,
    rank_matches,
)
from registry.near_duplicates.hash_tables import FINGERPRINT_BYTES
from registry.near_duplicates.ledger_fingerprints import LedgerFingerprints
from registry.near_duplicates.near_duplicate_search import NearDuplicateSearch, open_near_duplicate_search

__all__ = [
    "FINGERPRINT_BYTES",
    "MAX_HAMMING_DISTANCE",
    "MAX_SOUND_DISTANCE",
    "FingerprintIndex",
    "FingerprintMatch",
    "LedgerFingerprints",
    "NearDuplicateSearch",
    "open_near_duplicate_search",
    "rank_matches",
]
