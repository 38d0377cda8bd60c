"""commission and render: an engine makes the video. Two stages, so that a restart never pays twice."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from core.case import Case
from core.errors import Declined, EngineFault, NotNow, Unavailable
from core.events import Commissioned, EngineDeclined, Event, Rendered
from core.ports import JobState, RenderRequest
from core.verdicts import Gate
from pipeline.stages.judge import recheck_consent
from pipeline.stages.stage_context import StageContext

_POLL_INTERVALS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


def commission(case: Case, tools: StageContext) -> Sequence[Event]:
    """Order the video, unless consent was withdrawn meanwhile."""
    if judged := recheck_consent(case, Gate.PROMPT, tools):
        return judged
    asked, engine = case.request, tools.engine
    with tools.temp_folder() as folder:
        reference = tools.fetch_asset(asked.engine_inputs[0], folder) if asked.engine_inputs else None
        order = RenderRequest(
            key=_idempotency_key(case),
            prompt=tools.texts.read(asked.prompt),
            model=asked.model,
            seconds=asked.seconds,
            size=asked.size,
            reference=reference,
        )
        try:
            job = engine.commission(order)
        except Declined as declined:
            return [EngineDeclined(engine=engine.name, code=declined.code)]
    return [Commissioned(engine=engine.name, engine_version=engine.version, job=job)]


def render(case: Case, tools: StageContext) -> Sequence[Event]:
    """Wait for the job, fetch the file, make sure that it is a video, and keep it."""
    if case.commissioned is None:
        raise EngineFault("nothing was commissioned")
    job = case.commissioned.job
    try:
        if judged := _wait(case, job, tools):
            return judged
        with tools.temp_folder() as folder:
            file = folder / "rendered.mp4"
            tools.engine.fetch(job, file)
            return [_rendered(case, job, file, tools)]
    except Declined as declined:
        return [EngineDeclined(engine=tools.engine.name, code=declined.code)]


def _rendered(case: Case, job: str, file: Path, tools: StageContext) -> Rendered:
    duration, width, height = tools.measure.check_video(file)
    origin = tools.engine.generator_info(job)
    return Rendered(
        asset=tools.blob_store.put(file, media_type="video/mp4", owner=case.id),
        engine=tools.engine.name,
        engine_version=origin.version or tools.engine.version,
        model=origin.model or case.request.model,
        source_type=origin.source_type,
        synthetic=tools.engine.synthetic,
        duration=duration,
        width=width,
        height=height,
    )


def _wait(case: Case, job: str, tools: StageContext) -> Sequence[Event]:
    """Empty once the job is done; a verdict where consent ended meanwhile, and then the engine is told to stop."""
    deadline, turn = time.monotonic() + tools.engine_timeout, 0
    while True:
        if tools.revisions.is_superseded(case):
            tools.engine.cancel(job)
            raise NotNow("the case was moved while its video was made")
        if judged := recheck_consent(case, Gate.PROMPT, tools):
            tools.engine.cancel(job)
            return judged
        progress = tools.engine.poll(job)
        if progress.state is JobState.DONE:
            return []
        if progress.state is JobState.FAILED:
            raise EngineFault(f"the engine failed: {progress.error or 'it does not say why'}")
        if time.monotonic() > deadline:
            raise Unavailable(f"the engine did not finish within {tools.engine_timeout:.0f} s")
        time.sleep(_POLL_INTERVALS[min(turn, len(_POLL_INTERVALS) - 1)])
        turn += 1


def _idempotency_key(case: Case) -> str:
    """The same until an order is in the log: asking again after a crash is asking once, after a failed job anew."""
    return f"{case.id}-{case.orders + 1}"
