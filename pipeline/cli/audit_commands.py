"""audit: whether the events are as they were written; signed heads for whoever keeps them; the log for outsiders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from core.codec import dump
from core.errors import BadInput
from pipeline.cli.cli_common import JsonOption, out, print_json
from pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from pipeline.audit.audit_walk import AuditReport
    from pipeline.audit.signed_note import NoteKey
    from pipeline.ledgers.database import Database

audit = typer.Typer(no_args_is_help=True, help="Whether what happened is as it was written down.")

_SHOWN = 20  # of the places where something is wrong
AgainstOption = Annotated[
    list[Path] | None, typer.Option(help="A signed head that was kept elsewhere; may be given more than once.")
]
KeyOption = Annotated[
    str, typer.Option(help="The log's public key (name+id+key); default: that of the keys folder, or of the export.")
]


@audit.command("verify")
def audit_verify(
    export: Annotated[
        Path | None,
        typer.Argument(
            help="An exported log, or a certificate of erasure, looked at without any installation;"
            " default: the database."
        ),
    ] = None,
    against: AgainstOption = None,
    key: KeyOption = "",
    receipt_keys: Annotated[
        Path | None,
        typer.Option(help="Of a certificate: the keys for receipts (a JWK set); default: those in the file."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Look at every event, its chain, the log and its signed heads. Exit 1 if something is not as it was written.

    Of an exported log an outsider should give the key, which they have from elsewhere.
    """
    from pipeline.audit.installation_audit import audit_installation
    from pipeline.audit.log_bundle import verify_export
    from pipeline.audit.signed_note import parse_note_key

    if export is not None and not export.exists():
        raise BadInput(f"there is no {export}")
    if export is not None and export.is_file():
        return _verify_certificate(export, key, receipt_keys, as_json=as_json)
    kept = {str(file): _text(file) for file in against or ()}
    if export is None:
        settings = load_settings()
        with _database(settings) as database:
            report = audit_installation(
                database, settings.keys_folder, kept=kept, key=parse_note_key(key) if key else None
            )
    else:
        report = verify_export(export, parse_note_key(key or _text(export / "log.pub")), kept=kept)
    if as_json:
        print_json({"intact": report.intact, **dump(report)})
    else:
        _show(report)
    return 0 if report.intact else 1


@audit.command("anchor")
def audit_anchor(
    to: Annotated[
        Path | None, typer.Option(help="Also write the signed head into this file: for a witness to keep.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Enter every event that is not yet in the log, and sign the log's head."""
    from pipeline.audit.transparency_log import TransparencyLog

    settings = load_settings()
    with _database(settings) as database:
        result = TransparencyLog(database, settings.keys_folder).anchor(everything=True)
    if to and result.checkpoint:
        to.write_text(result.checkpoint)
    if as_json:
        print_json(result)
        return
    out.print(f"{result.entered} events were entered; the log has {result.size}", highlight=False)
    if to and result.checkpoint:
        out.print(f"its signed head is in {to}: give it to somebody else to keep", highlight=False)


@audit.command("export")
def audit_export(
    folder: Annotated[Path, typer.Argument(help="An empty folder, or one that is made.")],
    with_bodies: Annotated[
        bool, typer.Option(help="The events' JSON too, and not only its digests: for an auditor, not for the public.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the log as files (C2SP tlog-tiles) that an outsider can check with `assay audit verify FOLDER`."""
    from pipeline.audit.log_bundle import export_log

    settings = load_settings()
    with _database(settings) as database:
        entries = export_log(database, settings.keys_folder, _log_key(settings), folder, with_bodies=with_bodies)
    if as_json:
        print_json({"folder": str(folder), "entries": entries})
    else:
        out.print(f"{entries} entries are in {folder}", highlight=False)


@audit.command("key")
def audit_key(as_json: JsonOption = False) -> None:
    """The log's public key, for those who are to check it."""
    key = _log_key(load_settings())
    if as_json:
        print_json({"key": key.text})
    else:
        out.print(key.text, highlight=False, soft_wrap=True)


def _verify_certificate(file: Path, key: str, receipt_keys: Path | None, *, as_json: bool) -> int:
    from pipeline.audit.certificate_file import verify_certificate_file
    from pipeline.audit.signed_note import parse_note_key

    try:
        report = verify_certificate_file(
            file,
            receipt_keys=_text(receipt_keys) if receipt_keys else "",
            log_key=parse_note_key(key) if key else None,
        )
    except BadInput as error:
        if as_json:
            print_json({"intact": False, "why": str(error)})
        else:
            out.print(f"[red]broken[/red] {escape(str(error))}", highlight=False)
        return 1
    if as_json:
        print_json({"intact": True, **dump(report)})
        return 0
    says = report.says
    out.print(f"erased: {says['pii_principal_id']}, keys destroyed {says['keys_destroyed']}", highlight=False)
    for name, count in says["erased"].items():
        out.print(f"  {name} {count}", highlight=False)
    out.print(f"{report.proven} events are proven to be in the log, {report.without_proof} are not", highlight=False)
    if report.own_keys:
        out.print(
            "the keys in the file were believed: give --receipt-keys and --key to rule out a forgery", highlight=False
        )
    out.print("[green]the certificate holds[/green]")
    return 0


def _log_key(settings: Settings) -> NoteKey:
    from pipeline.audit.log_key import load_log_key

    return load_log_key(settings.keys_folder).public


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    from pipeline.wiring import open_installation_database

    with closing(open_installation_database(settings)) as database:
        yield database


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, ValueError) as error:
        raise BadInput(f"{file} cannot be read: {error}") from error


def _show(report: AuditReport) -> None:
    for one in report.breaks[:_SHOWN]:
        place = f"case {one.case_id}, event {one.revision}: " if one.case_id else ""
        out.print(f"[red]broken[/red] {escape(place + one.says)}", highlight=False)
    if len(report.breaks) > _SHOWN:
        out.print(f"… and {len(report.breaks) - _SHOWN} more", highlight=False)
    out.print(
        f"{report.events} events of {report.cases} cases; {report.log_size} are in the log, {report.waiting} wait to "
        f"be entered; {report.checkpoints} signed heads, {len(report.compared)} compared with kept ones",
        highlight=False,
    )
    if report.chained_later:
        out.print(
            f"chained from {report.chained_since} on: {report.chained_later} events are older, and may have been "
            "changed before",
            highlight=False,
        )
    if report.intact:
        out.print("[green]everything is as it was written[/green]")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(audit, name="audit")
