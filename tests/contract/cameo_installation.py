"""A registry of cameos over the embedded Postgres, with cases put into its ledger by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from classifiers import LABELS
from classifiers.models import PACKAGED_MODELS
from core.assets import Asset
from core.case import Case, Phase, new_case
from core.events import Published, Rendered, Sealed, Submitted
from core.ports import GeneratorInfo, JobProgress, JobState
from core.roles import Principal, Role
from core.signals import Signal, Subject
from pipeline.accounts import Account
from pipeline.advance import NoListener, PipelineContext
from pipeline.at_rest.key_store import CaseKeys
from pipeline.blobstores.encrypted_blob_store import EncryptedBlobStore
from pipeline.blobstores.public_store import FsspecPublicStore
from pipeline.capture_signals import ClassifierCaptures
from pipeline.consent_wiring import (
    CameoMaintenance,
    LedgerRevisions,
    make_cameo_service,
    make_consent_facts,
    open_consent_stores,
)
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.ledgers.texts import PostgresTexts
from pipeline.policy_rollout.policy_loading import load_policy
from pipeline.rights.work_facts import NO_WORKS
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.local_runner import LocalRunner
from pipeline.service import CaseService
from pipeline.settings import Settings
from pipeline.stages import ROUTE, bind_route
from pipeline.stages.publish import PublicationCompensation
from pipeline.stages.stage_context import Measurements, StageContext
from policy.decide import decide
from provenance.seal_result import SealResult
from registry.banks.protected_gallery import MemoryGallery
from registry.consent.cameo_service import CameoService, ConsentStores, LeaseRequest
from registry.consent.cameos import Cameo
from registry.consent.consent_facts import ConsentFacts
from registry.consent.lease_terms import LeaseTerms
from tests.lawful import carry
from tests.stub_pipeline.stage_parts import (
    EndlessSlots,
    NothingCopied,
    NothingMoves,
    StubFacts,
    StubMeasurer,
    StubPolicy,
    StubSealer,
    uncounted,
)

POLICY = load_policy(Settings())
MIRA = Principal(id="acct_mira", roles=frozenset({Role.PLATFORM}))
ANA = Principal(id="acct_ana", roles=frozenset({Role.PLATFORM}))
BEN = Principal(id="acct_ben", roles=frozenset({Role.PLATFORM}))
MODERATOR = Principal(id="acct_mod", roles=frozenset({Role.MODERATOR}))
TABLES = "cases, texts, leases, cameos, cameo_answers, cascades, cascade_items, notices, cameo_templates, acquaintances, enrolments, enrolment_pictures, enrolment_decisions, likeness_reports, blocked_accounts, erasures, consent_requests, consent_request_settings, consent_request_blocks, found_answers, found_answer_counts"


@dataclass(frozen=True)
class CameoInstallation:
    """What a story about cameos needs."""

    home: Path
    database: Database
    stores: ConsentStores
    consent: ConsentFacts
    service: CameoService
    ledger: PostgresLedger
    context: StageContext
    maintenance: CameoMaintenance

    def add_cameo(self, handle: str = "mira", owner: Principal = MIRA, kind: str = "self") -> Cameo:
        cameo = self.stores.cameos.add(handle, owner.id, kind=kind)
        self.service.review.activate(cameo, by=owner.id)
        return self.stores.cameos.get(cameo.id)

    def add_account(self, who: Principal, *, closed: bool = False) -> None:
        PostgresAccounts(self.database).save(Account(id=who.id, roles=who.roles, closed=closed))

    def case(self, author: Principal = ANA, cameos=(), prompt="mira waves", parent="", references=(), **asked) -> Case:
        """A case that was submitted."""
        case = new_case()
        text = self.context.texts.put(prompt, case_id=case.id)
        ids = self.consent.resolve("", [c.id if isinstance(c, Cameo) else c for c in cameos])
        submitted = Submitted(
            author=author.id, prompt=text, cameos=ids, parent=parent, references=tuple(references), **asked
        )
        return self.ledger.append(case, [submitted])

    def rendered(self, case: Case) -> Case:
        made = Rendered(asset=asset(f"r{case.id}"), engine="e", engine_version="1")
        return carry(self.ledger, case, Phase.RENDERED, rendered=made)

    def published(self, case: Case) -> Case:
        """A case that went the whole way; its file lies on the shelf."""
        return self.published_from(self.rendered(case))

    def published_from(self, case: Case) -> Case:
        """A case that was rendered, or got further, once it is published."""
        file = self.home / "clip.mp4"
        file.write_bytes(b"video of " + case.id.encode())
        sealed = Sealed(
            asset=asset(f"s{case.id}"), payload=case.id, manifest_id="m", manifest=asset("m"), soft_binding="b"
        )
        url = self.context.public_store.publish(case.id, file)
        return carry(self.ledger, case, Phase.PUBLISHED, sealed=sealed, published=Published(url=url))

    def on_shelf(self, case: Case) -> bool:
        return (self.home / "shelf" / f"{case.id}.mp4").exists()

    def phase(self, case: Case) -> str:
        return self.ledger.load(case.id).phase.value

    def facts(self, case: Case):
        return self.consent.facts(self.ledger.load(case.id))


def asset(name: str) -> Asset:
    import hashlib

    return Asset(digest=hashlib.sha256(name.encode()).hexdigest(), media_type="video/mp4", size=1)


@contextmanager
def open_cameo_installation() -> Iterator[CameoInstallation]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        database = open_database(home)
        try:
            yield cameo_installation_at(home, database)
        finally:
            database.close()


def reset_installation(installation: CameoInstallation) -> CameoInstallation:
    """The house as if nothing had happened. Events and receipts stay, as they always do."""
    with installation.database.owner_connection() as connection:
        connection.execute(f"TRUNCATE {TABLES}")
    return replace(installation)


def cameo_installation_at(home: Path, database: Database) -> CameoInstallation:
    """A house over a database that is open already: another process of the same installation has one of its own."""
    settings = Settings(home=home)
    at = open_consent_stores(settings, database, str(home / "vault"), {})
    keys = CaseKeys(str(home / "vault"), settings.keys_folder)
    texts, ledger, bus = PostgresTexts(database, keys), PostgresLedger(database), LocalBus()
    consent = make_consent_facts(at, database, texts, "story", settings)
    tools = StageContext(
        texts=texts,
        blob_store=EncryptedBlobStore(str(home / "vault"), keys),
        public_store=FsspecPublicStore(str(home / "shelf")),
        engine=None,
        measure=StubMeasurer(),
        policy=None,
        facts=consent,
        consent=consent,
        sealer=None,
        copies=NothingCopied(),
        revisions=NothingMoves(),
        render_slots=EndlessSlots(),
        workdir=home / "work",
    )
    desk = make_cameo_service(
        database,
        at,
        consent,
        ledger=ledger,
        bus=bus,
        tools=tools,
        capture=ClassifierCaptures(
            settings=settings, gallery=MemoryGallery(), models=PACKAGED_MODELS, checker=tools.measure
        ),
        settings=settings,
    )
    from datetime import timedelta

    chores = CameoMaintenance(service=desk, keep=timedelta(days=1095))
    return CameoInstallation(home, database, at, consent, desk, ledger, tools, chores)


class InterleavingHooks:
    """Everything that a case meets on its way, and a hook at each point in time."""

    name, version, synthetic = "engine", "1", True

    def __init__(self, house, at=-1, act=lambda: None):
        self.installation, self.stores, self.act, self.points, self.cancelled = house, at, act, 0, 0

    def reach_point(self):
        self.points += 1
        if self.points == self.stores + 1:
            self.act()

    def commission(self, order):
        self.reach_point()
        return order.key

    def poll(self, job):
        self.reach_point()
        return JobProgress(state=JobState.DONE if self.points % 2 else JobState.RUNNING)

    def cancel(self, job):
        self.cancelled += 1

    def fetch(self, job, to):
        self.reach_point()
        to.write_bytes(b"rendered " + job.encode())
        self.reach_point()

    def generator_info(self, job):
        return GeneratorInfo()

    def measure(self, subject):
        self.reach_point()
        labels = [name for name, label in LABELS.items() if subject in label.subjects]
        signals = tuple(Signal(subject=subject, label=name, score=0.0, source="clock/1") for name in labels)
        self.reach_point()
        return Measurements(signals=signals, seconds={})

    def seal(self, case, source, finished):
        self.reach_point()
        finished.write_bytes(b"sealed " + case.id.encode())
        manifest = finished.with_suffix(".c2pa")
        manifest.write_bytes(b"manifest " + case.id.encode())
        self.reach_point()
        return SealResult(
            payload=case.id,
            manifest_id=case.id,
            manifest=manifest,
            soft_binding="b",
            fingerprint=(),
            issuer="",
            signer="",
        )


def instrumented_service(installation, hooks):
    """Desk and runner of a house whose every step ticks."""
    shelf, ledger = installation.context.public_store, installation.ledger

    class Shelf(type(shelf)):
        def publish(self, case_id, path):
            hooks.reach_point()
            url = super().publish(case_id, path)
            hooks.reach_point()
            return url

    class Ledger(type(ledger)):
        def append(self, case, events, **rest):
            hooks.reach_point()
            after = super().append(case, events, **rest)
            hooks.reach_point()
            return after

    ledger = Ledger(installation.database)
    tools = replace(
        installation.context,
        engine=hooks,
        public_store=Shelf(str(installation.home / "shelf")),
        measure=StubMeasurer(
            text=lambda _text: hooks.measure(Subject.PROMPT),
            video=lambda _file, subject, _leased, _is_certain=None: hooks.measure(subject),
            check_video=lambda _file: (1.0, 64, 64),
        ),
        policy=StubPolicy(
            lambda gate, signals, facts, rulings, case_id="": decide(gate, signals, facts, rulings, POLICY)
        ),
        facts=StubFacts(lambda case: {**installation.consent.facts(case), **NO_WORKS, "damaged_parents": 0}),
        sealer=StubSealer(hooks.seal),
        revisions=LedgerRevisions(ledger=ledger),
    )
    bus = LocalBus()
    works = PipelineContext(
        ledger=ledger, bus=bus, blob_store=tools.blob_store, route=bind_route(tools), accepted_phases=tuple(ROUTE),
        compensation=PublicationCompensation(public_store=shelf), listener=NoListener(), maintenance=installation.maintenance,
    )  # fmt: skip
    people = replace(installation.service, ledger=ledger, bus=bus)
    return CaseService(
        ledger=ledger, bus=bus, context=tools, verifier=None, cameo_service=people, usage=uncounted()
    ), LocalRunner(works)


def grant_lease(installation, holder=ANA.id, words="", **given):
    """A lease of @mira, by her owner."""
    terms = given.pop("terms", LeaseTerms())
    return installation.service.lease(MIRA, "mira", LeaseRequest(holder=holder, terms=terms, words=words, **given))[0]
