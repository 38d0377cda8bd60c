"""Runs a batch: so many lines in flight at once, an outcome for each as soon as it is known.

Nothing is kept here. What was ordered lies in the ledger under the line's id, so that a run that was cut off, by Ctrl-C
or by kill -9, is made good by running the same file again: nothing is made twice and the same outcomes come.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

from console.batch.batch_lines import BadLine, BatchRequest
from console.batch.video_client import LineRefused, VideoClient, save_published_video
from core.errors import Unavailable

EmitLine = Callable[[dict[str, Any]], None]

_STATUS_BY_PHASE = {
    "published": "published",
    "refused": "refused",
    "held": "held",
    "failed": "failed",
    "recalled": "failed",
    "withdrawn": "failed",
}
"""What is in no row is on its way: `waiting`."""

_FIRST_LOOK, _SLOWEST_LOOK = 0.1, 5.0  # seconds between two looks at a case


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """`in_flight` bounds how many lines are on their way at once; `wait` (seconds) how long one may take, None: any
    time. Published videos are copied to `folder`, where one is named.
    """

    in_flight: int = 8
    wait: float | None = None
    folder: Path | None = None


@dataclass(slots=True)
class BatchTally:
    """How many lines had which outcome; `error` are those that could not be answered."""

    counts: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0


async def run_batch(
    lines: Iterator[BatchRequest | BadLine],
    client: VideoClient,
    emit: EmitLine,
    options: BatchOptions,
    on_change: Callable[[BatchTally], None] = lambda _tally: None,
) -> BatchTally:
    """Answer every line. Cancelled, it says `waiting` of the lines that are under way, and stops.

    Raises Forbidden where the token lets nobody in, OSError where outcomes cannot be written.
    """

    tally = BatchTally()
    emit_counted = _counting(emit, tally)

    async def answer(request: BatchRequest) -> dict[str, Any]:
        return await _ordered(request, client, options, emit_counted)

    await run_lines(lines, answer, emit_counted, tally, in_flight=options.in_flight, on_change=on_change)
    return tally


async def run_screening(
    lines: Iterator[BatchRequest | BadLine],
    client: VideoClient,
    emit: EmitLine,
    options: BatchOptions,
    on_change: Callable[[BatchTally], None] = lambda _tally: None,
) -> BatchTally:
    """Have every prompt screened by the server; the lines are those of `assay screen --jsonl`. Raises as run_batch."""

    tally = BatchTally()

    async def answer(request: BatchRequest) -> dict[str, Any]:
        return {"id": request.id, **await client.screen(request.fields["prompt"])}

    await run_lines(lines, answer, _counting(emit, tally), tally, in_flight=options.in_flight, on_change=on_change)
    return tally


async def run_lines(
    lines: Iterator[BatchRequest | BadLine],
    answer: Callable[[BatchRequest], Awaitable[dict[str, Any]]],
    emit: EmitLine,
    tally: BatchTally,
    *,
    in_flight: int,
    on_change: Callable[[BatchTally], None],
) -> None:
    """Answer the lines, so many at once, each as it is done. A line is read when there is room for it.

    A bad line, one that is refused (LineRefused) and one for which nobody was there (Unavailable) get an error line.
    """
    room = asyncio.Semaphore(in_flight)

    async def work(request: BatchRequest | BadLine) -> None:
        try:
            emit(error_line(request) if isinstance(request, BadLine) else await _answered(request, answer))
        finally:
            tally.in_flight -= 1
            room.release()
            on_change(tally)

    async with asyncio.TaskGroup() as tasks:
        await room.acquire()
        async for request in _read_in_thread(lines):
            tally.in_flight += 1
            tasks.create_task(work(request))
            on_change(tally)
            await room.acquire()


def outcome_line(request: BatchRequest, video: dict[str, Any]) -> dict[str, Any]:
    """What became of a line so far, as the API's answer tells it."""
    assay, error = video.get("assay") or {}, video.get("error") or {}
    status = _STATUS_BY_PHASE.get(assay.get("phase", ""), "waiting")
    waiting = assay.get("waiting") or {}
    reason = {"held": assay.get("reason"), "waiting": waiting.get("reason")}.get(status) or error.get("message")
    line = {
        "id": request.id,
        "case": video["id"],
        "status": status,
        "code": error.get("code"),
        "reason": reason or "",
        "url": None,
    }
    return line | ({"ignored": assay["ignored"]} if assay.get("ignored") else {})


def error_line(bad: BadLine) -> dict[str, Any]:
    """What is said of a line that could not be answered."""
    return {"id": bad.id, "line": bad.number, "code": bad.code, "error": bad.error}


async def _answered(
    request: BatchRequest, answer: Callable[[BatchRequest], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    try:
        return await answer(request)
    except LineRefused as refused:
        return error_line(_refused(request, refused.code, str(refused)))
    except Unavailable as away:
        return error_line(_refused(request, "unavailable", str(away)))


async def _ordered(
    request: BatchRequest, client: VideoClient, options: BatchOptions, emit_interrupted: EmitLine
) -> dict[str, Any]:
    video: dict[str, Any] = {}
    try:
        video = await client.create(request)
        if video.get("prompt") not in (None, request.fields["prompt"]):
            return error_line(_refused(request, "id_reused", "another prompt was sent under this id before"))
        video = await _wait_for_end(video, client, options.wait)
        return await _with_file(outcome_line(request, video), client, options)
    except asyncio.CancelledError:
        if video:
            emit_interrupted(outcome_line(request, video))
        raise


async def _wait_for_end(video: dict[str, Any], client: VideoClient, wait: float | None) -> dict[str, Any]:
    end, pause = None if wait is None else monotonic() + wait, _FIRST_LOOK
    while (video.get("assay") or {}).get("phase") not in _STATUS_BY_PHASE:
        left = pause if end is None else end - monotonic()
        if left <= 0:
            break
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, _SLOWEST_LOOK)
        video = await client.retrieve(video["id"])
    return video


async def _with_file(line: dict[str, Any], client: VideoClient, options: BatchOptions) -> dict[str, Any]:
    if line["status"] != "published":
        return line
    line["url"] = await client.url_of(line["case"])
    if options.folder is not None:
        line["file"] = str(await save_published_video(client, line["case"], options.folder))
    return line


def _refused(request: BatchRequest, code: str, message: str) -> BadLine:
    return BadLine(number=request.number, id=request.id, code=code, error=message)


def _counting(emit: EmitLine, tally: BatchTally) -> EmitLine:
    def emit_and_count(line: dict[str, Any]) -> None:
        emit(line)
        tally.counts["error" if "error" in line else line.get("status") or line["decision"]] += 1

    return emit_and_count


async def _read_in_thread(lines: Iterator[BatchRequest | BadLine]) -> AsyncIterator[BatchRequest | BadLine]:
    """The lines, read one ahead in a daemon thread: one that waits for standard input must not keep us from ending."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[BatchRequest | BadLine | BaseException | None] = asyncio.Queue(maxsize=1)

    def put(item: BatchRequest | BadLine | BaseException | None) -> None:
        putting = queue.put(item)
        try:
            asyncio.run_coroutine_threadsafe(putting, loop).result()
        except RuntimeError as error:  # the loop is closed
            putting.close()
            raise CancelledError from error

    def read() -> None:
        with suppress(CancelledError):  # the run is over
            try:
                for line in lines:
                    put(line)
                put(None)
            except CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - raised where the lines are read
                put(error)

    Thread(target=read, name="assay-batch-lines", daemon=True).start()
    while (item := await queue.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item
