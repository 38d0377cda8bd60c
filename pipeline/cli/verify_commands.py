"""verify and screen: looking at a file or a text without opening a case."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer
from rich.table import Table

from core.errors import BadInput
from core.finding import Finding
from core.text_styles import text_style
from core.verdicts import Decision
from pipeline.cli import case_output
from pipeline.cli.cli_common import (
    JsonOption,
    VerboseOption,
    configure_logging,
    err,
    local_operator,
    open_installation,
    out,
    print_json,
)
from pipeline.settings import load_settings

if TYPE_CHECKING:
    from pipeline.screening.dry_run import DryRunVerdict
    from pipeline.screening.prompt_explanation import PromptEdit

_LONGEST_PATH = 255
DECISION_EXIT_CODES = {Decision.ALLOW: 0, Decision.REFUSE: 4, Decision.HOLD: 5}


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
    receipt: Annotated[
        str,
        typer.Option(help="Instead of a file, a receipt of consent (file, text or SHA-256): does it hold?"),
    ] = "",
    crjson: Annotated[bool, typer.Option("--crjson", help="The credentials alone, as the C2PA's crJSON.")] = False,
    jobs: Annotated[int, typer.Option(help="With --batch, how many files at a time; 0 is one a processor.")] = 0,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Was it made by AI? Exit: 0 evidence of AI, 1 no information, 2 conflicting or damaged evidence, 3 unreadable.

    Where no keys were ever made it reads credentials, looks for no watermark, and says so.
    With --batch: 0 every file was answered, whatever the answers; 3 at least one could not be read.
    With --receipt: 0 the consent is in force, 1 it is not.
    """
    from pipeline.verification.verifier import crjson_of_file, parse_validation_time
    from provenance.verification.verify import exit_code

    if receipt and (file or batch):
        raise BadInput("--receipt is asked by itself: name no file and no folder")
    if receipt:
        return _check_receipt(receipt, as_json)
    if (file is None) == (batch is None):
        raise BadInput("name one file, or a folder with --batch")
    at = parse_validation_time(as_of) if as_of else None
    given: dict[str, Any] = {"trust": trust} if trust else {}
    if crjson:
        if file is None:
            raise BadInput("--crjson is for one file")
        print_json(crjson_of_file(load_settings(**given), file, at=at))
        return 0
    with _open_verifier(verbose, given) as verify_file:
        look: Callable[[Path], Finding] = partial(verify_file, at=at, quick=quick)
        if batch is not None:
            return _verify_folder(look, batch, jobs, as_json)
        finding = look(Path(str(file)))
    if as_json:
        print_json(finding)
    else:
        print_finding(finding)
    return exit_code(finding)


class VerifyFile(Protocol):
    """CaseService.verify, or that of a StandaloneVerifier."""

    def __call__(self, file: Path, /, *, at: datetime | None = None, quick: bool = False) -> Finding:
        """As Verifier.verify."""


@contextmanager
def _open_verifier(verbose: bool, given: dict[str, Any]) -> Iterator[VerifyFile]:
    """The verifier of the installation; where no keys were ever made, one that reads credentials alone."""
    from pipeline.verification.verifier import StandaloneVerifier, has_keys

    settings = load_settings(**given)
    if has_keys(settings):
        with open_installation(verbose=verbose, **given) as installation:
            yield installation.service.verify
    else:
        configure_logging(verbose=verbose)
        yield StandaloneVerifier(settings=settings).verify


