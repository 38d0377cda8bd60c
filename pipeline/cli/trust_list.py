"""trust: whose signatures the verifier trusts, as dated lists in a folder."""

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

trust = typer.Typer(no_args_is_help=True, help="Whom the verifier trusts besides this installation.")

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
    target, today = _folder(folder), datetime.now(UTC).date()
    results = [trust_lists.update_trust_list(target, name, signers, today=today)]
    results.append(trust_lists.update_trust_list(target, f"{name}-tsa", tsa, today=today))
    _print(results, as_json)


@trust.command("show")
def trust_show(folder: TrustFolderOption = None, as_json: JsonOption = False) -> None:
    """The lists in force besides our own, and when the first of their certificates expires."""
    _print(list(trust_lists.read_trust_lists(_folder(folder))), as_json)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(trust, name="trust")


def _folder(option: Path | None) -> Path:
    folder = option or load_settings().trust
    if folder is None:
        raise BadInput("name a folder with --in, or with the setting trust (ASSAY_TRUST)")
    return folder.expanduser()


def _print(results: list[TrustListFile], as_json: bool) -> None:
    if as_json:
        print_json(results)
        return
    for result in results:
        state = "" if result.changed else ", as before"
        line = f"{result.name}: {result.certificates} certificates, the first runs out {result.first_expiry}{state}"
        out.print(line, highlight=False, markup=False)
        for sign, subjects in (("+", result.came), ("-", result.went)):
            for subject in subjects:
                out.print(f"  {sign} {subject}", highlight=False, markup=False)
