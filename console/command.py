"""`assay serve` and, from the rooms beside it, `assay pipe`, `assay inspect` and `assay reader`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.batch import command as batch_command
from console.creator import command as creator_command
from console.inspection import command as inspection_command
from console.reports import command as reports_command
from console.verify import command as verify_command
from pipeline.access.public_address import refuse_public_development_keys
from pipeline.cli.cli_common import build_cli_installation, err
from pipeline.settings import load_settings


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; default: the setting host.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on; default: the setting port.")] = 0,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate with its chain, PEM: speaks TLS 1.3 only.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key, PEM.")] = None,
) -> None:
    """Serve the API, the console and the public verifier, and carry cases on, until stopped."""
    from console.serve import run_server as run

    options = {"host": host, "port": port, "tls_cert": tls_cert, "tls_key": tls_key}
    settings = load_settings(**{name: value for name, value in options.items() if value})
    refuse_public_development_keys(settings)
    scheme = "https" if settings.tls_cert else "http"
    err.print(f"{scheme}://{settings.host}:{settings.port}/ — Ctrl-C stops after the stage in hand", highlight=False)
    run(build_cli_installation(settings))


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(serve)
    batch_command.add_to(app)
    creator_command.add_to(app)
    inspection_command.add_to(app)
    reports_command.add_to(app)
    verify_command.add_to(app)
