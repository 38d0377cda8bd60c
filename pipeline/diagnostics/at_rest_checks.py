"""Whether what is kept is closed to other users of this machine, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from pipeline.at_rest.private_files import OpenPath, open_paths
from pipeline.settings import Settings

_MOST = 1000  # paths that are counted: one is enough to act on
_SHOWN = 3


def check_privacy(settings: Settings) -> Iterator[tuple[str, str]]:
    """State and sentence, as DiagnosticResult has them, for the home and for a keys folder elsewhere."""
    places = [settings.root]
    if not settings.keys_folder.is_relative_to(settings.root):
        places.append(settings.keys_folder)
    for place in places:
        found = list(islice(open_paths(place), _MOST))
        if not found:
            yield "ok", f"only its owner can read what is in {place}"
            continue
        many = f"{len(found)}{'+' if len(found) == _MOST else ''}"
        names = ", ".join(str(one.path) for one in found[:_SHOWN])
        yield (
            "lacks",
            f"other users of this machine can use {many} files or folders in {place} ({names}): {_remedy(found)}",
        )


def _remedy(found: list[OpenPath]) -> str:
    if all(one.ours for one in found):
        return "`assay protect` closes them"
    theirs = next(one for one in found if not one.ours)
    return f"`assay protect` closes what is ours; chmod {theirs.mode:o} {theirs.path} is for you to decide"
