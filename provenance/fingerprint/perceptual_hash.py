"""What a stranger's file is looked up by among what was sealed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchHashes:
    """Hashes (n, 32), of pictures or of sound, with the second of each."""

    hashes: NDArray[np.uint8]
    seconds: tuple[int, ...]
