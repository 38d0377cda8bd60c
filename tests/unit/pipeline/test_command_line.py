"""The command line imports what was typed, and has every verb all the same."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module

import pytest
import typer

from pipeline import cli
from tests.conftest import ROOT


def verbs_of(app: typer.Typer) -> list[str]:
    return list(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", list(cli._VERBS))
def test_each_module_adds_the_verbs_by_which_it_is_found(module: str) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    import_module(module).add_to(app)
    assert sorted(verbs_of(app)) == sorted(cli._VERBS[module])


def test_no_verb_is_added_twice_and_those_of_the_console_come_too() -> None:
    everything = verbs_of(cli.command_line())
    assert len(everything) == len(set(everything))
    assert {verb for verbs in cli._VERBS.values() for verb in verbs} < set(everything)
    assert {"serve", "grafana", "pipe"} < set(everything)


def test_a_verb_is_found_as_help_shows_it() -> None:
    assert verbs_of(cli.command_line("detect")) == ["mark", "detect"]
    assert verbs_of(cli.command_line("no such verb")) == verbs_of(cli.command_line())


TREES = """
import json, os, sys
import pipeline.wiring, typer  # slow, and without a verb
from pipeline import cli

def tree(command):
    return {name: tree(sub) for name, sub in getattr(command, "commands", {}).items()}

def told(verb):
    reads, writes = os.pipe()
    if os.fork() == 0:
        os.write(writes, json.dumps(tree(typer.main.get_command(cli.command_line(verb)))).encode())
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads) as said:
        return json.load(said)

print(json.dumps({verb: told(verb) for verb in ["", *(verbs[0] for verbs in cli._VERBS.values())]}))
"""


def test_a_verb_has_all_that_belongs_to_it_although_only_its_module_is_imported() -> None:
    ended = subprocess.run([sys.executable, "-c", TREES], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    whole = told.pop("")
    assert len(whole["cameo"]) > 10
    assert {verb: subs for each in told.values() for verb, subs in each.items()}.items() <= whole.items()


@pytest.mark.parametrize(("arguments", "unread"), [("--version", "pipeline.settings"), ("costs --help", "console")])
def test_what_a_command_does_not_need_is_not_imported(arguments: str, unread: str) -> None:
    typed = f"""import sys
sys.argv = ["assay", *{arguments.split()!r}]
from pipeline.cli import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
assert not [name for name in sys.modules if (name + ".").startswith({unread + "."!r})]
"""
    ended = subprocess.run([sys.executable, "-c", typed], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout
