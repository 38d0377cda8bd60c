"""Hosts of links in words that can be seen, and whether an operator's list has them."""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import Unavailable

_LINK = re.compile(
    r"(?<![\w@.-])(?:[a-z][a-z0-9+.-]*:(?://)?)?(?:[^\s/@]*@)?"  # a scheme, and a name with which to sign in
    r"((?:[\w-]+\.)+[^\W\d_][\w-]+)"
    r"(?=[\s/:?#,;)\]\"'!]|\.?$|\.\s)",
    re.IGNORECASE,
)


def find_hosts(text: str) -> tuple[str, ...]:
    """The hosts that a text leads to, with a scheme or without, in the letters of the DNS, each once."""
    return tuple(dict.fromkeys(host for found in _LINK.finditer(text) if (host := _plain(found[1]))))


def is_listed(host: str, listed: frozenset[str]) -> bool:
    """Whether the list has this host or a domain that it lies in."""
    parts = host.split(".")
    return any(".".join(parts[place:]) in listed for place in range(len(parts) - 1))


def read_host_list(path: Path) -> frozenset[str]:
    """The hosts of a file, one a line, as lists of hosts to block have them (`0.0.0.0 bad.example` too); `#` begins a
    comment. Raises Unavailable if it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"the list of bad hosts cannot be read: {path}") from error
    words = (line.partition("#")[0].split() for line in lines)
    return frozenset(host for line in words if line and (host := _plain(line[-1])))


def _plain(host: str) -> str:
    """A host as the DNS has it; empty for what is none."""
    try:
        return host.strip(".").encode("idna").decode("ascii").casefold()
    except UnicodeError:
        return ""
