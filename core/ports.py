"""What the pipeline needs from the outside, as small protocols. Each has a contract suite in tests/contract."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from core.assets import Asset
from core.case import Case, Phase
from core.events import Event, ParameterValue

Stage = Callable[[Case], Sequence[Event]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A case is due. Carries no content: a lost ticket loses nothing, a doubled one changes nothing."""

    case_id: str
    revision: int
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """One line of a case's history."""

    revision: int
    at: datetime
    event: Event


class Ledger(Protocol):
    """Cases and their events. The truth."""

    def load(self, case_id: str) -> Case:
        """The case as it is. Raises NotFound."""

    def append(self, case: Case, events: Sequence[Event], *, rest: timedelta = timedelta(0)) -> Case:
        """The case after these events, stored all or none. It is not due before it has rested for as long as `rest`.

        Raises Conflict if it moved since it was read, IllegalTransition (core.transitions) for an event that may not
        follow. Stored events are never checked again.
        """

    def history(self, case_id: str) -> Sequence[RecordedEvent]:
        """All events of a case in order. Raises NotFound."""

    def due(
        self, phases: Sequence[Phase], *, unmoved_for: timedelta, limit: int = 100, lease: timedelta = timedelta(0)
    ) -> Sequence[Ticket]:
        """Tickets for cases in one of these phases that are due and have not moved for so long, the longest due first.

        At most `limit` of each phase, so that none hides another. A case that failed is due once it has rested
        (core.retries). With a `lease`, those that are returned are not due again before it ends, so that the next
        question goes on where this one stopped; one that has not moved for longer than that is not due before as much
        time has passed again, ten leases at most, as its ticket may only wait where it was sent.
        """

    def postpone(self, case_id: str, *, pause: timedelta, revision: int | None = None) -> None:
        """The case is not due before so much time has passed, unless it moves. Nothing happens where it has moved past
        `revision`.
        """

    def now(self) -> datetime:
        """What time it is here. Each worker's own clock may be wrong; what several agree upon goes by this one."""

    def count(self, phase: Phase) -> int:
        """How many cases are in this phase."""

    def list(
        self, *, phase: Phase | None = None, author: str | None = None, limit: int = 100, oldest: bool = False
    ) -> Sequence[Case]:
        """Cases, the one that moved last first; with `oldest` the one that has not moved for longest."""

    def created_by(self, author: str, *, after: str = "", limit: int = 20, ascending: bool = False) -> Sequence[Case]:
        """An author's cases by when they were begun, the newest first or with `ascending` last.

        With `after`, those that follow this case in that order. Raises NotFound where it is no case of the author.
        """

    def is_referenced(self, digest: str) -> bool:
        """Whether any case refers to these bytes."""

    def try_lock(self, case_id: str) -> AbstractContextManager[bool]:
        """Whether no one else works on the case; held until the context ends, or the process dies.

        Spares doubled work and is not needed for safety: append compares revisions anyway.
        """


class TextStore(Protocol):
    """Texts that people wrote, stored apart from the log so that they can be erased."""

    def put(self, text: str, *, case_id: str) -> str:
        """Keep a text; returns its random id."""

    def read(self, text_id: str) -> str:
        """The text. Raises Erased, or NotFound."""

    def read_many(self, text_ids: Collection[str]) -> Mapping[str, str]:
        """Those of these texts that there are and that were not erased, at once."""

    def erase(self, *, case_id: str) -> int:
        """Erase all texts of a case; returns how many. Their ids go on to answer Erased.

        Where texts and bytes share a key for each case, it is destroyed, and the case's bytes cannot be had either.
        """


class Bus(Protocol):
    """Delivers tickets to workers that accept their phase."""

    def send(self, ticket: Ticket, *, after: float = 0.0) -> None:
        """Hand a ticket on, at once or after so many seconds. Raises Unavailable; a sweep makes good what is lost."""


class BlobStore(Protocol):
    """Bytes by SHA-256. Never overwritten."""

    def put(self, path: Path, *, media_type: str, owner: str) -> Asset:
        """Keep a copy of the file for the case `owner`; pending until settled."""

    def fetch(self, asset: Asset, to: Path) -> Path:
        """Copy to a local path, checking the digest. Raises NotFound, or Unavailable if the bytes are wrong.

        NotFound also where every case that they are of was erased.
        """

    def confirm(self, digest: str) -> None:
        """The ledger refers to it: no longer pending."""

    def pending(self) -> Iterator[tuple[str, str]]:
        """(digest, owner) of what was put and not settled: after a crash, perhaps orphans."""

    def discard(self, digest: str) -> None:
        """Delete bytes that no case refers to. Nothing happens if they do not exist."""


class PublicStore(Protocol):
    """Where the public finds what is published: one file a case."""

    def publish(self, case_id: str, path: Path) -> str:
        """Publish the file, atomically; returns its URL. Idempotent."""

    def withdraw(self, case_id: str) -> None:
        """Take it down. Nothing happens if it does not exist."""

    def withdraw_all(self, case_ids: Collection[str]) -> None:
        """Take all of these down. Those that do not exist are skipped."""

    def fetch(self, case_id: str, to: Path) -> Path:
        """Copy the published file to a local path. Raises NotFound."""


class JobState(StrEnum):
    """How far an engine is with a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """What an engine is asked to make. `key` makes asking twice the same as asking once.

    `parameters` are the engine's own (seed, fps, steps), under the engine's names; `parameter_texts` those of them that
    are texts, such as negative_prompt, or objects as JSON, which were screened as the prompt was.
    """

    key: str
    prompt: str
    model: str = ""
    seconds: float | None = None
    size: str = ""
    reference: Path | None = None
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    parameter_texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """An engine's answer about a job. `percent` in [0, 100]; `error` and `code` only where it failed.

    `code` is one of core.errors.RENDER_FAILURE_CODES where the engine failed for good, and empty where another order
    may help. `error` may then be shown to the client.
    """

    state: JobState
    percent: float = 0.0
    error: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorInfo:
    """What an engine says of a finished video; empty where it says nothing.

    `source_type` is a term of IPTC's digital source types, and only a folder of footage needs to state it.
    """

    model: str = ""
    version: str = ""
    source_type: str = ""


@runtime_checkable
class PreviewingEngine(Protocol):
    """An engine that can show pictures of a video before it is finished."""

    def preview(self, job: str, to: Path) -> bool:
        """Write the newest picture or clip of a job that is under way to a path. False where there is none now."""


class Engine(Protocol):
    """Makes videos. `synthetic` is false for one that only serves footage that exists."""

    name: str
    version: str
    synthetic: bool

    def commission(self, request: RenderRequest) -> str:
        """Order a video; returns the job. Raises Declined, Unavailable or BadInput."""

    def poll(self, job: str) -> JobProgress:
        """How far it is. Raises Declined, Unavailable, or EngineFault for a job it does not know."""

    def fetch(self, job: str, to: Path) -> None:
        """Write the complete finished video to a path. Raises Unavailable or EngineFault."""

    def cancel(self, job: str) -> None:
        """The video is not wanted any more. Asks once and raises nothing: the engine may have made it already."""

    def generator_info(self, job: str) -> GeneratorInfo:
        """Where the video comes from. Raises EngineFault for a job it does not know."""
