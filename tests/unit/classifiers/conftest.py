"""Galleries and banks that fit in a test."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest


class ListedFaces:
    """A gallery of the templates it is given."""

    def __init__(self, *faces: tuple[str, str, np.ndarray]) -> None:
        self._faces = faces

    @property
    def size(self) -> int:
        return len(self._faces)

    def nearest(self, embedding, *, exclude=(), only=None):
        asked = [face for face in self._faces if face[0] not in exclude and (only is None or face[0] in only)]
        found = [(i, kind, float(np.linalg.norm(e - embedding))) for i, kind, e in asked]
        return min(found, key=lambda match: match[2], default=None)

    def has_person(self, person):
        return any(face[0] == person for face in self._faces)


class ListedHashes:
    """A bank of the hashes it is given: (id, kind, algorithm, bits)."""

    def __init__(self, *hashes: tuple[str, str, str, bytes]) -> None:
        self._hashes = hashes

    @property
    def size(self) -> int:
        return len(self._hashes)

    def nearest(self, algorithm, bits, *, kind):
        found = [
            (i, k, (int.from_bytes(b, "big") ^ int.from_bytes(bits, "big")).bit_count())
            for i, k, a, b in self._hashes
            if a == algorithm and k == kind
        ]
        return min(found, key=lambda match: match[2], default=None)


@pytest.fixture
def listed_faces():
    return ListedFaces


@pytest.fixture
def listed_hashes():
    return ListedHashes


@pytest.fixture(scope="session")
def six_people() -> np.ndarray:
    """InsightFace's group photograph: six faces, none of them the astronaut's."""
    import insightface

    path = Path(os.fspath(insightface.__file__)).parent / "data" / "images" / "t1.jpg"
    return np.ascontiguousarray(cv2.imread(str(path))[:, :, ::-1])
