"""`assay inspect`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from core.codec import dump
from core.errors import BadInput, NotFound
from core.verdicts import Decision
from pipeline.cli import case_output
from pipeline.cli.cli_common import JsonOption, VerboseOption, err, local_operator, open_installation, out, print_json
from pipeline.cli.verify_commands import DECISION_EXIT_CODES

if TYPE_CHECKING:
    from pipeline.inspection.inspection_view import LabelTimeline
    from pipeline.inspection.inspections import FileInspection

_MOST_PLACES = 5
_SAY_EVERY = 10.0  # seconds, where there is no terminal to show a clock on


def inspect(
    file: Annotated[Path, typer.Argument(help="A video.")],
    html: Annotated[
        Path | None,
        typer.Option(help="Write the timeline as one HTML file: film strip, waveform, words, scores and thresholds."),
    ] = None,
    lang: Annotated[str, typer.Option(help="Language of that file: en, or one of console/languages.")] = "en",
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> int:
    """What would be said of this video, and what was measured where in it? Exit: 0 allow, 4 refuse, 5 hold.

    Opens no case and keeps nothing. docs/reference/inspection.v1.json describes what --json prints.
    """
    from pipeline.inspection.inspection_document import inspection_document
    from pipeline.inspection.inspections import inspect_file

    if not file.is_file():
        raise NotFound(f"{file} is not a file")
    if html is not None:
        _check_target(html, file)
    with open_installation(verbose=verbose) as installation, _progress(file.name) as on_step:
        found = inspect_file(installation.service, local_operator(), file, with_film=html is not None, on_step=on_step)
    if html is not None:
        from console.inspection.html_report import html_report
        from console.web.translations import negotiate_language

        _write(html, html_report(found.view, negotiate_language(lang, "")))
    if as_json:
        print_json(inspection_document(found))
    else:
        _print(found, html)
    return DECISION_EXIT_CODES[found.opinion.verdict.decision]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(inspect)


def _check_target(html: Path, video: Path) -> None:
    """Raises BadInput where the page cannot be written there, before minutes are spent on it."""
    if html.suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"--html writes a page: {html.name} has to end in .html")
    if html.is_dir() or not html.absolute().parent.is_dir():
        raise BadInput(f"there is no folder {html.absolute().parent} to write {html.name} into")
    if html.exists() and html.samefile(video):
        raise BadInput("--html would overwrite the video")


def _write(html: Path, page: str) -> None:
    """The whole page or none: it is written beside its place first."""
    unfinished = html.with_name(f".{html.name}.unfinished")
    try:
        unfinished.write_text(page, encoding="utf-8")
        unfinished.replace(html)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _progress(name: str) -> Iterator[Callable[[str], None]]:
    """Tells what is done and for how long: a clock on a terminal, and elsewhere a line every ten seconds."""
    began, step, ended = time.monotonic(), ["looking and listening"], threading.Event()
    status = err.status(Text(f"{name}: {step[0]}")) if err.is_terminal else None

    def tick() -> None:
        while not ended.wait(0.5 if status else _SAY_EVERY):
            line = f"{name}: {step[0]}, {time.monotonic() - began:.0f} s"
            if status:
                status.update(Text(line))
            else:
                err.print(line, highlight=False, markup=False, soft_wrap=True)

    thread = threading.Thread(target=tick, name="assay-inspect-progress", daemon=True)
    with status or _nothing():
        thread.start()
        try:
            yield lambda next_step: step.__setitem__(0, next_step)
        finally:
            ended.set()
            thread.join()


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _print(found: FileInspection, html: Path | None) -> None:
    view, verdict = found.view, found.opinion.verdict
    out.print(f"[bold]{case_output.verdict_line(verdict)}[/bold]", highlight=False)
    if verdict.reason:
        out.print(verdict.reason, highlight=False)
    out.print(case_output.measured_line(found.opinion.measured.signals, most=20), highlight=False)
    if verdict.decision is Decision.ALLOW and view.shows_nothing:
        out.print(f"Of a generation it would be the engine's failure, nothing_to_see: {view.shows_nothing}")
    for label in view.labels:
        if label.rules and label.state == "fired":
            out.print(_label_line(label), highlight=False, markup=False)
    for passage in view.words:
        out.print(case_output.passage_line(dump(passage)), highlight=False, markup=False)
    if html is not None:
        out.print(f"The timeline is in {html}", highlight=False, markup=False, soft_wrap=True)


def _label_line(label: LabelTimeline) -> str:
    """What a rule rests on: its score, from which score on it counts, and where it was found."""
    from console.inspection.timeline_page import span_text, threshold_text

    score = "not measured" if label.score is None else f"{label.score:.2f}"
    why = [threshold_text(mark) for mark in label.thresholds if mark.rule in label.rules]
    where = [span_text(hit.start, hit.end) for hit in label.hits[:_MOST_PLACES]]
    more = f" and {len(label.hits) - _MOST_PLACES} more places" if len(label.hits) > _MOST_PLACES else ""
    found = f"; found at {', '.join(where)}{more}" if where and label.score is not None else ""
    return f"{label.label} {score}: {', '.join(label.rules)} {', '.join(why)}{found}"
