"""The stages before and after an engine's work: what waits, what fails for good, and what is only doubt."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.case import Case, Phase
from core.errors import BadMedia, Declined, EngineBusy, EngineFault, NotYet, RenderFailed, Unavailable
from core.events import Commissioned, EngineDeclined, EngineFailed, Rendered, StageFailed, Submitted, Waiting
from core.ports import GeneratorInfo, JobProgress, JobState
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.render_slots import LedgerRenderSlots
from pipeline.stages.publish import withdraw
from pipeline.stages.render import commission, render
from pipeline.stages.stage_context import StageContext
from pipeline.testing.memory_ledger import MemoryLedger, MemoryTexts
from tests.lawful import carry, way_to
from tests.stub_pipeline.stage_parts import StubMeasurer, StubPolicy, StubSealer, alone

BROKE = StageFailed(phase="commissioned", kind="EngineFault", error="x")


class ScriptedEngine:
    """An engine that does what it is told: an answer is returned, an error is raised."""

    name, version, synthetic = "scripted", "1", True

    def __init__(self, *, order="job", progress=None, video=b"a video"):
        self.answers = {"order": order, "progress": progress, "video": video}
        self.orders, self.cancelled = [], []

    def commission(self, request):
        self.orders.append(request)
        return self._answer("order")

    def poll(self, job):
        return self._answer("progress")

    def fetch(self, job, to):
        to.write_bytes(self._answer("video"))

    def cancel(self, job):
        self.cancelled.append(job)

    def generator_info(self, job):
        return GeneratorInfo(model="m-2")

    def _answer(self, name):
        if isinstance(self.answers[name], Exception):
            raise self.answers[name]
        return self.answers[name]


class Shelf:
    def __init__(self):
        self.withdrawn = []

    def withdraw(self, case_id):
        self.withdrawn.append(case_id)


def context_with(tmp_path: Path, engine: ScriptedEngine, **more) -> StageContext:
    parts = {
        "texts": MemoryTexts(),
        "blob_store": FsspecBlobStore((tmp_path / "vault").as_uri()),
        "public_store": Shelf(),
        "engine": engine,
        "measure": StubMeasurer(),
        "policy": StubPolicy(None),
        "sealer": StubSealer(None),
        "workdir": tmp_path / "work",
        "engine_timeout": 60.0,
    }
    return StageContext(**parts | alone() | more)


def admitted(context: StageContext, **asked) -> Case:
    prompt = context.texts.put("a heron", case_id="c")
    return Case(id="c").apply(way_to(Phase.ADMITTED, submitted=Submitted(author="a", prompt=prompt, **asked)))


def commissioned(age: float = 0.0) -> Case:
    at = datetime.now(UTC) - timedelta(seconds=age)
    ordered = Commissioned(engine="scripted", engine_version="1", job="job", at=at)
    return Case(id="c").apply(way_to(Phase.COMMISSIONED, commissioned=ordered))


def running(state=JobState.RUNNING, **more) -> JobProgress:
    return JobProgress(state=state, **more)


def test_an_order_carries_the_engines_own_parameters_and_their_texts(tmp_path):
    engine = ScriptedEngine()
    context = context_with(tmp_path, engine)
    avoided = context.texts.put("blurry", case_id="c")
    case = admitted(context, parameters={"seed": 7}, parameter_texts={"negative_prompt": avoided})
    [ordered] = commission(case, context)
    assert (ordered.job, (datetime.now(UTC) - ordered.at).total_seconds() < 60) == ("job", True)
    [order] = engine.orders
    assert (order.prompt, order.parameters, order.parameter_texts) == (
        "a heron",
        {"seed": 7},
        {"negative_prompt": "blurry"},
    )


@pytest.mark.parametrize(("age", "seconds"), [(0.0, 0.2), (30.0, 3.0), (5000.0, 10.0)])
def test_a_job_under_way_is_looked_at_again_the_later_the_older_it_is(tmp_path, age, seconds):
    context = context_with(tmp_path, ScriptedEngine(progress=running()), engine_timeout=10_000.0)
    with pytest.raises(NotYet) as caught:
        render(commissioned(age), context)
    assert caught.value.seconds == pytest.approx(seconds, abs=0.1)


def test_a_job_that_is_done_gives_the_video(tmp_path):
    context = context_with(tmp_path, ScriptedEngine(progress=running(JobState.DONE)))
    [rendered] = render(commissioned(), context)
    assert (type(rendered), rendered.model, rendered.asset.size) == (Rendered, "m-2", 7)


def test_a_job_that_takes_longer_than_allowed_is_stopped_and_has_failed(tmp_path):
    engine = ScriptedEngine(progress=running())
    context = context_with(tmp_path, engine)
    [failed] = render(commissioned(age=61), context)
    assert (failed.code, engine.cancelled) == ("engine_timeout", ["job"])
    assert "60 s" in context.texts.read(failed.reason)


def test_a_job_of_which_nobody_knows_when_it_was_ordered_is_as_old_as_its_last_event(tmp_path):
    ledger = MemoryLedger()
    old = Commissioned(engine="scripted", engine_version="1", job="job")
    case = carry(ledger, Case(id="c"), Phase.COMMISSIONED, commissioned=old)

    class Moved:
        def last_moved(self, case):
            return ledger.history(case.id)[-1].at - timedelta(seconds=61)

        def now(self):
            return ledger.now()

    [failed] = render(case, context_with(tmp_path, ScriptedEngine(progress=running()), revisions=Moved()))
    assert failed.code == "engine_timeout"


@pytest.mark.parametrize("code", ["invalid_parameters", "out_of_memory"])
def test_what_the_engine_says_for_good_ends_the_case_with_its_code_and_words(tmp_path, code):
    refused = context_with(tmp_path, ScriptedEngine(order=RenderFailed(code, "640x480 is not offered")))
    [failed] = commission(admitted(refused), refused)
    assert (type(failed), failed.code) == (EngineFailed, code)
    assert refused.texts.read(failed.reason) == "640x480 is not offered"
    broke = context_with(tmp_path, ScriptedEngine(progress=running(JobState.FAILED, code=code, error="no room")))
    [failed] = render(commissioned(), broke)
    assert (failed.code, broke.texts.read(failed.reason)) == (code, "no room")


def test_the_engines_words_are_no_part_of_the_log(tmp_path):
    context = context_with(tmp_path, ScriptedEngine(order=RenderFailed("engine_error", "Zebedee")))
    [failed] = commission(admitted(context), context)
    assert "Zebedee" not in repr(failed)
    context.texts.erase(case_id="c")
    with pytest.raises(Exception, match="erased"):
        context.texts.read(failed.reason)


@pytest.mark.parametrize(
    ("engine", "code"),
    [
        (ScriptedEngine(progress=running(JobState.FAILED, error="who knows")), "engine_error"),
        (ScriptedEngine(progress=EngineFault("no such job")), "engine_error"),
        (ScriptedEngine(progress=running(JobState.DONE), video=BadMedia("this is a web page")), "not_a_video"),
    ],
    ids=["failed", "unknown", "page"],
)
def test_what_another_order_may_mend_is_ordered_three_times_and_then_has_failed(tmp_path, engine, code):
    context, case = context_with(tmp_path, engine), commissioned()
    for failures in range(2):
        with pytest.raises((EngineFault, BadMedia)):
            render(replace(case, failures=failures), context)
    [failed] = render(replace(case, failures=2), context)
    assert failed.code == code


def test_an_engine_that_is_away_is_waited_for_as_long_as_the_settings_allow(tmp_path):
    away = ScriptedEngine(order=Unavailable("the engine does not answer"))
    context = context_with(tmp_path, away, max_wait=timedelta(hours=2))
    case = admitted(context)
    since = datetime.now(UTC) - timedelta(hours=1)
    for waits in (case, case.apply([Waiting(phase="admitted", reason="away", since=since)])):
        with pytest.raises(Unavailable):
            commission(waits, context)
    late = case.apply([Waiting(phase="admitted", reason="away", since=since - timedelta(hours=1, seconds=1))])
    [failed] = commission(late, context)
    assert failed.code == "engine_unavailable"


def test_a_busy_engine_is_asked_again_and_nobody_counts_that_as_a_failure(tmp_path):
    context = context_with(tmp_path, ScriptedEngine(order=EngineBusy()))
    with pytest.raises(NotYet):
        commission(admitted(context), context)


def test_an_engine_that_declines_has_declined(tmp_path):
    context = context_with(tmp_path, ScriptedEngine(order=Declined("moderation_blocked")))
    assert commission(admitted(context), context) == [EngineDeclined(engine="scripted", code="moderation_blocked")]


def test_no_more_renders_are_begun_than_the_settings_allow(tmp_path):
    ledger, engine = MemoryLedger(), ScriptedEngine()
    context = context_with(tmp_path, engine, render_slots=LedgerRenderSlots(ledger, most=2))
    cases = [replace(admitted(context), id=str(number)) for number in range(3)]
    for case in cases[:2]:
        commission(case, context)
    with pytest.raises(NotYet):
        commission(cases[2], context)
    assert len(engine.orders) == 2


def test_renders_under_way_elsewhere_count(tmp_path):
    ledger = MemoryLedger()
    carry(ledger, Case(id="other"), Phase.COMMISSIONED)
    with LedgerRenderSlots(ledger, most=1).reserve() as seconds:
        assert seconds > 0
    with LedgerRenderSlots(ledger, most=2).reserve() as seconds:
        assert seconds == 0


def test_taking_down_a_video_that_is_being_made_tells_the_engine_to_stop(tmp_path):
    engine = ScriptedEngine()
    context = context_with(tmp_path, engine)
    withdraw(commissioned(), context)
    assert (engine.cancelled, context.public_store.withdrawn) == (["job"], ["c"])
    withdraw(Case(id="c").apply(way_to(Phase.PUBLISHED)), context)
    assert engine.cancelled == ["job"]
