"""Files and folders for their owner alone: 600 and 700, whatever the umask of whoever started the process."""

from __future__ import annotations

import logging
import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import Unavailable

log = logging.getLogger("assay.private_files")

OTHERS = 0o077
"""All that a group and others may do."""
FOLDERS_OF_HOME = ("vault", "published", "work", "uploads", "keys", "pictures")
"""What Assay makes in its home, but for the database: that is its server's, and closed by whoever starts it."""
_LISTING = 0o066  # bits that let others list or change a folder; passing through, as the database's user must, is none
_DATABASE = "postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPath:
    """A file or folder that others than its owner may use. `mode`: what it should have."""

    path: Path
    mode: int
    ours: bool
    """Whether this process may change that."""


def set_private_umask() -> None:
    """From here on whatever this process makes is for its owner alone, unless it says otherwise."""
    os.umask(OTHERS)


def make_private_folder(folder: Path) -> None:
    """The folder, and those above it that are missing, each with mode 700. One that exists keeps its mode."""
    for missing in [place for place in reversed((folder, *folder.parents)) if not place.exists()]:
        missing.mkdir(mode=0o700, exist_ok=True)
    if not folder.is_dir():
        folder.mkdir()  # raises what is wrong


def prepare_home(root: Path) -> None:
    """Make the home, and close it and the folders that Assay makes in it to others, if an older Assay left them open.

    What belongs to another user, or is no folder of Assay's alone (`/`, somebody's home), stays as it is: the doctor
    reports it. What lies deeper is then out of reach, and `assay protect` closes that too. Raises Unavailable.
    """
    try:
        make_private_folder(root)
        for place in [root, *(root / name for name in FOLDERS_OF_HOME)]:
            if (found := _open_path(place, home=place == root)) and found.ours:
                found.path.chmod(found.mode)
                log.warning("%s was open to other users of this machine: its mode is now %o", place, found.mode)
    except OSError as error:
        raise Unavailable(f"the home {root} cannot be used: {error.strerror or error}") from error


def open_paths(root: Path) -> Iterator[OpenPath]:
    """All in the home that others may use. The database's own folder is looked at, and not entered."""
    if found := _open_path(root, home=True):
        yield found
    folders = [root]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except (FileNotFoundError, PermissionError):
            continue  # gone meanwhile, or closed even to us
        for entry in entries:
            if found := _open_path(Path(entry.path)):
                yield found
            if entry.is_dir(follow_symlinks=False) and entry.name != _DATABASE:
                folders.append(Path(entry.path))


def close_to_others(root: Path) -> int:
    """Give everything in the home that is ours the mode it should have; returns how many were changed."""
    changed = 0
    for found in open_paths(root):
        if found.ours:
            found.path.chmod(found.mode)
            changed += 1
    return changed


def _open_path(path: Path, *, home: bool = False) -> OpenPath | None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    is_folder = stat.S_ISDIR(status.st_mode)
    if not is_folder and not stat.S_ISREG(status.st_mode):
        return None  # a link or a socket: what it leads to, and the folder it lies in, count
    if not status.st_mode & (_LISTING if home else OTHERS):
        return None
    keep = 0o011 if home else 0  # the database's user passes through, where that is another one
    mode = stat.S_IMODE(status.st_mode) & (0o700 | keep) if is_folder else stat.S_IMODE(status.st_mode) & 0o700
    return OpenPath(path=path, mode=mode, ours=status.st_uid == os.geteuid() and not (home and _is_shared(path)))


def _is_shared(folder: Path) -> bool:
    """Whether a home was put where more than Assay lives: `/` and what lies in it, /tmp, another user's home."""
    if len(folder.parts) <= 2 or folder.stat().st_mode & stat.S_ISVTX:
        return True
    return folder in {Path(entry.pw_dir) for entry in pwd.getpwall() if entry.pw_uid != os.geteuid()}
