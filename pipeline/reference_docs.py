"""Writes docs/reference/settings.md, cli.md and transitions.md from the code: `python -m pipeline.reference_docs`.

A test keeps them current.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from core.case import Phase
from core.events import Recalled, Resumed, StageFailed
from core.transitions import TRANSITIONS
from pipeline.settings import Settings

_FOLDER = Path(__file__).parents[1] / "docs" / "reference"
_NOTE = "<!-- made by `python -m pipeline.reference_docs`; change the code, not this file -->"


def settings_page() -> str:
    """Every setting with its default and its sentence."""
    rows = [
        f"| `{name}` | `ASSAY_{name.upper()}` | {_default(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    head = (
        f"# Settings\n\n{_NOTE}\n\nRead from `assay.toml` in the working folder, or from the file that `ASSAY_CONFIG`"
        " names; variables win over the file. An unknown name is an error. Secrets belong in variables.\n\n"
        "| in the file | variable | default | what it chooses |\n|---|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def cli_page() -> str:
    """Every command with its options."""
    from pipeline.cli import command_line

    group = typer.main.get_command(command_line())
    about = (
        "Errors are one line on standard error and exit 3; `-v` tells more. `assay --version` says which version it is."
    )
    parts = [f"# Commands\n\n{_NOTE}\n\n{about}\n"]
    parts += [_section(name, command) for name, command in _commands(group, "assay")]
    return "\n".join(parts)


def transitions_page() -> str:
    """Which event may follow in which phase, as a diagram and as a table."""
    head = (
        f"# Transitions\n\n{_NOTE}\n\nWhich event may follow in which phase, and where the case is then. No ledger"
        " appends anything else; what is stored\nalready is never checked again.\n\n"
    )
    left_out = (
        "\nNot drawn: not only what is published can be recalled, but a case in any phase. A stage that breaks is noted"
        " (`StageFailed`); the third\ntime the case is held, and `Resumed` leads from there back to where it stood."
        " Only a withdrawal is tried again for ever.\n\n"
    )
    return f"{head}```mermaid\n{_diagram()}```\n{left_out}{_table()}"


def _diagram() -> str:
    lines: dict[str, None] = {"stateDiagram-v2": None}
    for row in TRANSITIONS:
        if row.event in (StageFailed, Resumed) or (row.event is Recalled and row.phase is not Phase.PUBLISHED):
            continue  # they lead from nearly everywhere: see the words below the diagram
        begin = "[*]" if row.phase is Phase.NEW else row.phase.value
        lines |= {f"    {begin} --> {to.value}: {row.event.__name__}": None for to in _in_order(row.to)}
    lines |= {f"    {end.value} --> [*]": None for end in Phase if all(row.phase is not end for row in TRANSITIONS)}
    return "\n".join(lines) + "\n"


def _table() -> str:
    rows = [
        f"| `{row.phase.value}` | `{row.event.__name__}` | {row.condition} |"
        f" {', '.join(f'`{to.value}`' for to in _in_order(row.to))} |\n"
        for phase in Phase
        for row in TRANSITIONS
        if row.phase is phase
    ]
    return "| in phase | may follow | only | then the phase is |\n|---|---|---|---|\n" + "".join(rows)


def _in_order(phases: frozenset[Phase]) -> list[Phase]:
    return [phase for phase in Phase if phase in phases]


def _section(name: str, command: Any) -> str:
    rows = [f"| `{_names(param)}` | {_option_help(param)} |" for param in command.params]
    table = ["| | |", "|---|---|", *rows, ""] if rows else []
    return "\n".join([f"## {name}", "", (command.help or "").strip(), "", *table])


def _names(param: Any) -> str:
    if param.param_type_name == "option":
        return ", ".join([*param.opts, *param.secondary_opts])
    return str(param.name).upper()


def _option_help(param: Any) -> str:
    text = str(getattr(param, "help", "") or "")
    default = "" if param.default in (None, False, "", ()) or callable(param.default) else f" Default: {param.default}."
    return f"{text}{default}".strip()


def _default(value: object) -> str:
    return "" if value in (None, "") else f"`{value}`"


def _commands(group: Any, prefix: str) -> list[tuple[str, Any]]:
    commands: list[tuple[str, Any]] = []
    for name, command in sorted(group.commands.items()):
        full = f"{prefix} {name}"
        if not hasattr(command, "commands") or command.invoke_without_command:
            commands.append((full, command))
        if hasattr(command, "commands"):
            commands += _commands(command, full)
    return commands


if __name__ == "__main__":
    (_FOLDER / "settings.md").write_text(settings_page())
    (_FOLDER / "cli.md").write_text(cli_page())
    (_FOLDER / "transitions.md").write_text(transitions_page())
