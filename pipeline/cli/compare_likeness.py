"""likeness: are these the same person?"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from core.errors import BadInput
from pipeline.cli.cli_common import JsonOption, VerboseOption, local_operator, open_installation, out, print_json

likeness = typer.Typer(no_args_is_help=True, help="Faces and voices, compared.")

EXIT_SAME = 0
EXIT_DIFFERENT = 1
EXIT_INCONCLUSIVE = 2

_ADDED = ("score", "same", "reason")


@likeness.callback()
def _about() -> None:
    """Faces and voices, compared."""


@likeness.command("compare")
def compare(
    a: Annotated[Path | None, typer.Argument(help="An image, a video or a sound file.")] = None,
    b: Annotated[Path | None, typer.Argument(help="Another.")] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(help="A CSV with columns a and b, paths relative to it: score, same, reason are added."),
    ] = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> int:
    """The same person? Exit: 0 the same, 1 another, 2 cannot tell. Keeps nothing.

    With --pairs: CSV on standard output, or one JSON object a line with --json; exit 0 once every pair is answered.
    """
    if (pairs is None) == (a is None) or (a is None) != (b is None):
        raise BadInput("name two files, or a list with --pairs")
    with open_installation(verbose=verbose) as installation:
        if pairs is not None:
            rows = installation.service.likeness.pairs(local_operator(), pairs)
            return _print_lines(rows) if as_json else _print_table(rows)
        comparison = installation.service.likeness.pair(local_operator(), Path(str(a)), Path(str(b)))
    if as_json:
        print_json(comparison)
    else:
        score_text = "no score" if comparison.score is None else f"score {comparison.score:.3f}"
        out.print(f"{comparison.reason} ({score_text})", highlight=False)
        for name, part in comparison.parts.items():
            out.print(f"  {name}: {part.reason}", highlight=False)
    return {True: EXIT_SAME, False: EXIT_DIFFERENT, None: EXIT_INCONCLUSIVE}[comparison.same]


def _print_lines(rows: Iterator[dict[str, str]]) -> int:
    for row in rows:
        same = {"1": True, "0": False, "": None}[row["same"]]
        print_json(row | {"score": float(row["score"]) if row["score"] else None, "same": same})
    return 0


def _print_table(rows: Iterator[dict[str, str]]) -> int:
    table: csv.DictWriter[str] | None = None
    for row in rows:
        if table is None:
            table = csv.DictWriter(sys.stdout, fieldnames=[*(n for n in row if n not in _ADDED), *_ADDED])
            table.writeheader()
        table.writerow(row)
        sys.stdout.flush()
    return 0


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(likeness, name="likeness")
