"""trust: whom the verifier believes, as dated lists in a folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from core.errors import BadInput
from pipeline.cli.cli_common import JsonOption, out, print_json
from pipeline.settings import load_settings
from pipeline.verification import trust_lists
from pipeline.verification.trust_lists import TrustListFile

trust = typer.Typer(no_args_is_help=True, help="Whom the verifier believes besides this installation.")

TrustFolderOption = Annotated[
    Path | None, typer.Option("--in", help="Folder of the lists; default: the setting trust.")
]


@trust.command("update")
def trust_update(
    signers: Annotated[
        str, typer.Option(help="The list of signers: https:// or a file.")
    ] = trust_lists.SIGNER_LIST_URL,
    tsa: Annotated[str, typer.Option(help="The list of time-stamping authorities.")] = trust_lists.TSA_LIST_URL,
    name: Annotated[str, typer.Option(help="What the lists are called in answers.")] = "c2pa",
    folder: TrustFolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch the C2PA's lists (or others) as files with today's date; the older ones go to superseded/."""
    there, today = _folder(folder), datetime.now(UTC).date()
    told = [trust_lists.update_trust_list(there, name, signers, today=today)]
    told.append(trust_lists.update_trust_list(there, f"{name}-tsa", tsa, today=today))
    _print(told, as_json)


@trust.command("show")
def trust_show(folder: TrustFolderOption = None, as_json: JsonOption = False) -> None:
    """The lists in force beside our own, and when the first of their certificates runs out."""
    _print(list(trust_lists.read_trust_lists(_folder(folder))), as_json)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(trust, name="trust")


def _folder(given: Path | None) -> Path:
    folder = given or load_settings().trust
    if folder is None:
        raise BadInput("name a folder with --in, or with the setting trust (ASSAY_TRUST)")
    return folder.expanduser()


def _print(told: list[TrustListFile], as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    for one in told:
        state = "" if one.changed else ", as before"
        line = f"{one.name}: {one.certificates} certificates, the first runs out {one.first_expiry}{state}"
        out.print(line, highlight=False, markup=False)
        for sign, subjects in (("+", one.came), ("-", one.went)):
            for subject in subjects:
                out.print(f"  {sign} {subject}", highlight=False, markup=False)
