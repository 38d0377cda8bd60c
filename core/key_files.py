"""Files that hold a secret: made once, whole or not at all, and for their owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from core.errors import Unavailable


def create_key_file(path: Path, content: bytes) -> bool:
    """Write the file with mode 600 unless there is one; whether this call made it. The folder has to be there.

    Of two processes that make one at the same time one wins, and nobody ever reads half of it. Raises OSError.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)
    except FileExistsError:
        return False
    finally:
        part.unlink(missing_ok=True)
    return True


def load_random_key(path: Path, *, size: int, what: str, damaged: str) -> bytes:
    """So many random bytes, made at first use. Raises Unavailable.

    `what` names the key in the sentence that says it cannot be kept; `damaged` says what to do about another size.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            create_key_file(path, secrets.token_bytes(size))
        key = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"{what} cannot be kept: {error.strerror}") from None
    if len(key) != size:
        raise Unavailable(f"{path.name} is damaged: {damaged}")
    return key
