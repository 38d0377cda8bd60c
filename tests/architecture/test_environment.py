"""Settings are passed, never written into the process's environment, where the next installation would find them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "media", "classifiers", "policy", "registry", "provenance", "pipeline")
ALLOWED = {
    "media/sandbox/forkserver.py": "a child of its own takes over the environment that its caller has",
    "classifiers/models/open_clip_encoder.py": "HF_HUB_OFFLINE: the library reads it there; the same in every process",
}
_WRITERS = {"update", "setdefault", "pop", "popitem", "clear", "__setitem__", "__delitem__", "__ior__"}


def _is_environ(node: ast.AST) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr in ("environ", "environb")) or (
        isinstance(node, ast.Name) and node.id in ("environ", "environb")
    )


def writes_environment(source: str) -> list[int]:
    """Lines that write os.environ."""
    found = []
    for node in ast.walk(ast.parse(source)):
        item = isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load) and _is_environ(node.value)
        rebound = isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and _is_environ(node)
        merged = isinstance(node, ast.AugAssign) and _is_environ(node.target)
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        written = called and (
            (node.func.attr in _WRITERS and _is_environ(node.func.value)) or node.func.attr in ("putenv", "unsetenv")
        )
        if item or rebound or merged or written:
            found.append(node.lineno)
    return sorted(set(found))


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_writes_the_environment(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    wrong = {str(file.relative_to(ROOT)): writes_environment(file.read_text()) for file in files}
    assert {name: lines for name, lines in wrong.items() if lines and name not in ALLOWED} == {}


def test_each_exception_is_still_needed() -> None:
    assert all(writes_environment((ROOT / name).read_text()) for name in ALLOWED)


@pytest.mark.parametrize(
    "line",
    ["os.environ['A'] = 'b'", "del os.environ['A']", "os.environ.update(a)", "os.environ |= a", "os.putenv('A', 'b')"],
)
def test_each_way_of_writing_it_is_seen(line: str) -> None:
    assert writes_environment(line) == [1]


def test_reading_it_is_no_writing() -> None:
    assert writes_environment("x = {**os.environ, 'A': os.environ['A']}; os.environ.get('B')") == []
