"""protect: close and encrypt what an older Assay left open."""

from __future__ import annotations

from contextlib import closing

import typer

from pipeline.at_rest.private_files import close_to_others
from pipeline.cli.cli_common import JsonOption, VerboseOption, configure_logging, err, out, print_json
from pipeline.settings import load_settings

_EVERY = 1000


def protect(as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """Close all files of the home and its keys to other users (600 and 700), and encrypt what lies in the clear.

    Bytes of cases and texts that an older Assay kept are encrypted under a key for each case. It may run while Assay
    does; if interrupted, running it again carries on, and doing it twice changes nothing.
    """
    from pipeline.at_rest.encrypt_stored import encrypt_stored
    from pipeline.ledgers.texts import PostgresTexts
    from pipeline.wiring.stores import open_blob_store, open_case_keys, open_installation_database

    configure_logging(verbose=verbose)
    settings = load_settings()
    keys = open_case_keys(settings)
    with closing(open_installation_database(settings)) as database:
        report = encrypt_stored(
            database, PostgresTexts(database, keys), open_blob_store(settings, keys), progress=_progress
        )
    closed = sum(close_to_others(place) for place in {settings.root, settings.keys_folder})
    if as_json:
        print_json(
            {
                "closed": closed,
                "texts": report.texts,
                "blobs": report.blobs,
                "damaged": report.damaged,
                "log_cleared": report.log_cleared,
            }
        )
        return
    out.print(f"files and folders closed to other users: {closed}", highlight=False)
    out.print(f"texts encrypted: {report.texts}, files encrypted: {report.blobs}", highlight=False)
    if report.log_cleared is False:
        out.print(
            "The database's files and write-ahead log may still hold those texts in the clear, and this role may not "
            "clear them: see docs/how-to/at-rest.md."
        )
    for digest in report.damaged:
        out.print(f"damaged, and left as it is: {digest}", highlight=False)


def _progress(cases: int) -> None:
    if cases % _EVERY == 0:
        err.print(f"{cases} cases looked through", highlight=False)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(protect)
