"""Several engines as one: an order goes to one that has its model, takes its parameters, answers and has room.

Which of several is by weight, and the same for the same key, so that an order that is repeated after a crash meets the
engine that has it already. A job's id begins with its engine's name: `gpu-1:video_42`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import AssayError, EngineBusy, EngineFault, RenderFailed, Unavailable
from core.ports import Engine, GeneratorInfo, JobProgress, JobState, PreviewingEngine, RenderRequest
from pipeline.engines.engine_health import EngineHealth, HealthRecord
from pipeline.engines.engine_profile import EngineProfile, load_engine_profile
from pipeline.engines.engine_table import EngineEntry, engine_table, read_secret
from pipeline.engines.http_engine import EngineLimits, HttpEngine
from pipeline.engines.offered_sizes import offers_order
from pipeline.engines.redirects import parse_redirect_hosts
from pipeline.engines.retry import OrderUnanswered, RetryPolicy
from pipeline.settings import Settings

_QUICK = RetryPolicy(tries=2, seconds=5.0)  # another engine may answer: none is waited for long


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedPart:
    """One of the engines, with what the table says of it and what is known of it."""

    name: str
    engine: Engine
    entry: EngineEntry
    profile: EngineProfile
    health: HealthRecord


class RoutedEngine:
    """An Engine over several."""

    name = "routed"
    synthetic = True

    def __init__(self, parts: Mapping[str, RoutedPart]) -> None:
        self._parts = dict(parts)
        listed = "\n".join(f"{name} {part.entry.url} {part.entry.models}" for name, part in sorted(parts.items()))
        self.version = hashlib.sha256(listed.encode()).hexdigest()[:12]

    def commission(self, request: RenderRequest) -> str:
        """Order a video from the first engine that takes it; returns the job.

        Raises RenderFailed where none offers what is asked for, EngineBusy where all that do are full, Unavailable
        where they are away, and whatever an engine says of the order itself: that is no reason to ask another. Nor is
        an order that was not answered: the engine may have taken it, and is asked again under the same key.
        """
        offering = [part for part in self._parts.values() if part.entry.offers(request.model)]
        fitting = [part for part in offering if offers_order(request, part.profile)]
        if not fitting:
            what = "these parameters" if offering else "this model"
            raise RenderFailed("invalid_parameters", f"no engine here offers {what}")
        away: AssayError | None = None
        for part in sorted(fitting, key=lambda part: (part.health.is_resting, -_draw(request.key, part))):
            if not part.health.reserve(request.key):
                continue
            try:
                return self._ordered(request, part)
            except OrderUnanswered:
                raise
            except Unavailable as error:
                away = error
        raise away or EngineBusy

    def poll(self, job: str) -> JobProgress:
        """As Engine.poll."""
        part, own = self._part(job)
        try:
            progress = part.engine.poll(own)
        except Unavailable as error:
            part.health.did_not_answer(str(error))
            raise
        except AssayError:
            part.health.release(job)
            raise
        part.health.answered()
        if progress.state in (JobState.DONE, JobState.FAILED):
            part.health.release(job)
        else:
            part.health.seen(job)
        return progress

    def fetch(self, job: str, to: Path) -> None:
        """As Engine.fetch."""
        part, own = self._part(job)
        part.engine.fetch(own, to)

    def preview(self, job: str, to: Path) -> bool:
        """As PreviewingEngine.preview; False for an engine that shows nothing."""
        part, own = self._part(job)
        return isinstance(part.engine, PreviewingEngine) and part.engine.preview(own, to)

    def cancel(self, job: str) -> None:
        """As Engine.cancel; nothing happens for a job of an engine that is gone."""
        try:
            part, own = self._part(job)
        except EngineFault:
            return
        part.engine.cancel(own)
        part.health.release(job)

    def generator_info(self, job: str) -> GeneratorInfo:
        """As Engine.generator_info."""
        part, own = self._part(job)
        return part.engine.generator_info(own)

    def health(self) -> tuple[EngineHealth, ...]:
        """What this process knows of each engine."""
        return tuple(part.health.report() for part in self._parts.values())

    def _ordered(self, request: RenderRequest, part: RoutedPart) -> str:
        try:
            own = part.engine.commission(request)
        except AssayError as error:
            part.health.release(request.key)
            if isinstance(error, Unavailable) and not isinstance(error, OrderUnanswered):
                part.health.did_not_answer(str(error))
            raise
        part.health.answered()
        job = f"{part.name}:{own}"
        part.health.rename(request.key, job)
        return job

    def _part(self, job: str) -> tuple[RoutedPart, str]:
        name, _, own = job.partition(":")
        if name not in self._parts or not own:
            raise EngineFault("the engine that took this job on is not set up here any more")
        return self._parts[name], own


def _draw(key: str, part: RoutedPart) -> float:
    """Weighted rendezvous hashing: the highest wins, and a part's share of all keys is its weight's share."""
    digest = hashlib.sha256(f"{key}\0{part.name}".encode()).digest()
    uniform = (int.from_bytes(digest[:8]) + 0.5) / 2**64
    return -part.entry.weight / math.log(uniform)


def make_engine_of(name: str, entry: EngineEntry, settings: Settings) -> HttpEngine:
    """An engine of the table. Raises BadInput for an address, a profile or a key that is none."""
    return HttpEngine(
        entry.url,
        key=read_secret(entry.key),
        model=entry.default_model,
        name=name,
        profile=load_engine_profile(entry.profile),
        body_format=entry.body_format,
        limits=EngineLimits(
            video_bytes=settings.engine_max_mb << 20,
            redirect_hosts=parse_redirect_hosts(settings.engine_redirect_hosts),
        ),
        retry_policy=_QUICK,
    )


def routed_engine(settings: Settings) -> RoutedEngine:
    """The engines that the setting `engines` lists. Raises BadInput."""
    return RoutedEngine(
        {
            name: RoutedPart(
                name=name,
                engine=make_engine_of(name, entry, settings),
                entry=entry,
                profile=load_engine_profile(entry.profile),
                health=HealthRecord(name, entry.max_renders),
            )
            for name, entry in engine_table(settings).items()
        }
    )
