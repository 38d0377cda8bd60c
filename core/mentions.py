"""What a mention is: `@mira` in a text. Whom it names is the registry's to say, how it is read the classifiers'.

Handles are of ASCII letters, and Latin letters are what a longer name or a mail address would go on with. Letters of
other scripts are no part of one: Japanese, Thai and Arabic join their particles to a name, and Russian its endings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LATIN = "0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u1e00-\u1eff"
_OTHERS = "\u0370-\u052f"  # Greek and Cyrillic, in which names stand by themselves too
# Underscores around are emphasis: `_@mira_`. What stands in an address is no mention: `a@b`, `x.org/@y`.
_BEFORE = rf"(?<![{_LATIN}_@./-])_*@"
_AFTER = rf"_*(?![{_LATIN}_@])"
_HANDLE = re.compile(rf"{_BEFORE}([A-Za-z0-9](?:[A-Za-z0-9_.-]{{0,30}}[A-Za-z0-9])?){_AFTER}")
_NAME = re.compile(rf"{_BEFORE}(?P<name>[{_LATIN}{_OTHERS}](?:[{_LATIN}{_OTHERS}_.-]*[{_LATIN}{_OTHERS}])?){_AFTER}")


def mentioned_handles(text: str) -> list[str]:
    """What may be a handle, as it is written, in order; a text that may be disguised is normalised first."""
    return [name.rstrip(".-_") for name in _HANDLE.findall(text)]


def mentioned_names(text: str) -> Iterator[tuple[int, int, str]]:
    """Of each mention its start and end in characters, emphasis and all, and the name without its `@`.

    Wider than handles, all of which it takes in: "@zoé" is none, and is somebody's name.
    """
    return ((match.start(), match.end(), match["name"]) for match in _NAME.finditer(text))
