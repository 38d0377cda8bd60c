"""What is undocumented fails a test."""

import ast
import re
from functools import cache
from typing import get_args

from core.case import Phase
from core.events import Event
from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
_FOLDERS = "core|media|classifiers|policy|registry|provenance|pipeline|console|evals|deploy|tests"
_DOTTED = re.compile(rf"(?<![\w./(-])((?:{_FOLDERS})(?:\.\w+)+)(?![\w/])")
_PATH = re.compile(rf"(?<![\w./(-])((?:{_FOLDERS})(?:/[\w.*-]+)+)")
_IMPORT = re.compile(rf"^\s*from ((?:{_FOLDERS})[\w.]*) import ([\w, ]+)$", re.M)
_SUFFIXES = {"md", "toml", "py"}


@cache
def names_in(module):
    """What a module defines or imports, with `Class.attribute` for what its classes hold. None: no such module."""
    place = ROOT / module.replace(".", "/")
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    if not file.exists():
        return {""} if place.is_dir() else None
    return set(_defined(ast.parse(file.read_text()).body))


def _defined(body):
    for node in body:
        match node:
            case ast.ClassDef():
                yield node.name
                yield from (f"{node.name}.{name}" for name in _defined(node.body))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name
            case ast.Assign():
                yield from (target.id for target in node.targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name()):
                yield node.target.id
            case ast.Import() | ast.ImportFrom():
                yield from (alias.asname or alias.name for alias in node.names)


def stands(dotted):
    """Whether there is such a module, or such a name in one."""
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        names = names_in(".".join(parts[:count]))
        if names is not None:
            return count == len(parts) or ".".join(parts[count:]) in names
    return False


def test_every_decision_is_in_the_index():
    index = (DOCS / "adr" / "README.md").read_text()
    pages = [p.name for p in (DOCS / "adr").glob("0*.md") if p.name != "0000-template.md"]
    assert len(pages) >= 10
    assert [p for p in pages if f"({p})" not in index] == []


def test_every_event_and_phase_is_in_the_words():
    words = (DOCS / "concepts.md").read_text()
    missing = [k.__name__ for k in get_args(Event) if f"`{k.__name__}`" not in words]
    missing += [p.value for p in Phase if f"`{p.value}`" not in words]
    assert missing == []


def test_the_pages_made_from_the_code_are_current():
    from pipeline.reference_docs import cli_page, settings_page, transitions_page

    assert (DOCS / "reference" / "settings.md").read_text() == settings_page()
    assert (DOCS / "reference" / "cli.md").read_text() == cli_page()
    assert (DOCS / "reference" / "transitions.md").read_text() == transitions_page()


def test_every_link_between_pages_leads_somewhere():
    broken = []
    for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_the_readme_names_each_make_target():
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.M)
    readme = (ROOT / "README.md").read_text()
    assert [
        t for t in ("demo", "test", "check", "serve", "bench") if f"make {t}" not in readme or t not in targets
    ] == []


def test_every_module_and_path_that_a_page_names_exists():
    missing = []
    for page in PAGES:
        text, where = page.read_text(), page.relative_to(ROOT)
        dotted = [name for name in _DOTTED.findall(text) if name.rsplit(".", 1)[1] not in _SUFFIXES]
        dotted += [f"{module}.{name.strip()}" for module, names in _IMPORT.findall(text) for name in names.split(",")]
        missing += [f"{where}: {name}" for name in dotted if not stands(name)]
        missing += [f"{where}: {path}" for path in _PATH.findall(text) if not list(ROOT.glob(path.rstrip(".")))]
    assert missing == []


def test_every_command_that_a_page_shows_exists():
    import typer

    from pipeline.cli import command_line

    root, missing, shown = typer.main.get_command(command_line()), [], 0
    for page in PAGES:
        for line in re.findall(r"(?:^ {4,}|^|`)assay ([a-z][a-z -]*)", page.read_text(), re.M):
            command, words, shown = root, line.split(), shown + 1
            while words and hasattr(command, "commands"):
                word = words.pop(0)
                if word not in command.commands:
                    missing.append(f"{page.relative_to(ROOT)}: assay {line}")
                    break
                command = command.commands[word]
    assert missing == []
    assert shown > 100
