"""Writes docs/reference/settings.md and cli.md from the code: `python -m pipeline.reference`.

A test keeps them current.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from pipeline.settings import Settings

_FOLDER = Path(__file__).parents[1] / "docs" / "reference"
_NOTE = "<!-- made by `python -m pipeline.reference`; change the code, not this file -->"


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
    from pipeline.cli import app

    group = typer.main.get_command(app)
    about = (
        "Errors are one line on standard error and exit 3; `-v` tells more. `assay --version` says which version it is."
    )
    parts = [f"# Commands\n\n{_NOTE}\n\n{about}\n"]
    parts += [_section(name, command) for name, command in _commands(group, "assay")]
    return "\n".join(parts)


def _section(name: str, command: Any) -> str:
    rows = [f"| `{_names(param)}` | {_says(param)} |" for param in command.params]
    table = ["| | |", "|---|---|", *rows, ""] if rows else []
    return "\n".join([f"## {name}", "", (command.help or "").strip(), "", *table])


def _names(param: Any) -> str:
    if param.param_type_name == "option":
        return ", ".join([*param.opts, *param.secondary_opts])
    return str(param.name).upper()


def _says(param: Any) -> str:
    text = str(getattr(param, "help", "") or "")
    given = "" if param.default in (None, False, "", ()) or callable(param.default) else f" Default: {param.default}."
    return f"{text}{given}".strip()


def _default(value: object) -> str:
    return "" if value in (None, "") else f"`{value}`"


def _commands(group: Any, prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, command in sorted(group.commands.items()):
        full = f"{prefix} {name}"
        found += _commands(command, full) if hasattr(command, "commands") else [(full, command)]
    return found


if __name__ == "__main__":
    (_FOLDER / "settings.md").write_text(settings_page())
    (_FOLDER / "cli.md").write_text(cli_page())
