"""Workers, moderators, authors and faults, interleaved at will: what must hold of every story, holds."""

import contextlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from core.case import Case, Phase
from core.errors import AssayError, Declined, EngineFault, SealBroken, Unavailable
from core.events import Judged, Published, Rendered, Sealed
from core.ports import GeneratorInfo, JobProgress, JobState, Ticket
from core.roles import Principal, Role
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate, Verdict
from pipeline.advance import PipelineContext, advance
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.blobstores.public_store import FsspecPublicStore
from pipeline.moderation.ruling_codes import RULING_CODES
from pipeline.runners.local_bus import LocalBus
from pipeline.service import CaseService, VideoRequest
from pipeline.stages import ROUTE, bind_route
from pipeline.stages.stage_context import Measurements, StageContext
from pipeline.testing.memory_ledger import MemoryLedger, MemoryTexts
from provenance.seal_result import SealResult
from tests.stub_pipeline.context import nothing_beside
from tests.stub_pipeline.stage_parts import StubMeasurer, StubPolicy, StubSealer, alone, uncounted

PEOPLE = Principal(id="people", roles=frozenset({Role.PLATFORM, Role.MODERATOR}))
MOVING = tuple(ROUTE)


class Weather:
    """What the engine, the classifiers and the seal do next; hypothesis decides."""

    name, version, synthetic = "engine", "1", True

    def __init__(self):
        self.score, self.fault = 0.0, None

    def strike(self, where):
        if self.fault and self.fault[0] == where:
            raise self.fault[1]

    def cancel(self, job):
        pass

    def commission(self, order):
        self.strike("commission")
        return order.key

    def poll(self, job):
        self.strike("poll")
        return JobProgress(state=JobState.DONE)

    def fetch(self, job, to):
        self.strike("fetch")
        to.write_bytes(job.encode())

    def generator_info(self, job):
        return GeneratorInfo()

    def measured(self, subject):
        self.strike("measure")
        return Measurements(signals=(Signal(subject=subject, label="x", score=self.score, source="t/1"),), seconds={})

    def seal(self, case, src, dst):
        self.strike("seal")
        dst.write_bytes(b"sealed " + src.read_bytes())
        manifest = dst.with_name("manifest")
        manifest.write_bytes(case.id.encode())
        return SealResult(
            payload="0", manifest_id="m", manifest=manifest, soft_binding="s", fingerprint=(), issuer="i", signer="s"
        )


def decide(gate, signals, facts, rulings, case_id=""):
    scores = [signal.score for signal in signals]
    worst = Decision.HOLD if not scores or None in scores or max(scores) >= 0.5 else Decision.ALLOW
    worst = Decision.REFUSE if scores and (scores[0] or 0) >= 0.9 else worst
    lifted = any(r.decision is Decision.ALLOW and "x" in r.over for r in rulings)
    refused = any(r.decision is Decision.REFUSE for r in rulings)
    decision = Decision.REFUSE if refused else Decision.ALLOW if lifted else worst
    return Verdict(gate=gate, decision=decision, rules=("x",) if worst and not lifted else (), policy="p", reason="r")


