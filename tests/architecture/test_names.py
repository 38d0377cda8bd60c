"""One public name means one thing in the whole repository, and no folder is a heap."""

import ast
import subprocess
from collections import defaultdict
from pathlib import Path

from tests.conftest import ROOT

PACKAGES = (
    "core",
    "media",
    "classifiers",
    "policy",
    "registry",
    "provenance",
    "pipeline",
    "console",
    "evals",
    "deploy",
)
MODULES_PER_FOLDER = 25

IDIOMATIC_MODULES = {"__init__", "__main__", "command"}
SAME_THING_TWICE = {  # for pictures and for sound: provenance/watermark/{video,audio}/
    "demodulate",
    "detect",
    "embed",
    "files",
}
KNOWN_MODULES = {
    "report": "each folder of evals has one page writer, started as `python -m evals.<folder>.report`",
}

IDIOMATIC_FUNCTIONS = {
    "add_to": "adds a group of commands to the command line; `pipeline.cli` calls every one",
    "load": "a model's loader, or a record's; always called with its module before it",
    "main": "of a module that is started by itself",
    "page": "the text of a page that a report of evals writes",
    "read": "always called with its module before it",
}


def modules():
    """(path below the root, syntax tree) of each module of the product."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in sorted(set(listed)):
        if name.endswith(".py") and (ROOT / name).exists():
            yield Path(name), ast.parse((ROOT / name).read_text())


def public(tree, *kinds):
    return [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]


def is_handler(path, function):
    """Whether it is the face of an action: a command, or a route of a page or an API. Those carry the action's name."""
    if path.parts[:2] == ("pipeline", "cli"):
        return True
    return path.parts[0] == "console" and any(
        isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) for mark in function.decorator_list
    )


def twice(found):
    return {name: sorted(map(str, places)) for name, places in found.items() if len(places) > 1}


def test_a_public_class_name_stands_once():
    found = defaultdict(list)
    for path, tree in modules():
        for node in public(tree, ast.ClassDef):
            found[node.name].append(path)
    assert len(found) > 300
    assert twice(found) == {}


def test_a_module_name_stands_once_but_for_those_that_are_stated():
    found = defaultdict(list)
    for path, _tree in modules():
        found[path.stem].append(path)
    double = twice(found)
    assert {name: places for name, places in double.items() if name in SAME_THING_TWICE} == {
        name: [f"provenance/watermark/audio/{name}.py", f"provenance/watermark/video/{name}.py"]
        for name in SAME_THING_TWICE
    }
    assert set(double) - IDIOMATIC_MODULES - SAME_THING_TWICE - set(KNOWN_MODULES) == set()


def test_a_public_function_name_stands_once_but_for_idioms_and_the_faces_of_one_action():
    found = defaultdict(list)
    for path, tree in modules():
        for node in public(tree, ast.FunctionDef, ast.AsyncFunctionDef):
            if not is_handler(path, node):
                found[node.name].append(path)
    assert len(found) > 500
    double = twice(found)
    assert {name: double[name] for name in set(double) - set(IDIOMATIC_FUNCTIONS)} == {}


def test_no_folder_holds_more_modules_than_one_can_look_over():
    found = defaultdict(int)
    for path, _tree in modules():
        found[str(path.parent)] += path.stem != "__init__"
    assert {folder: count for folder, count in found.items() if count > MODULES_PER_FOLDER} == {}
