"""A claims desk in memory, over cases that are published or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.case import Case, Phase, new_case
from core.events import Submitted, Withdrawn
from core.finding import ContentCredentials, Finding, FindingVerdict, WatermarkFinding
from core.roles import Principal, Role
from pipeline.claims.claim import Claim, ClaimKind, claim_secret_digest, new_tracking_number
from pipeline.claims.claim_desk import ClaimDesk
from pipeline.claims.claim_effects import ClaimEffects
from pipeline.claims.claim_files import ClaimUpload
from pipeline.claims.claim_forms import ClaimForm
from pipeline.claims.claim_laws import load_claim_laws
from pipeline.claims.claim_limits import ClaimLimits
from pipeline.claims.claim_settings import ClaimRules
from pipeline.claims.claim_videos import ClaimedVideos, FoundVideos
from pipeline.claims.claims_service import ClaimsService
from pipeline.runners.local_bus import LocalBus
from pipeline.testing.memory_claim_activity import MemoryClaimActivity
from pipeline.testing.memory_claims import MemoryClaims
from pipeline.testing.memory_ledger import MemoryLedger, MemoryTexts
from tests.lawful import carry

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
MODERATOR = Principal(id="mo", roles=frozenset({Role.MODERATOR}))
OTHER = Principal(id="ny", roles=frozenset({Role.MODERATOR}))
AUTHOR = Principal(id="ana", roles=frozenset({Role.PLATFORM}))
WHO = {"name": "R", "email": "r@example.org", "address": "1 Main Street", "phone": "1", "signature": "R"}


def a_claim(**values) -> Claim:
    given = {"kind": ClaimKind.COPYRIGHT, "law": "us_dmca_512", "received_at": NOW, **values}
    return Claim(id=new_tracking_number(), secret_sha256=claim_secret_digest(new_tracking_number()), **given)


@dataclass
class Kept:
    """A StayDownPort, a ClaimLimitsPort and ClaimNotices that remember what they were told."""

    down: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lifted: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    refuses: Exception | None = None
    limits: ClaimLimits = field(default_factory=lambda: ClaimLimits(store=MemoryClaimActivity()))

    def apply(self, claim_id: str, case_ids: Sequence[str], why: str) -> None:
        assert why in list(ClaimKind)
        self.down[claim_id] = tuple(case_ids)

    def lift(self, claim_id: str) -> None:
        self.lifted.append(claim_id)
        self.down.pop(claim_id, None)

    def kept_by(self, claim_id: str) -> Sequence[str]:
        return self.down.get(claim_id, ())

    def admit(self, claim_key: str, now: datetime, **how) -> None:
        assert now.tzinfo
        self.keys.append(claim_key)
        if self.refuses:
            raise self.refuses
        self.limits.admit(claim_key, now, **how)

    def __getattr__(self, name: str):
        """The rest of the ClaimLimitsPort is the real one, over memory."""
        if name not in ("weigh", "admit_proof", "guarded", "reject", "forgive", "proved", "delete_old"):
            raise AttributeError(name)
        return getattr(self.limits, name)

    def notify(self, account: str, code: str, *, about: str = "", cameo: str = "") -> None:
        assert about and not cameo
        self.told.append((account, code))


@dataclass
class Children:
    """A Lineage: what was made from what."""

    of: dict[str, list[str]] = field(default_factory=dict)

    def descendants(self, roots: Sequence[str]) -> Sequence[str]:
        found = {*roots}
        for root in roots:
            found |= {*self.descendants(self.of.get(root, []))}
        return sorted(found)


class ClaimHouse:
    """The desk, and what is around it."""

    def __init__(self, **rules) -> None:
        self.ledger, self.texts, self.kept, self.lineage = MemoryLedger(), MemoryTexts(), Kept(), Children()
        self.store = MemoryClaims(guarded=lambda claim_id: bool(self.kept.limits.guarded([claim_id])))
        self.forgotten: list[str] = []
        effects = ClaimEffects(
            ledger=self.ledger,
            bus=LocalBus(),
            store=self.store,
            lineage=self.lineage,
            stay_down=self.kept,
            forget=lambda case: self.forgotten.append(case.id),
        )
        desk = ClaimDesk(
            store=self.store,
            texts=self.texts,
            laws=load_claim_laws(),
            effects=effects,
            limits=self.kept,
            notices=self.kept,
            rules=ClaimRules(**rules),
            secret=lambda: b"k" * 32,
        )
        self.service = ClaimsService(
            desk=desk, videos=ClaimedVideos(ledger=self.ledger, verify=lambda _path: FINDING, similar=lambda _path: ())
        )
        self.desk, self.review, self.answers = desk, self.service.review, self.service.answers
        self.proofs = self.service.proofs

    def published(self, author: str = "ana", parent: str = "") -> str:
        case = carry(self.ledger, new_case(), Phase.PUBLISHED, submitted=Submitted(author=author, prompt="t"))
        if parent:
            self.lineage.of.setdefault(parent, []).append(case.id)
        return case.id

    def draft(self, author: str = "ana", parent: str = "") -> str:
        case = carry(self.ledger, new_case(), Phase.ADMITTED, submitted=Submitted(author=author, prompt="t"))
        self.lineage.of.setdefault(parent, []).append(case.id)
        return case.id

    def phase(self, case_id: str) -> Phase:
        return self.ledger.load(case_id).phase

    def work(self) -> None:
        """As the stages do: what is recalled is withdrawn, what is sealed is published."""
        for case in self.ledger.list(limit=1000):
            if case.phase is Phase.RECALLED:
                self.ledger.append(case, [Withdrawn()])
            elif case.phase is Phase.SEALED:
                carry(self.ledger, case, Phase.PUBLISHED)

    def file(
        self,
        *case_ids: str,
        kind: ClaimKind = ClaimKind.COPYRIGHT,
        certain: bool = True,
        address: str = "192.0.2.1",
        uploads: Sequence[ClaimUpload] = (),
        account: Principal | None = None,
        **more,
    ):
        """A claim about these videos, and its secret."""
        law = load_claim_laws().choose(kind)
        form = ClaimForm(
            kind=kind,
            about=case_ids or ("somewhere",),
            work="a film",
            explanation="It is mine.",
            deceased="D",
            authority="I may.",
            registration="1",
            **{"statements": tuple(one.id for one in law.statements), **WHO, **more},
        )
        found = FoundVideos(case_ids=case_ids, certain=certain)
        return self.desk.submit(form, found=found, uploads=uploads, account=account, address=address, now=NOW)

    def decide(self, claim_id: str, decision, code: str, who: Principal = MODERATOR, now=NOW, **more) -> Claim:
        revision = self.store.get(claim_id).revision
        return self.review.decide(who, claim_id, decision, code=code, revision=revision, now=now, **more)

    def case(self, case_id: str) -> Case:
        return self.ledger.load(case_id)


FINDING = Finding(
    file="",
    verdict=FindingVerdict.NO_INFORMATION,
    summary="s",
    credentials=ContentCredentials(state="none"),
    watermark=WatermarkFinding(detected=False, p_value=0.5),
)
