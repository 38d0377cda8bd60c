"""commission and render: an engine makes the video. Two stages, so that a restart never pays twice.

Neither waits: while an engine is at work, or takes no more orders, the stage says so (NotYet) and the runner looks
again later, so that no thread and no connection is held by a render.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from core.case import FAILURES_BEFORE_REVIEW, Case
from core.errors import BadInput, BadMedia, Declined, EngineBusy, EngineFault, NotYet, RenderFailed, Unavailable
from core.events import Commissioned, EngineDeclined, Event, Rendered
from core.ports import JobState, RenderRequest
from core.verdicts import Gate
from pipeline.stages.engine_failure import render_failed
from pipeline.stages.judge import recheck_consent
from pipeline.stages.preview import refused_by_preview
from pipeline.stages.stage_context import StageContext

_BUSY_SECONDS = 2.0  # how soon an engine that takes no more orders is asked again
_MIN_POLL, _MAX_POLL = 0.2, 10.0
"""Seconds between two questions after a job: a tenth of its age, within these."""


def commission(case: Case, context: StageContext) -> Sequence[Event]:
    """Order the video, unless consent was withdrawn meanwhile. Raises NotYet where the engine has enough to do."""
    if judged := recheck_consent(case, Gate.PROMPT, context):
        return judged
    with context.render_slots.reserve() as seconds:
        if seconds:
            raise NotYet(seconds)
        return _with_engine(case, context, lambda: _commissioned(case, context))


def render(case: Case, context: StageContext) -> Sequence[Event]:
    """Fetch the file of a job that is done, make sure that it is a video, and keep it. Raises NotYet while it is not.

    Where consent ended meanwhile, a verdict, and the engine is told to stop.
    """
    if case.commissioned is None:
        raise EngineFault("nothing was commissioned")
    job = case.commissioned.job
    if judged := recheck_consent(case, Gate.PROMPT, context):
        context.engine.cancel(job)
        return judged
    return _with_engine(case, context, lambda: _looked_after(case, job, context))


def _commissioned(case: Case, context: StageContext) -> Sequence[Event]:
    request, engine, texts = case.request, context.engine, context.texts
    with context.temp_folder() as folder:
        order = RenderRequest(
            key=_idempotency_key(case),
            prompt=texts.read(request.prompt),
            model=request.model,
            seconds=request.seconds,
            size=request.size,
            reference=context.fetch_asset(request.engine_inputs[0], folder) if request.engine_inputs else None,
            parameters=request.parameters,
            parameter_texts={name: texts.read(text_id) for name, text_id in request.parameter_texts.items()},
        )
        job = engine.commission(order)
    return [Commissioned(engine=engine.name, engine_version=engine.version, job=job, at=context.revisions.now())]


def _looked_after(case: Case, job: str, context: StageContext) -> Sequence[Event]:
    """What the engine says of the job: nothing yet, that it failed, or the video; or that its preview is refused."""
    progress = context.engine.poll(job)
    if progress.state is JobState.FAILED:
        reason = progress.error or "it does not say why"
        raise RenderFailed(progress.code, reason) if progress.code else EngineFault(f"the engine failed: {reason}")
    if progress.state is not JobState.DONE:
        if refused := refused_by_preview(case, job, context):
            return refused
        age = (context.revisions.now() - _commissioned_at(case, context)).total_seconds()
        if age > context.engine_timeout:
            context.engine.cancel(job)
            raise RenderFailed("engine_timeout", f"it did not finish within {context.engine_timeout:.0f} s")
        raise NotYet(min(max(age / 10, _MIN_POLL), _MAX_POLL))
    with context.temp_folder() as folder:
        file = folder / "rendered.mp4"
        context.engine.fetch(job, file)
        return [_rendered(case, job, file, context)]


def _rendered(case: Case, job: str, file: Path, context: StageContext) -> Rendered:
    duration, width, height = context.measure.check_video(file)
    origin = context.engine.generator_info(job)
    return Rendered(
        asset=context.blob_store.put(file, media_type="video/mp4", owner=case.id),
        engine=context.engine.name,
        engine_version=origin.version or context.engine.version,
        model=origin.model or case.request.model,
        source_type=origin.source_type,
        synthetic=context.engine.synthetic,
        duration=duration,
        width=width,
        height=height,
    )


def _with_engine(case: Case, context: StageContext, work: Callable[[], Sequence[Event]]) -> Sequence[Event]:
    """What `work` gives, and what it means for the case where the engine does not.

    What is certain ends the case; what another order may mend is tried three times; what is away is waited for.
    """
    try:
        return work()
    except Declined as declined:
        return [EngineDeclined(engine=context.engine.name, code=declined.code)]
    except RenderFailed as failed:
        return [render_failed(case, failed.code, failed.reason, context)]
    except EngineBusy:
        raise NotYet(_BUSY_SECONDS) from None
    except Unavailable as error:
        if case.waiting is None or context.revisions.now() - case.waiting.since <= context.max_wait:
            raise
        return [render_failed(case, "engine_unavailable", str(error), context)]
    except (EngineFault, BadInput) as error:
        if case.failures < FAILURES_BEFORE_REVIEW - 1:
            raise
        return [render_failed(case, _code_of(error), str(error), context)]


def _code_of(error: EngineFault | BadInput) -> str:
    if isinstance(error, BadMedia):
        return "not_a_video"
    return "invalid_parameters" if isinstance(error, BadInput) else "engine_error"


def _commissioned_at(case: Case, context: StageContext) -> datetime:
    """When it was ordered. In events that do not say so, it is when the case last moved."""
    at = case.commissioned.at if case.commissioned else None
    return at or context.revisions.last_moved(case)


def _idempotency_key(case: Case) -> str:
    """The same until an order is in the log: asking again after a crash is asking once, after a failed job anew."""
    return f"{case.id}-{case.orders + 1}"
