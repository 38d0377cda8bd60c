"""A digest of code by what it does: comments, docstrings and layout do not count, so rewording makes nothing stale."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.errors import BadInput

CODE_ROOT = Path(__file__).parents[2]
"""Below which the packages lie: the repository, or the folder that they were installed into."""

_WITH_DOCSTRINGS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_digest(paths: Iterable[str], root: Path = CODE_ROOT) -> str:
    """SHA-256 over all modules in these files and folders, below `root`. Raises BadInput where one is missing."""
    digest = hashlib.sha256()
    for path in paths:
        for file in _modules(root / path):
            digest.update(f"{file.relative_to(root).as_posix()}\0".encode())
            digest.update(ast.dump(_without_docstrings(ast.parse(file.read_text(encoding="utf-8")))).encode())
    return digest.hexdigest()


def _modules(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    elif place.is_dir():
        yield from sorted(place.rglob("*.py"))
    else:
        raise BadInput(f"{place.name} is not there any more: the figures about it are of other code")


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, _WITH_DOCSTRINGS):
            node.body = [part for part in node.body if not _is_text(part)]
    return tree


def _is_text(part: ast.stmt) -> bool:
    """Also the strings below constants that explain them."""
    return isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) and isinstance(part.value.value, str)
