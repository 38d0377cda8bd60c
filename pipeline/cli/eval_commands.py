"""eval: the figures of this release, shown, measured anew, and compared."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from core.errors import BadInput
from pipeline.cli.cli_common import JsonOption, VerboseOption, configure_logging, err, out, print_json
from pipeline.release_card.card_record import (
    CardRow,
    MeasuredShare,
    ReleaseCard,
    RequestOutcomes,
    WorseRow,
    card_as_json,
    read_card,
    worse_rows,
)

evaluations = typer.Typer(no_args_is_help=True, help="Figures of this release.")

_WORSE = 1


@evaluations.command("card")
def show_card(
    data: Annotated[
        Path | None, typer.Option("--data", help="Measure anew on the labelled data in this folder.")
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Measure anew, without --data what needs none, and exit 1 where a row is worse than its interval.",
        ),
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="The most requests of a side of a row; 0: each row's own.")] = 0,
    rows: Annotated[
        list[str] | None, typer.Option("--row", help="Measure this row alone; may be given more than once.")
    ] = None,
    to: Annotated[
        Path, typer.Option("--out", help="Where measured rows are kept; what is there already is not measured again.")
    ] = Path("out/card.json"),
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """What is stopped and what passes, by category: the release card.

    Without --data and --check it shows the card that came with this release. Measuring needs a checkout: the evals are
    not in the wheel.
    """
    configure_logging(verbose=verbose)
    committed = read_card()
    if not check and data is None:
        if rows or limit:
            raise BadInput("--row and --limit say what to measure: give --data or --check, too")
        _print_card(committed, as_json)
        return
    with nullcontext() if verbose else _no_word_of_models():
        measured = _measure(data, to, limit=limit, rows=rows or (), say=lambda line: err.print(line, highlight=False))
    worse = worse_rows(committed, measured) if check else ()
    if as_json:
        print_json({**card_as_json(measured), **({"worse": worse} if check else {})})
    else:
        _print_card(measured, False)
        for row in worse:
            out.print(_worse_line(row), highlight=False)
        if check and not worse:
            out.print("no row is worse than its interval")
    if worse:
        raise typer.Exit(_WORSE)


@contextmanager
def _no_word_of_models() -> Iterator[None]:
    """A missing model would be told for each clip."""
    log = logging.getLogger("assay.classifiers")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _measure(*given: Any, **more: Any) -> ReleaseCard:
    """By the evals, which lie above the pipeline and only in a checkout: so they are looked for, and not imported."""
    try:
        found = find_spec("evals.card.measure_card")
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise BadInput("measuring needs a checkout of the repository: the evals are not installed with the package")
    card: ReleaseCard = import_module("evals.card.measure_card").measure_card(*given, **more)
    return card


def _print_card(card: ReleaseCard, as_json: bool) -> None:
    if as_json:
        print_json(card_as_json(card))
        return
    for group in dict.fromkeys(row.group for row in card.rows):
        _print_group(group, [row for row in card.rows if row.group == group])
    out.print("In percent, with 95 % intervals. Of unsafe requests: refused or held, for a person to look at, before")
    out.print("anything is published. Of harmless ones: neither. What each row is made of: docs/reference/card.md")


def _print_group(group: str, rows: Sequence[CardRow]) -> None:
    table = Table(title=group, title_justify="left", expand=False)
    columns = ("survives",) if any(row.survived for row in rows) else ("not unsafe", "not over-refused", "published")
    for name in ("row", *columns):
        table.add_column(name, overflow="fold")
    for row in rows:
        if row.missing and not (row.not_unsafe or row.not_overrefuse):
            table.add_row(row.title, row.missing)
        elif row.survived:
            table.add_row(row.title, _share(row.survived))
        else:
            published = " / ".join(f"{value:.2f}" for value in row.published_percent or ())
            sides = (_side(row.not_unsafe, row.unsafe), _side(row.not_overrefuse, row.harmless))
            table.add_row(row.title, *sides, published)
    out.print(table)


def _side(share: MeasuredShare | None, outcomes: RequestOutcomes | None) -> str:
    if share is None or outcomes is None:
        return "not measured"
    return f"{_share(share)}, {outcomes.held} held"


def _share(share: MeasuredShare) -> str:
    return f"{100 * share.share:.1f} ({100 * share.low:.1f} to {100 * share.high:.1f}), n={share.n}"


def _worse_line(row: WorseRow) -> str:
    return f"worse: {row.row}, {row.what}: was {_share(row.committed)}, is {_share(row.measured)}"


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(evaluations, name="eval")
