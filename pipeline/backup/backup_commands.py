"""backup, restore: a copy of the whole installation, and a new installation from a copy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.cli_common import JsonOption, VerboseOption, configure_logging, err, out, print_json
from pipeline.settings import load_settings

BackupFolder = Annotated[Path, typer.Argument(help="The backup's folder; for a new one it is new, or empty.")]


def backup(folder: BackupFolder, as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """Copy database, bytes, published files and keys into a folder. Assay may go on meanwhile.

    Keep its sub-folder `keys` apart from the rest: together they can be read by anybody. Buckets are named, not copied.
    """
    from pipeline.backup.installation_backup import back_up

    configure_logging(verbose=verbose)
    report = back_up(load_settings(), folder)
    if as_json:
        print_json(report)
        return
    for name, count in report.files.items():
        out.print(f"{name}: {count} files", highlight=False)
    _name_buckets(report.elsewhere)


def restore(folder: BackupFolder, as_json: JsonOption = False, verbose: VerboseOption = False) -> int:
    """Make a new installation of a backup, and look whether all is as it was written. Exit 1 if something is not.

    It needs the settings of the one that was backed up, and a database without tables.
    """
    from pipeline.backup.installation_backup import restore_installation

    configure_logging(verbose=verbose)
    report = restore_installation(load_settings(), folder)
    if as_json:
        print_json(report)
        return 0 if report.intact else 1
    for name, count in report.files.items():
        out.print(f"{name}: {count} files", highlight=False)
    out.print(f"{report.cases} cases, {report.events} events", highlight=False)
    for said in report.breaks:
        err.print(f"not as it was written: {said}", highlight=False, markup=False)
    _name_buckets(report.elsewhere)
    return 0 if report.intact else 1


def _name_buckets(buckets: tuple[str, ...]) -> None:
    for bucket in buckets:
        err.print(f"{bucket} is copied and restored by its own means", highlight=False, markup=False)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(backup)
    app.command()(restore)
