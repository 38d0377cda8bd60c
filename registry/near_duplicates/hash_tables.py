"""Hashes with the tables by which they are found: arrays that are made in memory, or lie in files and are shared.

Files are mapped into memory and never changed, so that all processes of a machine have one copy between them, which the
system may drop and read again: a process itself needs next to nothing for them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FINGERPRINT_BYTES = 32
HASH_TABLES = 16

HashMatrix = NDArray[np.uint8]

_KEYS = 1 << 16
_COPIED_ROWS = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HashTables:
    """Hashes (n, 32), each of the video `ids[owners[row]]`; for each of sixteen keys its rows, and where they begin.

    `ids` are bytes, of ASCII.
    """

    hashes: HashMatrix
    owners: NDArray[np.uint32]
    ids: NDArray[np.bytes_]
    starts: NDArray[np.uint32]
    rows: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.hashes)


def build_tables(hashes: HashMatrix, owners: NDArray[np.uint32], ids: Sequence[str]) -> HashTables:
    """In memory, of about 100 bytes a hash."""
    starts = np.empty((HASH_TABLES, _KEYS + 1), np.uint32)
    rows = np.empty((HASH_TABLES, len(hashes)), np.uint32)
    _fill(np.ascontiguousarray(hashes), starts, rows)
    names = np.array(ids, np.bytes_) if ids else np.empty(0, "S1")
    return HashTables(hashes=hashes, owners=owners.astype(np.uint32, copy=False), ids=names, starts=starts, rows=rows)


def write_tables(folder: Path, parts: Sequence[HashTables]) -> None:
    """What these parts hold, as one, in files of a folder that is new. Memory is needed for one table at a time."""
    folder.mkdir(mode=0o700)
    count, videos = sum(map(len, parts)), sum(len(part.ids) for part in parts)
    hashes = _new_file(folder / "hashes.npy", np.uint8, (count, FINGERPRINT_BYTES))
    owners = _new_file(folder / "owners.npy", np.uint32, (count,))
    ids = _new_file(folder / "ids.npy", f"S{max(part.ids.itemsize for part in parts)}", (videos,))
    row = video = 0
    for part in parts:
        for start in range(0, len(part), _COPIED_ROWS):
            end = min(start + _COPIED_ROWS, len(part))
            hashes[row + start : row + end] = part.hashes[start:end]
            owners[row + start : row + end] = part.owners[start:end] + np.uint32(video)
        ids[video : video + len(part.ids)] = part.ids
        row, video = row + len(part), video + len(part.ids)
    starts = _new_file(folder / "starts.npy", np.uint32, (HASH_TABLES, _KEYS + 1))
    rows = _new_file(folder / "rows.npy", np.uint32, (HASH_TABLES, count))
    _fill(hashes, starts, rows)
    _sync([hashes, owners, ids, starts, rows], folder)


def open_tables(folder: Path) -> HashTables:
    """What write_tables wrote. Raises OSError, ValueError for what is not whole."""
    parts = {
        name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        for name in ("hashes", "owners", "ids", "starts", "rows")
    }
    count = len(parts["hashes"])
    if (
        parts["hashes"].shape != (count, FINGERPRINT_BYTES)
        or parts["owners"].shape != (count,)
        or parts["starts"].shape != (HASH_TABLES, _KEYS + 1)
        or parts["rows"].shape != (HASH_TABLES, count)
    ):
        raise ValueError(f"{folder.name} holds tables of other sizes than it should")
    return HashTables(**{name: np.asarray(part) for name, part in parts.items()})


def _fill(hashes: HashMatrix, starts: NDArray[np.uint32], rows: NDArray[np.uint32]) -> None:
    keys = hashes.view("<u2").reshape(-1, HASH_TABLES)
    for number in range(HASH_TABLES):
        one = np.ascontiguousarray(keys[:, number])
        rows[number] = np.argsort(one, kind="stable")
        starts[number, 0] = 0
        np.cumsum(np.bincount(one, minlength=_KEYS), out=starts[number, 1:], dtype=np.uint32)


def _new_file(path: Path, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)


def _sync(arrays: Iterable[NDArray[Any]], folder: Path) -> None:
    for array in arrays:
        if isinstance(array, np.memmap):
            array.flush()
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
