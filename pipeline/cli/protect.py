"""protect: close what an older Assay left open."""

from __future__ import annotations

import typer

from pipeline.at_rest.private_files import close_to_others
from pipeline.cli.cli_common import JsonOption, out, print_json
from pipeline.settings import load_settings


def protect(as_json: JsonOption = False) -> None:
    """Close all files and folders of the home, and its keys, to other users of this machine (600 and 700).

    Doing it again changes nothing.
    """
    settings = load_settings()
    closed = sum(close_to_others(place) for place in {settings.root, settings.keys_folder})
    if as_json:
        print_json({"closed": closed})
    else:
        out.print(f"files and folders closed to other users: {closed}", highlight=False)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(protect)
