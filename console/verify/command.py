"""`assay reader fetch`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.cli_common import out
from pipeline.settings import load_settings

reader = typer.Typer(
    help="The reader of credentials that the verifier's page runs in the browser.", no_args_is_help=True
)


@reader.command("fetch")
def fetch_reader(
    package: Annotated[
        Path | None, typer.Option(help="The package, where it is here already: `npm pack @contentauth/c2pa-wasm`.")
    ] = None,
) -> None:
    """Fetch it once, by its digests (9 MB). From the next start on credentials are read without sending the file."""
    from console.verify.browser_reader import fetch_browser_reader

    folder = fetch_browser_reader(load_settings(), package)
    out.print(f"The reader is in {folder}: start the server anew.", highlight=False, soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.add_typer(reader, name="reader")
