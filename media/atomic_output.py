"""New files that appear complete under their name, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import av
from av.container import OutputContainer

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


def partial_path(dst: Path) -> Path:
    """Where the file lies while it is unfinished: for clearing up after a process that was killed."""
    return dst.with_name(f".{dst.name}.part")
