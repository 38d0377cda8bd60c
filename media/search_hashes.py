"""What a file is looked up by among what was sealed: computed by provenance.fingerprint, searched by the registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Modality = Literal["looks", "sound"]
"""Whether pictures are compared, or sound."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchHashes:
    """Hashes (n, 32), of pictures or of sound, with the second of each."""

    hashes: NDArray[np.uint8]
    seconds: tuple[int, ...]


def hash_similarity(distance: int, copy: int, chance: int) -> float:
    """A Hamming distance as a score: 1.0 at 0, 0.5 at the limit of a copy, 0.0 at chance. Falls monotonically."""
    if distance <= copy:
        return 1.0 - 0.5 * distance / copy
    return max(0.0, 0.5 * (chance - distance) / (chance - copy))
