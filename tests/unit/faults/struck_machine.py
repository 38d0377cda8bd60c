"""A state machine: an installation in memory with tickets that are doubled, reordered and lost, and crashes at any step."""

import contextlib
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from core.errors import AssayError, Declined, EngineFault, Unavailable
from core.events import Recalled, Reversed, Ruled
from core.ports import GeneratorInfo, JobProgress, JobState, Ticket
from core.roles import Principal, Role
from core.signals import Signal, Subject
from core.transitions import check
from core.verdicts import Decision, Verdict
from evals.faults.laws import CaseStory, World, breaches
from pipeline.advance import PipelineContext, advance
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.blobstores.public_store import FsspecPublicStore
from pipeline.runners.sweeper import resend_due_tickets
from pipeline.runners.ticket_handler import handle_ticket
from pipeline.service import CaseService, VideoRequest
from pipeline.stages import ROUTE, bind_route
from pipeline.stages.publish import PublicationCompensation
from pipeline.stages.stage_context import Measurements, StageContext
from pipeline.testing.memory_ledger import MemoryLedger, MemoryTexts
from provenance.seal_result import SealResult
from tests.stub_pipeline.context import nothing_beside
from tests.stub_pipeline.stage_parts import StubFacts, StubMeasurer, StubPolicy, StubSealer, alone, uncounted
from tests.unit.faults.interrupted_parts import Crash, Fuse, Stepping

PLATFORM = Principal(id="platform", roles=frozenset({Role.PLATFORM}))
MODERATOR = Principal(id="moderator", roles=frozenset({Role.MODERATOR}))
PROMPTS = ("fine", "hold", "refuse")
FAULTS = (Unavailable("away"), EngineFault("no video"), Declined("no"), RuntimeError("?"))


class StruckHouse:
    """The stages, the service and the works over memory; `bus` is a list that the machine deals from as it likes."""

    def __init__(self, folder: Path) -> None:
        self.fuse, self.fault, self.revoked, self.lies = Fuse(), None, False, False
        self.prompts: dict[str, str] = {}
        self.ledger = self.make_ledger()
        self.shelf = folder / "shelf"
        self.bus: list[Ticket] = []
        self.engine_jobs: dict[str, str] = {}
        stepped_ledger = Stepping(self.ledger, self.fuse, "append")
        public = Stepping(FsspecPublicStore(self.shelf.as_uri()), self.fuse, "publish", "withdraw")
        vault = Stepping(FsspecBlobStore((folder / "vault").as_uri()), self.fuse, "put", "confirm")
        texts = MemoryTexts()
        tools = StageContext(
            texts=texts,
            blob_store=vault,
            public_store=public,
            engine=Stepping(self, self.fuse, "commission"),
            measure=StubMeasurer(text=self.read, video=self.see),
            policy=StubPolicy(decide),
            sealer=StubSealer(self.seal),
            workdir=folder / "work",
            **alone() | {"facts": StubFacts(lambda case: {"revoked": self.revoked and bool(case.request.cameos)})},
        )
        self.service = CaseService(
            ledger=self.ledger, bus=self, context=tools, verifier=lambda *_: None, usage=uncounted()
        )
        beside = nothing_beside() | {"compensation": self.make_compensation(public)}
        self.works = PipelineContext(
            ledger=stepped_ledger,
            bus=self,
            blob_store=vault,
            route=bind_route(tools),
            accepted_phases=tuple(ROUTE),
            **beside,
        )

    name, version, synthetic = "engine", "1", True

    def make_ledger(self):
        return MemoryLedger(first_retry_delay=timedelta(0))

    def make_compensation(self, public):
        return PublicationCompensation(public_store=public)

    def send(self, ticket, *, after=0.0):
        self.bus.append(ticket)

    def read(self, text):
        return self._measured(Subject.PROMPT, {"hold": 0.6, "refuse": 0.95}.get(text, 0.0))

    def see(self, path, subject, _leased, _is_certain=None):
        return self._measured(subject, 0.95 if path.read_bytes().startswith(b"other") else 0.0)

    def _measured(self, subject, score):
        self.strike()
        return Measurements(signals=(Signal(subject=subject, label="x", score=score, source="t/1"),), seconds={})

    def strike(self):
        if self.fault:
            raise self.fault

    def cancel(self, job):
        pass

    def commission(self, order):
        self.strike()
        return self.engine_jobs.setdefault(order.key, ("other " if self.lies else "video ") + order.key)

    def poll(self, job):
        self.strike()
        return JobProgress(state=JobState.DONE)

    def fetch(self, job, to):
        self.strike()
        to.write_bytes(job.encode())

    def generator_info(self, job):
        return GeneratorInfo()

    def seal(self, case, src, dst):
        self.strike()
        dst.write_bytes(f"sealed {case.id} {case.orders} ".encode() + src.read_bytes())
        manifest = dst.with_name("manifest")
        manifest.write_bytes(case.id.encode())
        return SealResult(
            payload=case.id, manifest_id=case.id, manifest=manifest, soft_binding="s", fingerprint=(), issuer="i", signer="s"
        )  # fmt: skip

    def world(self) -> World:
        cases = self.ledger.list(limit=1000)
        return World(
            stories=[CaseStory(case=c, events=[e.event for e in self.ledger.history(c.id)]) for c in cases],
            shelf={file.stem: file for file in self.shelf.glob("*.mp4")},
            orders=self.orders(),
            never_allowed=self.never_allowed,
            examine=lambda story, file: "" if story.case.id.encode() in file.read_bytes() else "another case's mark",
        )

    def orders(self) -> Mapping[str, str]:
        return {case_id: case_id for case_id in self.prompts}

    def never_allowed(self, story: CaseStory) -> str:
        lifted = any(isinstance(e, Ruled) and e.ruling.decision is Decision.ALLOW for e in story.events)
        asked, made = self.prompts[story.case.id], self.engine_jobs.get(f"{story.case.id}-{story.case.orders}", "")
        return "never allowed" if not lifted and (asked == "refuse" or made.startswith("other")) else ""


