"""The data folder of the database, elsewhere if Assay is root and its folders are closed to the database's user.

A home such as /root is nobody else's to open; and a checkout in it is where many people try Assay first.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from pathlib import Path

from core.errors import Unavailable
from pipeline.at_rest.private_files import make_private_folder
from pipeline.file_lock import file_lock
from pipeline.ledgers.server_user import ServerUser, allow_traversal

log = logging.getLogger("assay.postgres")

SYSTEM_STATE_FOLDER = Path("/var/lib/assay")


def data_folder_for(folder: Path, user: ServerUser | None) -> Path:
    """Where the database of a data folder is: in it, or, if the user has no access, below SYSTEM_STATE_FOLDER."""
    database_folder = folder.absolute() / "postgres"
    if user is None or _make_passable(database_folder, user):
        return database_folder
    place = SYSTEM_STATE_FOLDER / hashlib.sha256(os.fsencode(database_folder)).hexdigest()[:16]
    _make_state_folder()
    log.warning("the database's user has no access to %s: its database is in %s", folder, place)
    return place


def binaries_for(installed: Path, user: ServerUser | None) -> Path:
    """Postgres's programs: where they were installed, or a copy below SYSTEM_STATE_FOLDER that the user can reach."""
    if user is None or _make_passable(installed / "postgres", user):
        return installed
    release = installed.parent  # bin, lib and share belong together
    copy = SYSTEM_STATE_FOLDER / f"{release.name}-{hashlib.sha256(os.fsencode(release)).hexdigest()[:8]}"
    _make_state_folder()
    with file_lock(copy.parent / ".copying"):
        if not copy.exists():
            part = copy.with_name(f"{copy.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            shutil.copytree(release, part, symlinks=True)
            part.chmod(0o755)
            part.rename(copy)
            log.warning("copied Postgres to %s, where its user can run it", copy)
    return copy / installed.name


def _make_state_folder() -> None:
    """For everyone to pass through, whatever the umask: below it each folder has its own mode."""
    if not SYSTEM_STATE_FOLDER.exists():
        SYSTEM_STATE_FOLDER.mkdir(parents=True, exist_ok=True)
        SYSTEM_STATE_FOLDER.chmod(0o755)


def _make_passable(place: Path, user: ServerUser) -> bool:
    try:
        make_private_folder(place.parent)
        allow_traversal(place, user)
    except Unavailable:
        return False
    except OSError:
        return True  # whoever then uses the place says what is wrong with it
    return True
