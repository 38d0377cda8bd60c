"""`assay review`: the leads' overview and the log of decisions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

import typer
from rich.table import Column, Table

from core.errors import BadInput, Unavailable
from pipeline.appeals.removal_figures import RemovalAppealCount
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json
from pipeline.moderation.quality.agreement import Estimate
from pipeline.moderation.quality.decision_log import KINDS, DecisionFilter, LoggedDecision, csv_lines
from pipeline.moderation.quality.overview import Overview, PersonQuality, RuleQuality
from pipeline.moderation.quality.quality_desk import WINDOWS, QualityDesk
from pipeline.service import CaseService

review_app = typer.Typer(no_args_is_help=True, help="How moderation goes, and what was decided.")


@review_app.command("overview")
def overview(
    days: Annotated[int, typer.Option(help=f"How far back: {', '.join(map(str, WINDOWS))} days.")] = 7,
    as_json: JsonOption = False,
) -> None:
    """What is held and how old it is, how much is decided, how it stands up, and who did what."""
    with open_installation() as at:
        found = _desk(at.service).overview(local_operator(), days=days)
    if as_json:
        print_json(found)
        return
    for line in _summary(found):
        out.print(line, highlight=False)
    out.print(_rules_table(found.rules))
    out.print(_people_table(found.people))


@review_app.command("decisions")
def decisions(
    since: Annotated[str, typer.Option(help="First day (UTC), as 2026-11-01.")] = "",
    until: Annotated[str, typer.Option(help="Last day (UTC).")] = "",
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}.")] = "",
    person: Annotated[str, typer.Option(help="Of this account only.")] = "",
    rule: Annotated[str, typer.Option(help="About this rule only.")] = "",
    decision: Annotated[str, typer.Option(help="allow or refuse.")] = "",
    gate: Annotated[str, typer.Option(help="prompt or video.")] = "",
    case: Annotated[str, typer.Option(help="Of this case only.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at the most, but for --csv.")] = 50,
    as_csv: Annotated[bool, typer.Option("--csv", help="All of them, as CSV.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Rulings, recalls, appeals, and refusals that no person made, the newest first. No words of a prompt are in it."""
    last = _day(until)
    wanted = DecisionFilter(
        since=_day(since),
        until=last + timedelta(days=1) if last else None,
        kind=kind,
        person=person,
        rule=rule,
        decision=decision,
        gate=gate,
        case_id=case,
    )
    with open_installation() as at:
        desk = _desk(at.service)
        if as_csv:
            for line in csv_lines(desk.all_decisions(local_operator(), wanted)):
                sys.stdout.write(line)
            return
        rows = desk.decisions(local_operator(), wanted, limit=limit).rows
    if as_json:
        print_json(rows)
        return
    out.print(_log_table(rows))


def add_to(app: typer.Typer) -> None:
    """The command and what is below it."""
    app.add_typer(review_app, name="review")


def _desk(service: CaseService) -> QualityDesk:
    if service.quality is None:
        raise Unavailable("no figures of moderation are kept here")
    return service.quality


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if text else None
    except ValueError:
        raise BadInput("write the day as 2026-11-01") from None


def _summary(found: Overview) -> Sequence[str]:
    oldest = f", the oldest since {found.held.oldest:%Y-%m-%d %H:%M} UTC" if found.held.oldest else ""
    ages = ("under 1 h", "to 4 h", "to 24 h", "to 48 h", "over 48 h")
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds.items()) or "nothing was decided"
    return (
        f"held            {found.held.total}{oldest}; appeals among them: {found.held.appeals}",
        "waiting         " + ", ".join(f"{n} {age}" for age, n in zip(ages, found.held.by_age, strict=True)),
        f"in {found.days} days".ljust(16) + kinds,
        "waited before   " + ", ".join(f"{n} {age}" for age, n in zip(ages, found.waits, strict=True)),
        f"second reviews that wait for a lead: {found.disagreements}",
        *map(_removals, found.removal_appeals),
    )


def _removals(one: RemovalAppealCount) -> str:
    what = {"service": "appeals of removals", "claim": "appeals of what claims took down"}[one.by]
    done = f"{one.answered} answered in 90 days, {one.overturned} of them put back"
    return f"{what}: {one.waiting} wait, {one.late} late; {done}"


def _rules_table(rules: Sequence[RuleQuality]) -> Table:
    table = Table("rule", "alpha", "agreed", "overturned by appeal", "by second review")
    for one in rules:
        shares = _share(one.agreed), _share(one.by_appeal), _share(one.by_second)
        table.add_row(one.rule or "all rules", _figure(one.alpha), *shares)
    return table


def _people_table(people: Sequence[PersonQuality]) -> Table:
    table = Table("person", Column("rulings", justify="right"), Column("refused", justify="right"), "kappa", "agreed")
    table.add_column("golden items right")
    for one in people:
        figures = _figure(one.kappa), _share(one.agreed), _share(one.golden)
        table.add_row(one.person, str(one.count), str(one.refused), *figures)
    return table


def _log_table(rows: Sequence[LoggedDecision]) -> Table:
    table = Table("at", "what", "decision", "gate", "rules", "reason", "person", "case")
    for row in rows:
        rules = " ".join(row.rules)
        table.add_row(
            f"{row.at:%Y-%m-%d %H:%M:%S}", row.kind, row.decision, row.gate, rules, row.code, row.person, row.case_id
        )
    return table


def _figure(estimate: Estimate) -> str:
    if estimate.value is None:
        return "-"
    reach = "" if estimate.low is None else f" ({estimate.low:.2f} to {estimate.high:.2f})"
    return f"{estimate.value:.2f}{reach} of {estimate.count}"


def _share(estimate: Estimate) -> str:
    if estimate.value is None:
        return "-"
    return f"{estimate.value:.0%} ({estimate.low:.0%} to {estimate.high:.0%}) of {estimate.count}"
