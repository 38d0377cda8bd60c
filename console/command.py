"""`assay serve`."""

from __future__ import annotations

import typer

from pipeline.cli.common import err, house_of
from pipeline.settings import load_settings


def serve(
    host: str = typer.Option("", help="Address to listen on; default: the setting host."),
    port: int = typer.Option(0, help="Port to listen on; default: the setting port."),
) -> None:
    """Serve the API, the console and the public verifier, and carry cases on, until stopped."""
    from console.serve import serve as run

    given = {name: value for name, value in {"host": host, "port": port}.items() if value}
    settings = load_settings(**given)
    err.print(f"http://{settings.host}:{settings.port}/ — Ctrl-C stops after the stage in hand", highlight=False)
    run(house_of(settings))


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(serve)
