"""`assay report`: what people report about the use of their likeness, and the answer."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from core.errors import BadInput
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json
from pipeline.reports.report_desk import KEEP_CODES, TAKE_DOWN_CODES, ReportInView

report_app = typer.Typer(no_args_is_help=True, help="Reports of how a likeness is used, and their answers.")

KeyArgument = Annotated[int, typer.Argument(help="The report's number, as `assay likeness-reports list` gives it.")]


@report_app.command("list")
def list_reports(
    every: Annotated[bool, typer.Option(help="Also those that are answered, the newest first.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Reports that wait for an answer, the longest-waiting first."""
    with open_installation() as at:
        rows = at.report_desk.queue(local_operator(), every=every)
    if as_json:
        print_json([_told(one) for one in rows])
        return
    table = Table("report", "of", "video", "since", "answer", "words", box=None)
    for one in rows:
        report, state = one.report, one.report.answer.replace("_", " ") or "waits"
        since = f"{report.at:%Y-%m-%d %H:%M}"
        table.add_row(str(report.key), f"@{report.handle}", report.case_id, since, state, escape(one.words[:80]))
    out.print(table if rows else "Nothing waits.")


@report_app.command("show")
def show_report(key: KeyArgument, as_json: JsonOption = False) -> None:
    """One report with its words."""
    with open_installation() as at:
        seen = at.report_desk.show(local_operator(), key)
    if as_json:
        print_json(_told(seen))
        return
    for name, value in _told(seen).items():
        out.print(f"{name}: {value}", highlight=False, markup=False)


@report_app.command("answer")
def answer_report(
    key: KeyArgument,
    decision: Annotated[str, typer.Argument(help="take-down or dismiss.")],
    code: Annotated[
        str,
        typer.Option(help=f"To take down: {', '.join(TAKE_DOWN_CODES)}. To dismiss: {', '.join(KEEP_CODES)}."),
    ],
    reply: Annotated[str, typer.Option(help="Words for whoever reported; erasable.")] = "",
) -> None:
    """Take the video down or leave it, once; both sides are told."""
    if decision not in ("take-down", "dismiss"):
        raise BadInput("a report is answered with take-down or dismiss")
    with open_installation() as at:
        answer = at.report_desk.take_down if decision == "take-down" else at.report_desk.dismiss
        seen = answer(local_operator(), key, code=code, reply=reply)
    out.print(f"report {key}: {seen.report.answer.replace('_', ' ')}", highlight=False)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(report_app, name="likeness-reports")


def _told(seen: ReportInView) -> dict[str, object]:
    report = seen.report
    return {
        "report": report.key,
        "cameo": report.handle or report.cameo,
        "case": report.case_id,
        "phase": seen.case.phase.value if seen.case else "",
        "at": report.at,
        "words": seen.words,
        "answer": report.answer,
        "code": report.code,
        "reply": seen.reply,
        "answered": report.answered,
    }
