"""bank: which pictures, videos and sounds are known, who added them and why, and lists of them from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from core.codec import dump
from core.errors import BadInput, NotFound
from pipeline.cli.cli_common import JsonOption, err, local_operator, open_installation, out, print_json
from pipeline.known_footage.bank_service import EntryRecord
from registry.banks.bank_entries import BANK_KINDS, EntryState
from registry.banks.exchange_formats import EXPORT_FORMATS, FORMATS

bank = typer.Typer(no_args_is_help=True, help="Banks of known pictures, videos and sounds.")

KnownIdArgument = Annotated[str, typer.Argument(help="An opaque id: not a name.")]
BankOption = Annotated[str, typer.Option("--bank", help="The bank's name; default: the one that is named as the kind.")]
OneBankOption = Annotated[str, typer.Option("--bank", help="In this bank only; default: in all.")]
KindOption = Annotated[str, typer.Option(help=f"Kind of the bank: {', '.join(BANK_KINDS)}.")]
SourceOption = Annotated[str, typer.Option(help="Where it is from: kept with each entry.")]
ReasonOption = Annotated[str, typer.Option(help="Why: kept with each entry.")]
_PROGRESS_EVERY = 20_000


@bank.command("add")
def bank_add(
    known: KnownIdArgument,
    file: Annotated[Path, typer.Argument(help="A picture, a video or a file of sound; it is not kept.")],
    kind: KindOption = "",
    name: BankOption = "",
    source: SourceOption = "",
    reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:
    """Bank the hashes of a picture, a video or a sound: copies are recognised in every video from now on."""
    with open_installation() as installation:
        service = installation.banks
        into = service.resolve(name, kind)
        count = service.add_file(local_operator(), known, file, into, source=source, reason=reason)
    if as_json:
        print_json({"bank": into.name, "kind": into.kind, "id": known, "hashes": count})
    else:
        out.print(f"{count} hashes banked", highlight=False)


@bank.command("remove")
def bank_remove(
    known: KnownIdArgument, name: OneBankOption = "", reason: ReasonOption = "", as_json: JsonOption = False
) -> None:
    """Take what has this id out of the banks. The record of who added and removed it is kept."""
    with open_installation() as installation:
        count = installation.banks.remove(local_operator(), known, bank=name, reason=reason)
    print_json({"id": known, "removed": count}) if as_json else out.print(f"{count} entries removed", highlight=False)


@bank.command("import")
def bank_import(
    file: Annotated[Path, typer.Argument(help="A list of hashes.", exists=True, dir_okay=False)],
    name: BankOption = "",
    kind: KindOption = "",
    format_name: Annotated[
        str, typer.Option("--format", help=f"{', '.join(FORMATS)}; default: as the file begins.")
    ] = "",
    source: Annotated[str, typer.Option(help="Where it is from: kept with each entry; default: the file's name.")] = "",
    reason: ReasonOption = "",
    restore: Annotated[bool, typer.Option(help="Bank again what was removed before.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bank a list of hashes, all of it or nothing: PDQ and vPDQ of ThreatExchange's tools, or plain CSV.

    Doing it again changes nothing.
    """
    with open_installation() as installation:
        service = installation.banks
        done = service.add_list(
            local_operator(),
            file,
            service.resolve(name, kind),
            format_name=format_name,
            source=source,
            reason=reason,
            restore=restore,
            progress=_tell_progress,
        )
    if as_json:
        print_json(done)
        return
    out.print(f"{done.bank}: {done.added} entries banked, {done.known} were there already", highlight=False)
    if done.removed_before:
        verb = "are back" if restore else "were removed before and stay so (--restore brings them back)"
        out.print(f"{done.removed_before} {verb}", highlight=False)
    for why, count in sorted(done.left_out.items()):
        out.print(f"{count} left out: {escape(why)}", highlight=False)


@bank.command("export")
def bank_export(
    name: Annotated[str, typer.Argument(help="The bank's name.")],
    to: Annotated[Path | None, typer.Option(help="The file to write; default: standard output.")] = None,
    format_name: Annotated[str, typer.Option("--format", help=f"One of {', '.join(EXPORT_FORMATS)}.")] = "csv",
    as_json: JsonOption = False,
) -> None:
    """Write what decides in a bank as a list of hashes, for ThreatExchange's tools or as plain CSV."""
    if as_json and to is None:
        raise BadInput("with --json the list itself needs a file: --to")
    with open_installation() as installation:
        text, count, unsaid = installation.banks.export(local_operator(), name, format_name)
    if to is None:
        typer.echo(text, nl=False)
    else:
        to.write_text(text, encoding="utf-8")
    if as_json:
        print_json({"bank": name, "format": format_name, "entries": count, "left_out": unsaid})
    elif unsaid:
        err.print(f"{unsaid} entries are not in it: the format has no word for their hashes", highlight=False)


