"""No file needs itself: not directly, not by way of others, and not in a function or for types alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.test_names import PACKAGES
from tests.conftest import ROOT


def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            parts = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imported(file: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules that this file names in an import, wherever it stands: the deepest that there is of each."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                deepest = f"{node.module}.{alias.name}"
                yield from (name for name in (deepest if deepest in known else node.module,) if name in known)


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """What is left once whoever needs nobody, or is needed by nobody, is taken away again and again."""
    left = {name: set(needs) for name, needs in graph.items()}
    while True:
        needed = set().union(*left.values()) if left else set()
        gone = {name for name, needs in left.items() if not needs or name not in needed}
        if not gone:
            return [sorted(left)] if left else []
        left = {name: needs - gone for name, needs in left.items() if name not in gone}


def test_no_file_needs_itself() -> None:
    known = modules()
    graph = {name: set(imported(file, known)) - {name} for name, file in known.items()}
    assert len(graph) > 400
    assert circles(graph) == []


def test_a_circle_would_be_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == [["b", "c"]]
