"""Who may pass: the rules for opening folders to the database's user, without a database."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import Unavailable
from pipeline.ledgers.server_user import ServerUser, allow_traversal

STRANGER = ServerUser(name="pgserver", uid=4242, gid=4242)


def test_folders_that_are_open_already_stay_as_they_are() -> None:
    before = Path("/usr/bin").stat().st_mode
    allow_traversal(Path("/usr/bin/env"), STRANGER)
    assert Path("/usr/bin").stat().st_mode == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of another user")
def test_a_folder_of_another_user_is_never_opened(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, 4343, 4343)
    with pytest.raises(Unavailable, match="chmod o\\+x"):
        allow_traversal(theirs / "postgres", STRANGER)
    assert theirs.stat().st_mode & 0o777 == 0o700