@bank.command("list")
def bank_list(
    name: Annotated[str, typer.Argument(help="The bank whose entries are listed; default: all banks.")] = "",
    state: Annotated[str, typer.Option(help=f"Only those: {', '.join(EntryState)}. All banks if none is named.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many entries at the most.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """All banks with what a match in them leads to, or the entries of one."""
    if state and state not in tuple(EntryState):
        raise BadInput(f"{state!r} is no state: one of {', '.join(EntryState)}")
    with open_installation() as installation:
        service = installation.banks
        if name or state:
            entries = service.entries(local_operator(), bank=name, state=state, limit=limit)
            print_json({"entries": entries}) if as_json else _show_entries(entries)
            return
        banks = service.list_banks(local_operator())
    if as_json:
        print_json(
            {"banks": [{"name": b.name, "kind": b.kind, "action": b.action, "entries": b.entries} for b in banks]}
        )
        return
    table = Table("bank", "kind", "a match", *EntryState)
    for one in banks:
        table.add_row(one.name, one.kind, one.action, *(str(one.entries.get(state, 0)) for state in EntryState))
    out.print(table)


@bank.command("show")
def bank_show(known: KnownIdArgument, name: OneBankOption = "", as_json: JsonOption = False) -> None:
    """Everything that is known of an entry: its hashes by number and kind, and who did what to it, when and why."""
    with open_installation() as installation:
        entries = installation.banks.entries(local_operator(), bank=name, known_id=known)
    if not entries:
        raise NotFound(f"no bank has an entry {known!r}")
    if as_json:
        print_json({"entries": entries})
        return
    for one in entries:
        out.print(f"{one.bank} {one.kind}: {one.hashes} {one.algorithm}, {one.state}", highlight=False)
        for change in one.history:
            why = "; ".join(text for text in (change.source, change.reason) if text)
            line = f"  {change.at:%Y-%m-%d %H:%M:%S} {change.change} by {change.by}{': ' if why else ''}{why}"
            out.print(escape(line), highlight=False)


@bank.command("release")
def bank_release(
    known: KnownIdArgument, name: OneBankOption = "", reason: ReasonOption = "", as_json: JsonOption = False
) -> None:
    """Let an entry that was quarantined decide again."""
    with open_installation() as installation:
        count = installation.banks.release(local_operator(), known, bank=name, reason=reason)
    print_json({"id": known, "released": count}) if as_json else out.print(f"{count} entries decide again")


@bank.command("match")
def bank_match(as_json: JsonOption = False) -> None:
    """Compare hashes that are new with what is published, now; workers do so every minute.

    What policy refuses is recalled, what it would hold is a question for `assay bank decide`. Interrupted, it goes on
    with what is left.
    """
    with open_installation() as installation:
        quarantined = installation.bank_upkeep.quarantine.run()
        report = installation.bank_upkeep.matches.run(_tell_comparison)
        runner = installation.runner
        if report.recalled and runner is not None:
            runner.drain()
    if as_json:
        print_json({**dump(report), "quarantined": len(quarantined)})
        return
    out.print(
        f"{report.entries} entries compared with {report.videos} videos: {report.recalled} recalled, "
        f"{report.open} to decide about, {report.noted} noted; {len(quarantined)} entries quarantined",
        highlight=False,
    )


@bank.command("matches")
def bank_matches(
    every: Annotated[bool, typer.Option("--all", help="Those that are decided, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Published videos in which an entry is that came later, and that wait for a moderator."""
    with open_installation() as installation:
        found = installation.bank_upkeep.matches.open_matches(local_operator(), every=every)
    if as_json:
        print_json({"matches": found})
        return
    table = Table("match", "video", "bank", "entry", "score", "seconds", "rules", "state")
    for one in found:
        seconds = f"{min(one.seconds)} to {max(one.seconds) + 1}"
        row = (str(one.key), one.case_id, one.bank, escape(one.id), f"{one.score:.2f}", seconds)
        table.add_row(*row, ", ".join(one.rules), one.state)
    out.print(table)


@bank.command("decide")
def bank_decide(
    match: Annotated[int, typer.Argument(help="The match's number, as `assay bank matches` shows it.")],
    recall: Annotated[bool, typer.Option("--recall/--keep", help="Take the video down, or leave it.")],
    code: Annotated[
        str, typer.Option(help="Why, as the page lists the reasons: rights, agreed, looks_alike (a false match), …")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Decide about a published video that a later entry matches. For moderators."""
    with open_installation() as installation:
        done = installation.bank_upkeep.matches.decide(local_operator(), match, recall=recall, code=code)
        if recall and installation.runner is not None:
            installation.runner.drain()
    print_json(done) if as_json else out.print(f"{done.case_id} is {done.state}", highlight=False)


def _show_entries(entries: Sequence[EntryRecord]) -> None:
    table = Table("bank", "id", "hashes", "state", "added by", "when", "from", "why")
    for one in entries:
        first = one.history[0]
        hashes = f"{one.hashes} {one.algorithm}"
        table.add_row(
            one.bank, escape(one.id), hashes, one.state, first.by, f"{first.at:%Y-%m-%d}", first.source, first.reason
        )
    out.print(table)


def _tell_progress(done: int) -> None:
    if done % _PROGRESS_EVERY == 0:
        err.print(f"{done} entries", highlight=False)


def _tell_comparison(entries: int, videos: int) -> None:
    if videos % _PROGRESS_EVERY == 0:
        err.print(f"{entries} entries, {videos} videos", highlight=False)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(bank, name="bank")
