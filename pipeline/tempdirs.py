"""Folders for the work of one stage: gone afterwards, and after a crash cleared by whoever comes next."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.file_lock import file_lock

_PREFIX = "stage-"


@contextmanager
def temp_folder(workdir: Path) -> Iterator[Path]:
    """A folder of one's own. A lock on it says that its process lives; the kernel drops it with the process."""
    with _creation_lock(workdir):
        folder = Path(tempfile.mkdtemp(dir=workdir, prefix=_PREFIX))
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def remove_stale_folders(workdir: Path) -> int:
    """Remove the folders of processes that died; returns how many."""
    cleared = 0
    with _creation_lock(workdir):
        for folder in workdir.glob(f"{_PREFIX}*"):
            with suppress(OSError):
                handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
                    cleared += 1
                finally:
                    os.close(handle)
    return cleared


@contextmanager
def _creation_lock(workdir: Path) -> Iterator[None]:
    """Between making a folder and locking it nobody may clear."""
    workdir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with file_lock(workdir / ".lock"):
        yield
