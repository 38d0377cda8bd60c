"""Galleries and banks that fit in a test."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from registry.banks.bank_entries import BankEntry, EntryState, StoredEntry
from registry.banks.hash_bank import MemoryHashBank


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


def _bank_of(*entries: tuple[str, str, str, list[tuple[int, bytes]]]) -> MemoryHashBank:
    """A bank of the entries it is given: (id, kind, algorithm, views and their bits)."""
    return MemoryHashBank(
        [
            StoredEntry(
                key=key,
                bank=kind,
                kind=kind,
                state=EntryState.ACTIVE,
                entry=BankEntry(
                    id=known_id,
                    algorithm=algorithm,
                    bits=b"".join(bits for _, bits in views),
                    times=(0.0,) * len(views),
                    views=tuple(view for view, _ in views),
                ),
            )
            for key, (known_id, kind, algorithm, views) in enumerate(entries, 1)
        ]
    )


@pytest.fixture
def listed_faces():
    return ListedFaces


@pytest.fixture
def listed_hashes():
    return _bank_of


@pytest.fixture(scope="session")
def six_people() -> np.ndarray:
    """InsightFace's group photograph: six faces, none of them the astronaut's."""
    import insightface

    path = Path(os.fspath(insightface.__file__)).parent / "data" / "images" / "t1.jpg"
    return np.ascontiguousarray(cv2.imread(str(path))[:, :, ::-1])
