"""A house for stories told over HTTP: the real desk, runner, vault, shelf and engine over the ledger in memory.

Its classifier knows three words and its policy three rules, so that a story says in its prompt how it will go.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from classifiers.models import PACKAGED_MODELS
from classifiers.text.language_detection import detect_language
from console.app import create_app
from console.serve import KEEP_ALIVE_SECONDS
from core.case import Case
from core.errors import BadMedia, Unavailable
from core.finding import ContentCredentials, Evidence, Finding, FindingVerdict, WatermarkFinding
from core.ports import Ticket
from core.roles import Principal, Role
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Ruling, Verdict
from media.probe import probe
from media.sandbox.limits import InputLimits
from pipeline.access.account_service import AccountService
from pipeline.access.oidc_accounts import OidcService
from pipeline.access.passkeys import PasskeyService
from pipeline.access.second_factors import SecondFactorService
from pipeline.accounts import create_account
from pipeline.advance import PipelineContext, advance
from pipeline.at_rest.key_store import KeyStore
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.blobstores.public_store import FsspecPublicStore
from pipeline.engines.folder_engine import FolderEngine
from pipeline.moderation.house_rules import HouseRules
from pipeline.moderation.quality.blind_cases import BlindLedger
from pipeline.moderation.quality.blind_review import BlindReview
from pipeline.moderation.quality.quality_desk import QualityDesk
from pipeline.moderation.quality.review_sampling import ReviewSampling
from pipeline.moderation.review_stores import ReviewStores
from pipeline.observability.observed_works import Observation
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.local_runner import LocalRunner
from pipeline.screening.measurement import ClassifierMeasurer
from pipeline.service import CaseService
from pipeline.settings import Settings, load_settings
from pipeline.stages import ROUTE, bind_route
from pipeline.stages.stage_context import Measurements, StageContext
from pipeline.testing.memory_accounts import MemoryAccounts
from pipeline.testing.memory_bulk_reviews import MemoryBulkReviews, MemorySavedSearches
from pipeline.testing.memory_decisions import MemoryDecisionLog, MemoryModerationFigures
from pipeline.testing.memory_exposure import MemoryExposure
from pipeline.testing.memory_identities import MemoryIdentities
from pipeline.testing.memory_ledger import MemoryLedger, MemoryTexts
from pipeline.testing.memory_passkeys import MemoryPasskeys
from pipeline.testing.memory_review_checks import MemoryReviewChecks
from pipeline.testing.memory_review_queue import MemoryReviewQueue
from pipeline.testing.memory_second_factors import MemorySecondFactors
from pipeline.wiring import Installation, build_installation
from pipeline.wiring.services import oidc_client
from provenance.seal_result import SealResult
from tests.conftest import ROOT
from tests.stub_pipeline.context import nothing_beside
from tests.stub_pipeline.stage_parts import StubMeasurer, StubPolicy, StubSealer, StubVerifier, alone, uncounted

WORD_SCORES = {"gore": 0.75, "weapon": 0.97, "fog": None}
NO_CHECKS = {"second_review_share": 0.0, "golden_share": 0.0}
"""So that the next case of a story is the one that it made; stories of checks set them."""
HELD, REFUSED, UNMEASURED, FINE = "a battle, some gore", "a weapon", "thick fog", "a rabbit in a meadow"


@dataclass(frozen=True)
class ApiAccount:
    person: Principal
    token: str

    @property
    def bearer(self):
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class MemoryInstallation:
    """An installation for as long as a test lasts."""

    settings: Settings
    service: CaseService
    ledger: MemoryLedger
    accounts: MemoryAccounts
    second_factors: SecondFactorService
    passkeys: PasskeyService
    oidc: OidcService
    works: PipelineContext
    runner: LocalRunner
    webhook_sender: None = None
    review_worker: None = None
    match_desk: None = None
    observation: Observation = field(default_factory=Observation)
    claims: None = None
    record: None = None
    creator_desk: None = None
    report_desk: None = None
    end_user_erasures: None = None
    rights_desk: None = None

    def account(self, *roles: Role) -> ApiAccount:
        return ApiAccount(*create_account(self.accounts, roles))

    def close(self) -> None:
        """Nothing to let go of."""


@dataclass(frozen=True)
class ServedInstallation:
    """A house behind a real server. `moderator`, `platform` and `other` have accounts."""

    installation: MemoryInstallation | Installation
    url: str
    app: FastAPI
    moderator: ApiAccount
    platform: ApiAccount
    other: ApiAccount

    def client(self, account: ApiAccount | None = None, **options) -> httpx.Client:
        headers = account.bearer if account else {}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=240, **options)

    @contextmanager
    def browser(self, account: ApiAccount) -> Iterator[httpx.Client]:
        """A signed-in client that asks for pages."""
        with self.client() as client:
            client.headers["Accept"] = "text/html"
            token = form_token(client.get("/login").text)
            sent = client.post("/login", data={"form_token": token, "token": account.token})
            assert sent.status_code == 303, sent.text
            yield client

    def submit(self, prompt: str, account: ApiAccount | None = None) -> str:
        with self.client(account or self.platform) as client:
            answer = client.post("/v1/videos", json={"prompt": prompt})
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    def left_on_disk(self) -> list[Path]:
        """Files of people that are still there once the server has had time to remove them."""
        folder = self.installation.settings.root / "uploads"
        for _ in range(200):  # an answer arrives a moment before its file is gone
            left = [Path(inside) / name for inside, folders, files in os.walk(folder) for name in (*folders, *files)]
            if not left:
                break
            time.sleep(0.02)
        return left  # walked by os.walk, for which a folder that goes meanwhile is an empty one

    def settle(self, case_id: str) -> Case:
        """The case once nothing more happens to it by itself."""
        works, case = self.installation.works, self.installation.ledger.load(case_id)
        while case.phase in works.route:
            case = advance(Ticket(case_id=case_id, revision=case.revision, phase=case.phase), works)
        return case


def form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found, page
    return found[1]


def memory_installation(home: Path, decide=None, words: str = "", **settings) -> MemoryInstallation:
    ledger, bus = MemoryLedger(), LocalBus()
    chosen, accounts = Settings(home=home, **(NO_CHECKS | settings)), MemoryAccounts()
    tools = StageContext(
        texts=MemoryTexts(),
        blob_store=FsspecBlobStore(str(home / "vault")),
        public_store=FsspecPublicStore(str(home / "shelf")),
        engine=FolderEngine(ROOT / "deploy" / "demo"),
        measure=StubMeasurer(
            text=_measured,
            video=lambda _file, subject, _leased, _is_certain=None: Measurements(
                signals=_video_signals(subject), seconds={}, words=words
            ),
            check_video=ClassifierMeasurer(
                classifiers=None, models=None, every=1.0, min_frames=1, max_frames=1, limits=InputLimits()
            ).check_video,
        ),
        policy=StubPolicy(decide or _decide),
        sealer=StubSealer(_sealed),
        workdir=home / "scratch",
        **alone(),
    )
    accounts = MemoryAccounts()
    stores = ReviewStores(
        queue=MemoryReviewQueue(ledger),
        bulk=MemoryBulkReviews(),
        searches=MemorySavedSearches(),
        accounts=accounts,
        word_secret=lambda: b"s" * 32,
    )
    checks = MemoryReviewChecks()
    desk = CaseService(
        ledger=BlindLedger(ledger=ledger, checks=checks),
        bus=bus,
        context=tools,
        verifier=StubVerifier(_verified),
        usage=uncounted(),
        review_stores=stores,
        exposure_log=MemoryExposure(),
        house_rules=HouseRules(sealed_rules=frozenset({"sealed_words"})),
        blind=BlindReview(
            ledger=ledger,
            texts=tools.texts,
            checks=checks,
            sampling=ReviewSampling(
                key=b"k" * 32, second_share=chosen.second_review_share, golden_share=chosen.golden_share
            ),
            golden_days=chosen.golden_days,
        ),
        quality=QualityDesk(
            ledger=ledger,
            texts=tools.texts,
            checks=checks,
            figures=MemoryModerationFigures(ledger),
            log=MemoryDecisionLog(ledger),
        ),
    )
    works = PipelineContext(
        ledger=ledger,
        bus=bus,
        blob_store=tools.blob_store,
        route=bind_route(tools),
        accepted_phases=frozenset(ROUTE),
        **nothing_beside(),
    )
    chosen = Settings(home=home, **settings)
    return MemoryInstallation(
        settings=chosen,
        service=desk,
        ledger=ledger,
        accounts=accounts,
        **ways_to_sign_in(chosen, accounts),
        works=works,
        runner=LocalRunner(works),
    )


def ways_to_sign_in(chosen: Settings, accounts: MemoryAccounts) -> dict[str, object]:
    """Passkeys, an OpenID provider and second factors, kept in memory."""
    service = AccountService(accounts=accounts, lifetimes=chosen.key_lifetimes)
    provider = oidc_client(chosen) if chosen.oidc_issuer else None
    keys = KeyStore(str(chosen.root / "vault"), chosen.root / "keys")
    return {
        "passkeys": PasskeyService(service=service, store=MemoryPasskeys(), origin=chosen.web_address),
        "oidc": OidcService(accounts=accounts, store=MemoryIdentities(), client=provider),
        "second_factors": SecondFactorService(store=MemorySecondFactors(), keys=keys),
    }


@contextmanager
def serve_installation(house: MemoryInstallation | Installation, port: int = 0):
    """The house behind uvicorn on this port, or any free one, of this machine."""
    app = create_app(house)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, timeout_keep_alive=KEEP_ALIVE_SECONDS)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        roles = (Role.MODERATOR, Role.PLATFORM, Role.PLATFORM)
        people = [ApiAccount(*create_account(house.accounts, [role])) for role in roles]
        yield ServedInstallation(house, f"http://127.0.0.1:{port}", app, *people)
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def serve_real_installation(home: Path, **settings: object) -> Iterator[ServedInstallation]:
    """Everything real in this process, over the home of an installation; a few frames are looked at."""
    built = build_installation(
        load_settings(home=home, engine_folder=home / "engine", frames=4, max_frames=4, **(NO_CHECKS | settings))
    )
    try:
        with serve_installation(built) as serving:
            yield serving
    finally:
        built.close()


def _measured(text: str, subject: Subject = Subject.PROMPT, style: object = None) -> Measurements:
    if "crash" in text:
        raise Unavailable("the model for prompts is not there")
    signals = tuple(
        Signal(
            subject=subject,
            label=f"{word}_words",
            score=score if word in text and subject is Subject.PROMPT else 0.02,
            source="story_words/1",
            at=Span(start=text.index(word), end=text.index(word) + len(word), unit="chars") if word in text else None,
        )
        for word, score in WORD_SCORES.items()
    )
    language = detect_language(text, PACKAGED_MODELS) or ""
    return Measurements(signals=signals, seconds={"story_words/1": 0.0}, language=language)


def _video_signals(subject: Subject) -> tuple[Signal, ...]:
    where = Span(start=1.0, end=2.5)
    return (Signal(subject=subject, label="nudity", score=0.04, source="story_frames/1", at=where),)


def _decide(gate: Gate, signals: Sequence[Signal], _facts, rulings: Sequence[Ruling], _case_id="") -> Verdict:
    hot = {s.label for s in signals if s.score is None or s.score >= 0.5}
    lifted = {rule for r in rulings if r.decision is Decision.ALLOW for rule in r.over}
    refused = any(r.decision is Decision.REFUSE for r in rulings) or "weapon_words" in hot - lifted
    fired = tuple(sorted(hot - lifted))
    decision = Decision.REFUSE if refused else Decision.HOLD if fired else Decision.ALLOW
    missing = tuple(sorted(s.label for s in signals if s.score is None and s.label in fired))
    reason = {0: "", 1: "A person looks at this first.", 2: "This asks for something we do not make."}[int(decision)]
    return Verdict(
        gate=gate,
        decision=decision,
        rules=fired,
        missing=missing,
        lifted=tuple(sorted(hot & lifted)),
        shadow=("calm_music",),
        policy="story0123456789abcdef",
        reason=reason,
    )


def _sealed(case: Case, source: Path, finished: Path) -> SealResult:
    finished.write_bytes(source.read_bytes())
    manifest = finished.with_suffix(".c2pa")
    manifest.write_bytes(b"manifest of " + case.id.encode())
    return SealResult(
        payload=case.id,
        manifest_id=f"urn:c2pa:{case.id}",
        manifest=manifest,
        soft_binding="none",
        fingerprint=(),
        issuer="A Story",
        signer="Story signer",
    )


def _verified(file: Path, _look_up, **_how) -> Finding:
    try:
        info = probe(file)
    except BadMedia:
        raise BadMedia("this file cannot be read as a video or an image") from None
    looked = f"a {info.width}×{info.height} video of {info.duration:.1f} s"
    return Finding(
        file=file.name,
        verdict=FindingVerdict.NO_INFORMATION,
        summary="No credentials and no watermark of ours were found. That does not tell where the video comes from.",
        credentials=ContentCredentials(state="none"),
        watermark=WatermarkFinding(detected=False, p_value=0.4),
        evidence=(
            Evidence(
                kind="credentials",
                says=f"Looked at {looked}: no C2PA credentials.",
                proves="Nothing: most files have none.",
                limits="They can be stripped by any re-encoding.",
            ),
        ),
    )
