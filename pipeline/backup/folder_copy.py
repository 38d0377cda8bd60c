"""Copies of folders that are in use: what is deleted meanwhile is left out, and what is there already is kept."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from core.errors import BadInput
from pipeline.at_rest.private_files import make_private_folder


def copy_folder(source: Path, to: Path, *, without: Collection[str] = (), mode: int = 0o600) -> int:
    """Copy the files of a folder, but for those in its sub-folders `without`; returns how many are there then.

    Doing it again copies what is missing. Raises BadInput where a file of that name has another content.
    """
    count = 0
    for file in _files(source, without):
        target = to / file.relative_to(source)
        if _copy_file(file, target, mode):
            count += 1
    return count


def _files(folder: Path, without: Collection[str]) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name not in without]
        folders.sort()
        yield from (Path(place) / name for name in sorted(names) if not (Path(place) / name).is_symlink())


def _copy_file(file: Path, target: Path, mode: int) -> bool:
    try:
        if target.exists():
            if not filecmp.cmp(target, file, shallow=False):
                raise BadInput(f"{target} has another content than the copy: restore into an installation that is new")
            return True
        make_private_folder(target.parent)
        part = target.with_name(f".{target.name}.part")
        shutil.copyfile(file, part)
        part.chmod(mode)
        part.replace(target)
    except FileNotFoundError:
        return False
    return True
