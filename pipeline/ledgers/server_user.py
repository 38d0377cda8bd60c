"""Postgres refuses to run as root: where Assay is root, the server runs as a user of its own."""

from __future__ import annotations

import logging
import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from core.errors import Unavailable

log = logging.getLogger("assay.postgres")

SERVER_USER_NAME = "pgserver"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUser:
    """A user of the operating system, as which a process is to run."""

    name: str
    uid: int
    gid: int


def server_user() -> ServerUser | None:
    """The user to run the server as where we are root, made if need be; None where we are not: then as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(SERVER_USER_NAME)
    except KeyError:
        entry = _make_user()
    return ServerUser(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def allow_traversal(folder: Path, user: ServerUser) -> None:
    """Let the user pass through (not list) the folders above `folder`, and say so in the log.

    Only folders of root outside anyone's home are changed. Raises Unavailable where a home, or a
    folder of another user, is in the way: that is for its owner to decide.
    """
    for above in reversed(folder.resolve().parents):
        if _passable(above.stat(), user):
            continue
        if above.stat().st_uid != 0 or _in_a_home(above):
            raise Unavailable(
                f"the database's user {user.name} may not pass through {above}: choose a data folder elsewhere, "
                f"run Assay as an ordinary user, or allow it with chmod o+x {above}"
            )
        above.chmod(above.stat().st_mode | stat.S_IXOTH)
        log.warning("%s: others may now pass through, so that the database's user %s can", above, user.name)


def _passable(status: os.stat_result, user: ServerUser) -> bool:
    if status.st_uid == user.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == user.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _in_a_home(folder: Path) -> bool:
    homes = {Path(entry.pw_dir).resolve() for entry in pwd.getpwall()} - {Path("/")}
    return any(place in homes for place in (folder, *folder.parents))


def _make_user() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_USER_NAME]
    try:
        completed = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Unavailable(f"no user {SERVER_USER_NAME} for the database, and useradd cannot run: {error}") from error
    try:
        entry = pwd.getpwnam(SERVER_USER_NAME)  # another process may have been faster
    except KeyError:
        raise Unavailable(
            f"no user {SERVER_USER_NAME} for the database, and none can be made: {completed.stderr.strip()}"
        ) from None
    log.warning("made the user %s of the operating system: Postgres does not run as root", SERVER_USER_NAME)
    return entry
