"""New files that appear complete under their name, or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import av
from av.container import OutputContainer

from core.errors import BadInput

_OPTIONS = {"movflags": "+faststart", "movie_timescale": "48000"}  # in milliseconds sound could not begin to the sample


@contextmanager
def new_mp4(dst: Path) -> Iterator[OutputContainer]:
    """An MP4 with its index first, for playing while it loads. After an error nothing is left behind."""
    part = partial_path(dst)
    with ExitStack() as undo:
        undo.callback(part.unlink, missing_ok=True)
        with av.open(f"file:{part}", "w", format="mp4", options=_OPTIONS) as out:
            yield out
        part.replace(dst)


@contextmanager
def sandboxed_output(dst: Path) -> Iterator[Path]:
    """Where a sandboxed process writes what becomes `dst`: in a new folder beside it, all that it may write to.

    After an error nothing is left behind. Raises BadInput where nothing can be written there.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix=f".{dst.name[:80]}.", dir=dst.resolve().parent)
    except OSError as error:
        raise BadInput(f"nothing can be written to {dst.parent}: {error.strerror}") from error
    with folder as name:
        made = Path(name) / dst.name
        yield made
        made.replace(dst)


def partial_path(dst: Path) -> Path:
    """Where the file lies while it is unfinished: for clearing up after a process that was killed."""
    return dst.with_name(f".{dst.name}.part")
