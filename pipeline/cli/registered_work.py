"""work: what rights holders registered, to be looked for in prompts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json
from registry.rights.registered_works import WORK_KINDS, RegisteredWork

work = typer.Typer(no_args_is_help=True, help="Registered characters, works, brands, artists and people.")

WorkIdArgument = Annotated[str, typer.Argument(help="An opaque id; verdicts and logs carry it, never a name.")]


@work.command("add")
def add(
    work_id: WorkIdArgument,
    name: Annotated[list[str], typer.Option(help="A name it goes by; may be given more than once.")],
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(WORK_KINDS)}.")] = "character",
    description: Annotated[str, typer.Option(help="What it looks like: prompts that describe it are found too.")] = "",
) -> None:
    """Register a work, or give a registered one other words. It is looked for in the very next prompt."""
    with open_installation() as installation:
        installation.registry_admin.register(
            local_operator(), RegisteredWork(id=work_id, kind=kind, names=tuple(name), description=description)
        )
    out.print(f"{work_id} is looked for", highlight=False)


@work.command("remove")
def remove(work_id: WorkIdArgument) -> None:
    """Stop looking for a work."""
    with open_installation() as installation:
        removed = installation.registry_admin.unregister(local_operator(), work_id)
    out.print(f"{work_id} is no longer looked for" if removed else f"{work_id} was not registered", highlight=False)


@work.command("list")
def list_works(as_json: JsonOption = False) -> None:
    """Everything that is looked for."""
    with open_installation() as installation:
        works = installation.registry_admin.registered(local_operator())
    if as_json:
        print_json({"works": [asdict(one) for one in works]})
        return
    table = Table("id", "kind", "names", "description")
    for one in works:
        table.add_row(one.id, one.kind, ", ".join(one.names), one.description)
    out.print(table)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(work, name="work")
