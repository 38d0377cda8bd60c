"""`assay appeals`: videos that were taken down and whose authors appeal, by their clock, and the two answers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from core.case import Case
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json

appeals_app = typer.Typer(no_args_is_help=True, help="Appeals of videos that were taken down.")

_CaseId = Annotated[str, typer.Argument(help="The case's id, 16 hex digits.")]
_Note = Annotated[str, typer.Option(help="Words for the file; erasable.")]


@appeals_app.command("list")
def list_appeals(as_json: JsonOption = False) -> None:
    """Those that wait, the longest-waiting first. What a claim took down is appealed there: `assay claims list`."""
    now = datetime.now(UTC)
    with open_installation() as at:
        waiting = at.recall_appeals.waiting(local_operator())
    if as_json:
        print_json([{**asdict(one), "case": one.case.id, "late": one.is_late(now)} for one in waiting])
        return
    table = Table(title="appeals of removals", title_justify="left")
    for name in ("case", "removed for", "since", "due", "left", "why not you"):
        table.add_column(name, overflow="fold")
    for one in waiting:
        left = "late" if one.is_late(now) else f"{(one.due_at - now).total_seconds() / 3600:.1f} h"
        code = one.case.recalled.code if one.case.recalled else ""
        table.add_row(
            one.case.id, code, f"{one.since:%Y-%m-%d %H:%M}", f"{one.due_at:%Y-%m-%d %H:%M}", left, one.conflict
        )
    out.print(table)


@appeals_app.command("grant")
def grant_appeal(case_id: _CaseId, note: _Note = "", as_json: JsonOption = False) -> None:
    """Put the video back, as the same file."""
    with open_installation() as at:
        who, desk = local_operator(), at.service.reversals
        revision = at.service.case(who, case_id).revision
        answered = desk.grant(who, case_id, revision=revision, note=note)
        if at.runner is not None:
            at.runner.drain()
    _say(answered, "The video goes back.", as_json=as_json)


@appeals_app.command("uphold")
def uphold_removal(
    case_id: _CaseId,
    code: Annotated[str, typer.Option(help="Why, from the reasons of a refusal.")],
    reply: Annotated[str, typer.Option(help="Words for the author; erasable.")] = "",
    note: _Note = "",
    as_json: JsonOption = False,
) -> None:
    """Leave the video down, with words for its author."""
    with open_installation() as at:
        who, desk = local_operator(), at.service.reversals
        revision = at.service.case(who, case_id).revision
        answered = desk.uphold(who, case_id, code=code, revision=revision, note=note, reply=reply)
    _say(answered, "The video stays down.", as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """The command and what is below it."""
    app.add_typer(appeals_app, name="appeals")


def _say(case: Case, words: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"case": case.id, "revision": case.revision, "phase": case.phase.value})
    else:
        out.print(f"{case.id}: {words}", highlight=False)