@contextmanager
def open_screener(verbose: bool) -> Iterator[Callable[..., DryRunVerdict]]:
    """The service of the installation; where there is none, the policy alone, with a note."""
    from pipeline.screening.standalone import is_installed, screen_standalone

    settings = load_settings()
    if is_installed(settings):
        with open_installation(verbose=verbose) as installation:
            yield partial(installation.service.opinions.screen, local_operator())
    else:
        configure_logging(verbose=verbose)
        policy_name = f"the policy in {settings.policy}" if settings.policy else "the policy that comes with Assay"
        err.print(
            f"there is no installation in {settings.root}: {policy_name} decides, and no registered works are known",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        yield partial(screen_standalone, settings)


def _verify_folder(verify_one: Callable[[Path], Finding], folder: Path, jobs: int, as_json: bool) -> int:
    from pipeline.verification.verifier import UnreadableFile, folder_result_as_json, verify_folder

    code = 0
    for number, total, line in verify_folder(verify_one, folder, jobs=jobs):
        result = line.message if isinstance(line, UnreadableFile) else line.verdict.value
        err.print(f"{number}/{total} {line.file}: {result}", highlight=False, markup=False, soft_wrap=True)
        if as_json:
            print_json(folder_result_as_json(line))
        elif isinstance(line, Finding):
            out.print(f"{line.file}: {line.summary}", highlight=False, markup=False, soft_wrap=True)
        code = max(code, 3 if isinstance(line, UnreadableFile) else 0)
    return code


def screen(
    prompt: Annotated[str, typer.Argument(help="A prompt; - reads it from standard input.")] = "",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Read {id, prompt} lines, write decisions.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Look for the smallest edit that clears it.")] = False,
    style: Annotated[
        str, typer.Option(help="video, chat or post: what kind of text it is. Left out, it is told from the words.")
    ] = "",
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> int:
    """What would be said of this prompt? Exit: 0 allow, 4 refuse, 5 hold.

    Where nothing is installed the packaged policy decides, with a note.
    With --jsonl: 0 every line was answered, whatever the answers; 3 at least one line could not be read.
    """
    from pipeline.creator_texts.sentences import CHANGE_DESCRIPTION
    from pipeline.screening.prompt_explanation import smallest_edit

    kind = text_style(style)
    with open_screener(verbose) as ask:
        screen_text = partial(ask, style=kind)
        if jsonl:
            return screen_lines(screen_text, sys.stdin)
        text = sys.stdin.read() if prompt == "-" else prompt
        opinion = screen_text(text)
        edit = smallest_edit(text, partial(screen_text, with_places=False), opinion) if explain else None
    if as_json:
        print_json(_opinion_as_json(opinion) | ({"edit": edit} if explain else {}))
    else:
        _print_opinion(opinion)
        _print_reasons(text, opinion, edit)
        if explain and edit is None and opinion.verdict.decision is not Decision.ALLOW:
            out.print(f"No edit of it is proposed. {CHANGE_DESCRIPTION}", highlight=False)
    return DECISION_EXIT_CODES[opinion.verdict.decision]


def screen_lines(screen_text: Callable[..., DryRunVerdict], lines: Iterable[str]) -> int:
    """Answer each line `{"id", "prompt"}` with a decision on standard output. Exit code 3 where one cannot be read."""
    from pipeline.screening.prompt_explanation import screen_jsonl

    code = 0
    for result in screen_jsonl(lines, screen_text):
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        code = 3 if "error" in result else code
    return code


def feedback(limit: Annotated[int, typer.Option(help="How many at the most.")] = 100) -> None:
    """What people said of the verifier's answers, the newest first, one JSON object a line."""
    with open_installation() as installation:
        for entry in installation.service.public.sharing.said(local_operator(), limit=limit):
            print_json(entry)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (verify, screen, feedback):
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
    _print_marks(finding)


def _print_marks(finding: Finding) -> None:
    """Layers, seconds, marks of others and consent, a line each."""
    if finding.consent is not None:
        out.print(f"Consent: {finding.consent.says}", highlight=False, markup=False, soft_wrap=True)
    for layer in finding.layers:
        line = f"{layer.layer}: {layer.state}. {layer.says}"
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    for span in finding.origins:
        line = f"{span.start:.1f}–{span.end:.1f} s: {span.says}"
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    for mark in finding.incoming:
        out.print(f"{mark.name} ({mark.sure}): {mark.says}", highlight=False, markup=False, soft_wrap=True)


def _check_receipt(receipt: str, as_json: bool) -> int:
    from pipeline.verification.consent_lookup import consent_by_receipt

    path = Path(receipt)
    text = path.read_text(encoding="utf-8").strip() if len(receipt) < _LONGEST_PATH and path.is_file() else receipt
    with open_installation() as installation:
        found = consent_by_receipt(installation.service.cameos.stores, text)
    if as_json:
        print_json(found)
    else:
        out.print(found.says, highlight=False, markup=False)
    return 0 if found.state == "in_force" else 1


def _opinion_as_json(opinion: DryRunVerdict) -> dict[str, object]:

    measured = opinion.measured
    return {
        "verdict": opinion.verdict,
        "reasons": opinion.reasons,
        "signals": measured.signals,
        "seconds": dict(measured.seconds),
        "shows_nothing": "",  # of a prompt never, and there are no words of footage
        "words": [],
    }


def _print_opinion(opinion: DryRunVerdict) -> None:

    verdict = opinion.verdict
    out.print(f"[bold]{case_output.verdict_line(verdict)}[/bold]", highlight=False)
    if verdict.reason:
        out.print(verdict.reason, highlight=False)
    out.print(case_output.measured_line(opinion.measured.signals, most=20), highlight=False)


def _print_reasons(text: str, opinion: DryRunVerdict, edit: PromptEdit | None) -> None:
    unnamed = case_output.unnamed_rules(opinion.verdict)
    for reason in opinion.reasons:
        if reason.rule in unnamed:
            continue
        quoted = ", ".join(f"“{text[start:end]}”" for start, end in reason.spans)
        out.print(f"{reason.rule}: {reason.category}{f': {quoted}' if quoted else ''}", highlight=False, markup=False)
    if edit is not None:
        out.print(f"It would be allowed as: {edit.text}", highlight=False, markup=False)
