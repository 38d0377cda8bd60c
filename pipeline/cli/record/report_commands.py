"""report: statements of reasons, the transparency report, the log of intimate images, a bundle for an appeal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from core.codec import dump
from core.errors import BadInput, NotNow
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json
from pipeline.drift.score_drift import ScoreDrift
from pipeline.legal_record.report_template import check_report
from pipeline.legal_record.restriction import Period
from pipeline.legal_record.stated_facts import StatedFacts, parse_stated_facts
from pipeline.legal_record.statement_files import statements_csv, statements_json
from pipeline.legal_record.takedown_log import takedown_csv

report = typer.Typer(no_args_is_help=True, help="What was decided, as the law wants it told.")

FromOption = Annotated[str, typer.Option("--from", help="First day (UTC), as 2026-01-01.")]
ToOption = Annotated[str, typer.Option("--to", help="Last day (UTC), as 2026-12-31.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="As CSV (RFC 4180) and not as JSON.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write it here; default: standard output.")]


@report.command("dsa")
def report_dsa(
    first: FromOption,
    last: ToOption,
    folder: Annotated[Path, typer.Option("--out", help="An empty folder, or one that is made: a file for each part.")],
    stated: Annotated[
        Path | None, typer.Option(help="TOML file of what only the provider knows: docs/how-to/legal-record.md.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """The transparency report of a period in the template of Implementing Regulation (EU) 2024/2835."""
    facts = parse_stated_facts(_text(stated)) if stated else StatedFacts()
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(f"{folder} is not empty")
    with open_installation() as at:
        found = at.record.report(local_operator(), _period(first, last), facts)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in found.files.items():
        (folder / name).write_bytes(text.encode())
    wrong = check_report(found.files)
    if as_json:
        figures = found.figures
        print_json(
            {
                "folder": str(folder),
                "files": list(found.files),
                "problems": wrong,
                "restrictions": figures.restrictions,
                "appeals": dump(figures.appeals),
                "automation": dump(figures.automation),
                "accuracy": dump(figures.accuracy),
                "notices": sum(one.received for one in figures.notices.values()),
            }
        )
    else:
        for line in wrong:
            out.print(line, highlight=False)
        out.print(f"{len(found.files)} files are in {folder}", highlight=False)
        out.print("what only you know is blank: docs/how-to/legal-record.md says what, and how it is stated")
    return 1 if wrong else 0


@report.command("check")
def report_check(
    folder: Annotated[Path, typer.Argument(help="A folder with the files of a report.")], as_json: JsonOption = False
) -> int:
    """Whether a report's files are as the template wants them, also after they were edited. Exit 1 if not."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder")
    wrong = check_report({file.name: _text(file) for file in sorted(folder.glob("*.csv"))})
    if as_json:
        print_json({"problems": wrong})
    else:
        for line in wrong or ["everything is as the template wants it"]:
            out.print(line, highlight=False)
    return 1 if wrong else 0


@report.command("statements")
def report_statements(first: FromOption, last: ToOption, as_csv: CsvOption = False, to: OutOption = None) -> None:
    """Statements of reasons in the fields of the DSA Transparency Database."""
    with open_installation() as at:
        found = at.record.statements_within(local_operator(), _period(first, last))
        _write(statements_csv(found) if as_csv else statements_json(found), to)


@report.command("submit")
def report_submit(
    first: FromOption = "",
    last: ToOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent; send nothing.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Send statements of reasons to the DSA Transparency Database. With days those of that period are queued before.

    What could not be sent is sent later, by this command or by a running installation.
    """
    who = local_operator()
    with open_installation() as at:
        queued = at.record.queue_statements(who, _period(first, last)) if first or last else 0
        if dry_run:
            shown = at.record.dry_run(who)
            print_json({"queued": queued, "problems": shown.rejected, "statements": list(shown.statements)})
            return 0
        if at.record.submission.receiver is None:
            raise NotNow("nothing is sent: the settings dsa_url and dsa_token say where to, and as whom")
        result = at.record.submit(who)
        counts = at.record.outbox_counts(who)
    told = {
        "queued": queued,
        "sent": result.sent,
        "rejected": result.rejected,
        "later": result.later,
        "outbox": dict(counts),
    }
    if as_json:
        print_json(told)
    else:
        out.print(
            f"{queued} queued, {result.sent} sent, {result.rejected} rejected, {result.later} to be tried again",
            highlight=False,
        )
    return 1 if result.rejected else 0


@report.command("takedowns")
def report_takedowns(first: FromOption, last: ToOption, as_csv: CsvOption = False, to: OutOption = None) -> None:
    """The log of intimate images: each claim received in the period, what was done, and whether within 48 hours."""
    with open_installation() as at:
        found = at.record.takedowns(local_operator(), _period(first, last))
    if as_csv:
        _write(takedown_csv(found), to)
    else:
        _write([json.dumps({"claims": dump(found)}, ensure_ascii=False) + "\n"], to)


@report.command("bundle")
def report_bundle(case_id: Annotated[str, typer.Argument(help="The case.")], to: OutOption = None) -> None:
    """Everything about a decision and its appeal as one JSON document, for a body that settles disputes."""
    with open_installation() as at:
        found = at.record.bundle(local_operator(), case_id)
    _write([json.dumps(dump(found), ensure_ascii=False, indent=2) + "\n"], to)


@report.command("public")
def report_public() -> None:
    """The figures of /transparency as JSON, whether or not the page is open."""
    with open_installation() as at:
        print_json(at.record.transparency())


@report.command("drift")
def report_drift(
    accept: Annotated[
        str,
        typer.Option("--accept", help="A classifier, as terms/1, that is well as it scores now."),
    ] = "",
    as_json: JsonOption = False,
) -> int:
    """How far each classifier's scores are from its week of reference. Exit 1 where one has moved."""
    who = local_operator()
    with open_installation() as at:
        labels = at.drift_desk.accept(who, accept) if accept else 0
        found = at.drift_desk.latest(who)
    if as_json:
        print_json({"accepted_labels": labels, "drift": dump(found)})
    else:
        if accept:
            out.print(f"{accept}: {labels} labels have another week of reference from now on", highlight=False)
        for one in found:
            out.print(_drift_line(one), highlight=False)
        if not found:
            out.print("nothing to compare: a classifier needs a week of 1000 measurements, and a sweep within the hour")
    return 1 if not accept and any(one.has_moved for one in found) else 0


def _drift_line(one: ScoreDrift) -> str:
    index = "too few to tell" if one.psi is None else f"{one.psi:.3f}{' has moved' if one.has_moved else ''}"
    week = f"{one.since:%Y-%m-%d} to {one.until:%Y-%m-%d}"
    week = f"a week that began {one.since:%Y-%m-%d %H:%M}" if one.collecting else week
    return f"{one.source} {one.label}: {index} ({one.measured} in {one.hours} h, against {week})"


def _write(parts: Iterable[str], to: Path | None) -> None:
    if to is None:
        for part in parts:
            sys.stdout.write(part)
        return
    with to.open("w", encoding="utf-8", newline="") as stream:
        stream.writelines(parts)


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except (OSError, ValueError) as error:
        raise BadInput(f"{file} cannot be read: {error}") from error


def _period(first: str, last: str) -> Period:
    start, end = _day(first), _day(last) + timedelta(days=1)
    if start >= end:
        raise BadInput("--from comes after --to")
    return Period(start=start, end=end)


def _day(text: str) -> datetime:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text[:40]!r} is not a day, as 2026-11-30") from None
    return datetime.combine(found, time(), UTC)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(report, name="report")