class Interleaving(RuleBasedStateMachine):
    cases = Bundle("cases")

    @initialize()
    def open_house(self):
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name)
        self.weather, self.ledger = Weather(), MemoryLedger(lambda: datetime.now(UTC))
        self.public_store = FsspecPublicStore((root / "shelf").as_uri())
        tools = StageContext(
            texts=MemoryTexts(), blob_store=FsspecBlobStore((root / "vault").as_uri()), public_store=self.public_store, engine=self.weather,
            measure=StubMeasurer(
                text=lambda _text: self.weather.measured(Subject.PROMPT),
                video=lambda _path, subject, _leased, _is_certain=None: self.weather.measured(subject),
            ),
            policy=StubPolicy(decide), sealer=StubSealer(self.weather.seal), workdir=root / "work", **alone(),
        )  # fmt: skip
        self.service = CaseService(
            ledger=self.ledger, bus=LocalBus(), context=tools, verifier=lambda *_: None, usage=uncounted()
        )
        self.works = PipelineContext(
            ledger=self.ledger,
            bus=LocalBus(),
            blob_store=tools.blob_store,
            route=bind_route(tools),
            accepted_phases=MOVING,
            **nothing_beside(),
        )

    def teardown(self):
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @rule(target=cases, key=st.sampled_from(["", "k"]))
    def submit(self, key):
        case = self.service.submit(PEOPLE, VideoRequest(prompt="p", key=key))
        return multiple() if key and case.revision > 1 else case.id

    @rule(score=st.sampled_from([None, 0.0, 0.6, 0.95]))
    def the_classifiers_see_otherwise(self, score):
        self.weather.score = score

    @rule(
        where=st.sampled_from(["commission", "poll", "fetch", "measure", "seal"]),
        error=st.sampled_from(
            [Unavailable("away"), EngineFault("no video"), Declined("no"), SealBroken("no"), RuntimeError("?")]
        ),
    )
    def something_breaks(self, where, error):
        self.weather.fault = (where, error)

    @rule()
    def all_is_mended(self):
        self.weather.fault = None

    @rule(case_id=cases)
    def a_worker_carries_it_as_far_as_it_goes(self, case_id):
        case = self.ledger.load(case_id)
        advance(Ticket(case_id=case_id, revision=case.revision, phase=case.phase), self.works)

    @rule(case_id=cases, willing=st.sets(st.sampled_from(MOVING)), back=st.integers(0, 2))
    def a_worker_takes_a_ticket_perhaps_a_stale_one(self, case_id, willing, back):
        case = self.ledger.load(case_id)
        ticket = Ticket(case_id=case_id, revision=max(0, case.revision - back), phase=case.phase)
        works = PipelineContext(
            ledger=self.ledger,
            bus=LocalBus(),
            blob_store=self.works.blob_store,
            route=self.works.route,
            accepted_phases=tuple(willing),
            **nothing_beside(),
        )
        advance(ticket, works)

    @rule(
        case_id=cases, decision=st.sampled_from([Decision.ALLOW, Decision.REFUSE]), code=st.sampled_from(RULING_CODES)
    )
    def a_moderator_rules(self, case_id, decision, code):
        self.perhaps(lambda: self.service.rule(PEOPLE, case_id, decision, code=code))

    @rule(case_id=cases, what=st.sampled_from(["resume", "appeal", "recall"]))
    def somebody_asks(self, case_id, what):
        more = {"code": "author"} if what == "recall" else {}
        self.perhaps(lambda: getattr(self.service, what)(PEOPLE, case_id, **more))

    def perhaps(self, ask):
        with contextlib.suppress(AssayError):
            ask()

    @invariant()
    def every_story_is_in_order(self):
        for case in self.ledger.list(limit=1000) if hasattr(self, "ledger") else ():
            story = [entry.event for entry in self.ledger.history(case.id)]
            assert Case(id=case.id).apply(story) == case
            check_publication(case, story)


def check_publication(case, story):
    """A published case has an allow at each gate, the later one after its last render, and was sealed after that."""
    if case.phase is not Phase.PUBLISHED:
        return
    at = {
        kind: max(n for n, event in enumerate(story) if isinstance(event, kind))
        for kind in (Rendered, Sealed, Published)
    }
    allowed = {
        e.verdict.gate: n for n, e in enumerate(story) if isinstance(e, Judged) and e.verdict.decision is Decision.ALLOW
    }
    last = {e.verdict.gate: e.verdict.decision for e in story if isinstance(e, Judged)}
    assert allowed[Gate.PROMPT] < at[Rendered] < allowed[Gate.VIDEO] < at[Sealed] < at[Published]
    assert last[Gate.VIDEO] is Decision.ALLOW


TestInterleaving = Interleaving.TestCase
TestInterleaving.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
