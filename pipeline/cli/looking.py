"""verify, screen, inspect: looking at a file or a text without opening a case."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from core import codec
from core.errors import BadInput, NotFound
from core.finding import Finding
from core.verdicts import Decision
from pipeline.cli import show
from pipeline.cli.common import Json, Verbose, err, house, operator, out, print_json
from pipeline.desk import Opinion
from pipeline.settings import load_settings
from pipeline.verifying import Unread, crjson_of, time_of, verify_folder
from pipeline.verifying import as_json as line_as_json

DECIDED = {Decision.ALLOW: 0, Decision.REFUSE: 4, Decision.HOLD: 5}


def verify(
    file: Annotated[Path | None, typer.Argument(help="An image or a video.")] = None,
    batch: Annotated[Path | None, typer.Option(help="Every file below this folder, one answer a line.")] = None,
    as_of: Annotated[
        str, typer.Option("--at", help="Judge certificates as of this time (2028-01-31T12:00:00Z); needs libfaketime.")
    ] = "",
    trust: Annotated[
        Path | None, typer.Option(help="Folder of more trust lists (*.pem; those named tsa are for time stamps).")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Look for no watermark where trusted credentials are whole and say AI.")
    ] = False,
    crjson: Annotated[bool, typer.Option("--crjson", help="The credentials alone, as the C2PA's crJSON.")] = False,
    jobs: Annotated[int, typer.Option(help="With --batch, how many files at a time; 0 is one a processor.")] = 0,
    as_json: Json = False,
    verbose: Verbose = False,
) -> int:
    """Was it made by AI? Exit: 0 evidence of AI, 1 no information, 2 conflicting or damaged evidence, 3 unreadable.

    With --batch: 0 every file was answered, whatever the answers; 3 at least one could not be read.
    """
    from provenance.verify import exit_code

    if (file is None) == (batch is None):
        raise BadInput("name one file, or a folder with --batch")
    how: dict[str, Any] = ({"at": time_of(as_of)} if as_of else {}) | ({"quick": True} if quick else {})
    given: dict[str, Any] = {"trust": trust} if trust else {}
    if crjson:
        if file is None:
            raise BadInput("--crjson is for one file")
        print_json(crjson_of(load_settings(**given), file, at=how.get("at")))
        return 0
    with house(verbose=verbose, **given) as at:
        look: Callable[[Path], Finding] = partial(at.desk.verify, **how)
        if batch is not None:
            return _verify_folder(look, batch, jobs, as_json)
        finding = look(Path(str(file)))
    if as_json:
        print_json(finding)
    else:
        print_finding(finding)
    return exit_code(finding)


def _verify_folder(look: Callable[[Path], Finding], folder: Path, jobs: int, as_json: bool) -> int:
    code = 0
    for number, total, line in verify_folder(look, folder, jobs=jobs):
        said = line.message if isinstance(line, Unread) else line.verdict.value
        err.print(f"{number}/{total} {line.file}: {said}", highlight=False, markup=False, soft_wrap=True)
        if as_json:
            print_json(line_as_json(line))
        elif isinstance(line, Finding):
            out.print(f"{line.file}: {line.summary}", highlight=False, markup=False, soft_wrap=True)
        code = max(code, 3 if isinstance(line, Unread) else 0)
    return code


def screen(
    prompt: Annotated[str, typer.Argument(help="A prompt; - reads it from standard input.")] = "",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Read {id, prompt} lines, write decisions.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> int:
    """What would be said of this prompt? Exit: 0 allow, 4 refuse, 5 hold."""
    with house(verbose=verbose) as at:
        if jsonl:
            for line in sys.stdin:
                if line.strip():
                    sys.stdout.write(json.dumps(_screened_line(line, at.desk.screen), ensure_ascii=False) + "\n")
            return 0
        text = sys.stdin.read() if prompt == "-" else prompt
        return _print_opinion(at.desk.screen(operator(), text), as_json)


def inspect(
    file: Annotated[Path, typer.Argument(help="A video.")], as_json: Json = False, verbose: Verbose = False
) -> int:
    """What would be said of this video? Exit: 0 allow, 4 refuse, 5 hold."""
    if not file.is_file():
        raise NotFound(f"{file} is not a file")
    with house(verbose=verbose) as at:
        return _print_opinion(at.desk.inspect(operator(), file), as_json)


def feedback(limit: Annotated[int, typer.Option(help="How many at the most.")] = 100) -> None:
    """What people said of the verifier's answers, the newest first, one JSON object a line."""
    with house() as at:
        for one in at.desk.public.sharing.said(operator(), limit=limit):
            print_json(one)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (verify, screen, inspect, feedback):
        app.command()(command)


def print_finding(finding: Finding) -> None:
    """The plain sentence first, then the evidence."""
    out.print(f"[bold]{finding.summary}[/bold]", highlight=False)
    table = Table(title=f"{finding.file}: {finding.verdict.value}", title_justify="left", show_lines=True)
    for name in ("evidence", "says", "proves", "does not prove"):
        table.add_column(name, overflow="fold")
    for piece in finding.evidence:
        table.add_row(piece.kind, piece.says, piece.proves, piece.limits)
    out.print(table)


def _print_opinion(opinion: Opinion, as_json: bool) -> int:
    verdict = opinion.verdict
    if as_json:
        print_json({"verdict": verdict, "signals": opinion.measured.signals, "seconds": dict(opinion.measured.seconds)})
    else:
        out.print(f"[bold]{show.verdict_line(verdict)}[/bold]", highlight=False)
        if verdict.reason:
            out.print(verdict.reason, highlight=False)
        out.print(show.measured_line(opinion.measured.signals, most=20), highlight=False)
    return DECIDED[verdict.decision]


def _screened_line(line: str, ask: Any) -> dict[str, Any]:
    try:
        asked = json.loads(line)
        text = asked["prompt"]
    except (ValueError, KeyError, TypeError):
        raise BadInput('each line must be a JSON object with "id" and "prompt"') from None
    opinion: Opinion = ask(operator(), text)
    verdict, signals = opinion.verdict, opinion.measured.signals
    scores = {s.label: max(t.score or 0.0 for t in signals if t.label == s.label) for s in signals}
    return {
        "id": asked.get("id"),
        "decision": verdict.decision.name.lower(),
        "scores": scores,
        "reasons": [{"rule": rule, "text": verdict.reason} for rule in verdict.rules],
        "spans": [codec.dump(s.at) | {"label": s.label} for s in signals if s.at and s.score],
        "policy": verdict.policy,
    }
