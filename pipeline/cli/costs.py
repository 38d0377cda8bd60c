"""`assay costs`: what rendering cost, and what was saved because a request was refused before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

import typer
from rich.table import Column, Table

from core.errors import BadInput
from pipeline.access.video_costs import CostLine, total_amount
from pipeline.cli.cli_common import JsonOption, open_installation, out, print_json

_DAYS = 30


def costs(
    since: Annotated[str, typer.Option(help="First day (UTC), as 2026-11-01; default: 30 days ago.")] = "",
    until: Annotated[str, typer.Option(help="Last day (UTC); default: today.")] = "",
    account: Annotated[str, typer.Option(help="Of this account only.")] = "",
    as_json: JsonOption = False,
) -> None:
    """What rendering cost, by engine, and what requests that were refused before it would have cost.

    By the prices a second that the settings stated at the time. What an engine declined, or failed at, is not billed.
    """
    today = datetime.now(UTC).date()
    begin = _day(since) if since else datetime.combine(today - timedelta(days=_DAYS), time(), UTC)
    end = (_day(until) if until else datetime.combine(today, time(), UTC)) + timedelta(days=1)
    if begin >= end:
        raise BadInput("--since comes after --until")
    with open_installation() as at:
        currency = at.settings.currency
        lines = at.costs.lines(begin, end, author=account or None)
        measuring = at.costs.saved_measuring(begin, end, author=account or None)
    if as_json:
        print_json(
            {
                "since": begin.isoformat(),
                "until": end.isoformat(),
                "currency": currency,
                "cost": total_amount(lines, "rendered"),
                "saved": total_amount(lines, "refused"),
                "stopped": total_amount(lines, "stopped"),
                "measuring_saved": measuring,
                "lines": lines,
            }
        )
        return
    out.print(_table(lines, currency))
    out.print(f"rendering cost   {total_amount(lines, 'rendered'):.2f} {currency}", highlight=False)
    out.print(f"refusals saved   {total_amount(lines, 'refused'):.2f} {currency}", highlight=False)
    if stopped := total_amount(lines, "stopped"):
        out.print(f"previews stopped {stopped:.2f} {currency}", highlight=False)
    if measuring.videos:
        what = f"{measuring.seconds:.1f} s of measuring {measuring.videos} videos that were refused for good before"
        out.print(f"cut off early    {what}", highlight=False)
    if unpriced := sum(line.unpriced for line in lines):
        out.print(f"{unpriced} videos are not in it: no price was stated when they were asked for", highlight=False)


def _table(lines: Sequence[CostLine], currency: str) -> Table:
    amount = f"amount ({currency})" if currency else "amount"
    table = Table("outcome", "engine", Column("videos", justify="right"), Column("seconds", justify="right"))
    table.add_column(amount, justify="right")
    for line in lines:
        table.add_row(line.outcome, line.engine or "-", str(line.videos), f"{line.seconds:.1f}", f"{line.amount:.2f}")
    return table


def _day(text: str) -> datetime:
    try:
        return datetime.combine(datetime.strptime(text, "%Y-%m-%d").date(), time(), UTC)  # noqa: DTZ007
    except ValueError:
        raise BadInput(f"{text[:40]!r} is not a day, as 2026-11-29") from None


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(costs)
