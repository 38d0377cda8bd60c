"""`assay pipe`."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from console.batch.batch_lines import parse_lines, split_lines
from console.batch.batch_run import BatchOptions, BatchTally, run_batch, run_screening
from console.batch.video_client import VideoClient
from core.errors import BadInput
from core.roles import Principal, Role
from pipeline.background import running_beside
from pipeline.cli.cli_common import VerboseOption, configure_logging, err, local_operator, open_installation
from pipeline.cli.verify_commands import open_screener, screen_lines

EXIT_SOME_WAIT, EXIT_SOME_UNANSWERED = 6, 3

_Batch = Callable[[VideoClient, Callable[[BatchTally], None]], Coroutine[Any, Any, BatchTally]]


def pipe(
    file: Annotated[str, typer.Argument(help="Requests, one JSON object a line; - is standard input.")] = "-",
    url: Annotated[
        str, typer.Option(envvar="ASSAY_URL", help="Base URL of a running server; default: the installation itself.")
    ] = "",
    token: Annotated[str, typer.Option(envvar="ASSAY_TOKEN", help="Token of an account there.")] = "",
    account: Annotated[str, typer.Option(help="Without --url: for this account; default: whoever runs it.")] = "",
    in_flight: Annotated[int, typer.Option(min=1, max=1000, help="How many lines are on their way at once.")] = 8,
    wait: Annotated[
        float | None, typer.Option(min=0.0, help="Seconds a line may take before it is told as waiting; default: any.")
    ] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Save every published video in this folder.")] = None,
    screen_only: Annotated[
        bool, typer.Option("--screen-only", help="Screen the prompts and make nothing, as `assay screen --jsonl`.")
    ] = False,
    verbose: VerboseOption = False,
) -> int:
    """Carry out many requests: JSON lines in, one outcome for each out, as they finish. Run it again to resume.

    Exit: 0 every line was answered (published, refused, held or failed), 6 some still wait, 3 some could not be
    answered.
    """
    if url and not token:
        raise BadInput("--url needs a token: --token, or ASSAY_TOKEN")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    options = BatchOptions(in_flight=in_flight, wait=wait, folder=folder)
    with _open_source(file) as source:
        if screen_only and not url:
            with open_screener(verbose) as ask:
                return screen_lines(
                    ask, io.TextIOWrapper(io.BufferedReader(source), encoding="utf-8", errors="replace")
                )
        lines = parse_lines(split_lines(source))
        run = run_screening if screen_only else run_batch

        def batch(client: VideoClient, on_change: Callable[[BatchTally], None]) -> Coroutine[Any, Any, BatchTally]:
            return run(lines, client, _emit, options, on_change)

        tally = _run_at_server(batch, url, token, options, verbose) if url else _run_here(batch, account, verbose)
    if tally.counts["error"]:
        return EXIT_SOME_UNANSWERED
    return EXIT_SOME_WAIT if tally.counts["waiting"] else 0


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(pipe)


def _run_at_server(batch: _Batch, url: str, token: str, options: BatchOptions, verbose: bool) -> BatchTally:
    from console.batch.batch_connection import connect_to_server

    configure_logging(verbose=verbose)
    return _run(batch, connect_to_server(url, token, in_flight=options.in_flight))


def _run_here(batch: _Batch, account: str, verbose: bool) -> BatchTally:
    from console.batch.batch_connection import connect_in_process

    who = Principal(id=account, roles=frozenset({Role.PLATFORM})) if account else local_operator()
    with open_installation(verbose=verbose) as at, running_beside(at.runner, "assay-runner"):
        return _run(batch, connect_in_process(at, who, at.reference_sources))


def _run(batch: _Batch, connecting: AbstractAsyncContextManager[VideoClient]) -> BatchTally:
    """Run the batch in an event loop of its own. Ctrl-C and SIGTERM end it: then KeyboardInterrupt is raised."""

    async def main() -> BatchTally:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, lambda: task and task.cancel())
        async with connecting as client:
            with _progress() as on_change:
                return await batch(client, on_change)

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except BaseExceptionGroup as group:
        raise _first_of(group) from None


def _first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first


@contextmanager
def _open_source(file: str) -> Iterator[io.FileIO]:
    """Unbuffered: what has come is worked on, and a thread that waits for more holds no lock when the process ends."""
    with io.FileIO(os.dup(sys.stdin.fileno()) if file == "-" else file) as source:
        yield source


def _emit(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


@contextmanager
def _progress() -> Iterator[Callable[[BatchTally], None]]:
    """A line on a terminal that counts outcomes; nothing elsewhere."""
    if not err.is_terminal:
        yield lambda _tally: None
        return
    with err.status("reading") as status:
        yield lambda tally: status.update(_summary(tally))


def _summary(tally: BatchTally) -> str:
    done = ", ".join(f"{count} {name}" for name, count in sorted(tally.counts.items())) or "nothing yet"
    return f"{done}; {tally.in_flight} under way"