def decide(gate, signals, facts, rulings, _case_id=""):
    scores = [signal.score for signal in signals]
    worst = Decision.HOLD if not scores or None in scores or max(scores) >= 0.5 else Decision.ALLOW
    worst = Decision.REFUSE if facts.get("revoked") or (scores and (scores[0] or 0) >= 0.9) else worst
    lifted = worst is Decision.HOLD and any(r.decision is Decision.ALLOW for r in rulings)
    refused = any(r.decision is Decision.REFUSE for r in rulings)
    decision = Decision.REFUSE if refused else Decision.ALLOW if lifted else worst
    return Verdict(gate=gate, decision=decision, rules=("x",) if decision else (), policy="p", reason="r")


def hold(found):
    assert not found, "; ".join(f"{breach.law}: {breach.seen}" for breach in found)


class StruckMachine(RuleBasedStateMachine):
    """`house_type` is what is put to the test."""

    house_type = StruckHouse
    cases = Bundle("cases")

    @initialize()
    def open_house(self):
        self.folder = tempfile.TemporaryDirectory()
        self.house = self.house_type(Path(self.folder.name))

    @rule(target=cases, prompt=st.sampled_from(PROMPTS), shows=st.booleans())
    def somebody_orders(self, prompt, shows):
        case = self.house.service.submit(PLATFORM, VideoRequest(prompt=prompt, cameos=("ana",) if shows else ()))
        self.house.prompts[case.id] = prompt
        return case.id

    @rule(ticket=st.integers(0, 50), keep=st.booleans(), willing=st.none() | st.sets(st.sampled_from(list(ROUTE))))
    def a_worker_takes_any_ticket_that_may_come_again(self, ticket, keep, willing):
        if self.house.bus:
            number = ticket % len(self.house.bus)
            self.work(self.house.bus[number] if keep else self.house.bus.pop(number), willing)

    @rule(case_id=cases, steps=st.integers(0, 24))
    def a_worker_is_killed_at_any_step(self, case_id, steps):
        def crash():
            raise Crash

        self.house.fuse.light(steps, crash)
        self.work(self.ticket(case_id))

    @rule(
        case_id=cases, steps=st.integers(0, 24), who=st.sampled_from(["recall", "claim", "worker", "revoke", "zombie"])
    )
    def others_act_while_a_worker_is_at_any_step(self, case_id, steps, who):
        acts = {
            "recall": lambda: self.house.service.recall(MODERATOR, case_id, code="policy"),
            "claim": lambda: self.append(case_id, Recalled(by="desk", code="claim")),
            "worker": lambda: advance(self.ticket(case_id), self.house.works),
            "revoke": lambda: setattr(self.house, "revoked", True),
            "zombie": lambda: self.lose_lock_and_be_overtaken(case_id),
        }

        def act():
            with contextlib.suppress(AssayError):
                acts[who]()

        self.house.fuse.light(steps, act)
        self.work(self.ticket(case_id))

    def lose_lock_and_be_overtaken(self, case_id):
        """The database ended the session of a worker that was stopped: the case is taken down, and it goes on."""
        self.house.ledger._claimed.discard(case_id)
        self.house.service.recall(MODERATOR, case_id, code="policy")
        advance(self.ticket(case_id), self.house.works)

    @rule()
    def the_broker_loses_every_ticket(self):
        self.house.bus.clear()

    @rule()
    def a_sweep(self):
        works = self.house.works
        resend_due_tickets(works.ledger, self.house, works.blob_store, tuple(ROUTE), timedelta(0))

    @rule(fault=st.sampled_from(FAULTS) | st.none(), lies=st.booleans())
    def the_engine_and_the_models_change(self, fault, lies):
        self.house.fault, self.house.lies = fault, lies

    @rule(case_id=cases, decision=st.sampled_from([Decision.ALLOW, Decision.REFUSE]))
    def a_moderator_rules(self, case_id, decision):
        code = "context" if decision is Decision.ALLOW else "confirmed"
        self.perhaps(lambda: self.house.service.rule(MODERATOR, case_id, decision, code=code))

    @rule(case_id=cases, what=st.sampled_from(["resume", "appeal", "recall"]))
    def somebody_asks(self, case_id, what):
        who, more = (PLATFORM, {}) if what == "appeal" else (MODERATOR, {"code": "policy"} if what == "recall" else {})
        self.perhaps(lambda: getattr(self.house.service, what)(who, case_id, **more))

    @rule(case_id=cases, code=st.sampled_from(["claim_rejected", "counter_notice"]))
    def a_claim_is_answered(self, case_id, code):
        self.perhaps(lambda: self.append(case_id, Reversed(by="desk", code=code)))

    @rule(revoked=st.booleans())
    def consent_is_taken_back_or_given(self, revoked):
        self.house.revoked = revoked

    @invariant()
    def the_laws_hold_at_every_moment(self):
        if hasattr(self, "house"):
            hold(breaches(self.house.world(), settled=False))

    def teardown(self):
        if not hasattr(self, "house"):
            return
        try:
            self.all_comes_to_rest()
        finally:
            self.folder.cleanup()

    def all_comes_to_rest(self):
        """Everything works again: what is lost or waits is found by sweeps, and then the laws hold as at rest."""
        house = self.house
        house.fault, house.lies = None, False
        house.bus.clear()
        for _ in range(6):
            for case in house.ledger.list(limit=1000):
                house.ledger.postpone(case.id, pause=timedelta(0))
            self.a_sweep()
            while house.bus:
                self.work(house.bus.pop())
        hold(breaches(house.world()))
        assert list(house.works.blob_store.pending()) == []

    def work(self, ticket, willing=None):
        works = self.house.works if willing is None else replace(self.house.works, accepted_phases=tuple(willing))
        with contextlib.suppress(Crash):
            handle_ticket(ticket, works)
        self.house.fuse.out()

    def ticket(self, case_id):
        case = self.house.ledger.load(case_id)
        return Ticket(case_id=case_id, revision=case.revision, phase=case.phase)

    def append(self, case_id, event):
        case = self.house.ledger.load(case_id)
        check(case, [event])
        self.house.ledger.append(case, [event])

    def perhaps(self, ask):
        with contextlib.suppress(AssayError):
            ask()
