"""The service: one method for everything a person may do. Web, CLI and gateway call this and nothing else.

Whoever changes a case names the revision they saw; if it has moved on meanwhile they get Conflict and
overwrite nothing. Authorisation is checked here, whatever a page shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from classifiers.models import PACKAGED_MODELS
from core.case import Case, Phase, new_case
from core.dispatch import hand_on
from core.errors import BadInput, Conflict, Forbidden, NotFound, NotNow, Unavailable
from core.events import Appealed, Event, Recalled, Resumed, Reversed, Ruled
from core.finding import Finding
from core.ports import Bus, Ledger, RecordedEvent
from core.recalls import recalled_by_claim
from core.roles import Principal, Role, Scope, require_owner, require_role, require_scope
from core.transitions import answers_appeal, holding
from core.verdicts import Decision, Gate, Ruling
from media.reference_file import REFERENCE_BUDGET
from media.sandbox.scan import scan_within
from pipeline.access.conflicts import ConflictOfInterest
from pipeline.access.usage import UsageMeter
from pipeline.access.video_costs import VideoCosts
from pipeline.actions import RECALL_CODES, Action, actions, refusal, unmeasured
from pipeline.case_explanation import CaseExplanation, explain_case
from pipeline.case_record import CaseRecord, case_record
from pipeline.disclosure import public_record
from pipeline.manifest_repository.public_service import PublicService
from pipeline.moderation.exposure import ExposureDesk, ExposureLog, exposure_desk
from pipeline.moderation.house_rules import HouseRules
from pipeline.moderation.quality.blind_review import BlindReview
from pipeline.moderation.quality.quality_desk import QualityDesk
from pipeline.moderation.reversal_desk import SLIP, ReversalDesk
from pipeline.moderation.review_desk import ReviewDesk
from pipeline.moderation.review_stores import ReviewStores
from pipeline.moderation.ruling_codes import require_code, require_ruling_code
from pipeline.moderation.sealed_hold import require_viewable
from pipeline.policy_rollout.policy_service import PolicyService
from pipeline.rights.work_image_service import WorkImageService
from pipeline.screening.dry_run import DryRunVerdict
from pipeline.screening.opinion_desk import OpinionDesk
from pipeline.stages.judge import recheck_consent
from pipeline.stages.stage_context import StageContext
from pipeline.submission import case_id_for_key, make_submission, require_known_parent
from pipeline.verification.likeness_comparison import LikenessComparer
from pipeline.verification.verifier import Verifier
from pipeline.video_pictures import PictureVariant, VideoPictures
from pipeline.video_request import MAX_PROMPT_LENGTH, VideoRequest, validate_request
from pipeline.webhooks.webhook_service import WebhookService
from registry.consent import CameoService

__all__ = ["MAX_PROMPT_LENGTH", "RECALL_CODES", "CaseService", "DryRunVerdict", "VideoRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseService:
    """Everything a person may do."""

    ledger: Ledger
    bus: Bus
    context: StageContext
    verifier: Verifier
    public: PublicService = field(default_factory=PublicService)
    likeness: LikenessComparer = field(default_factory=partial(LikenessComparer, models=PACKAGED_MODELS))
    cameo_service: CameoService | None = None
    policy_service: PolicyService | None = None
    usage: UsageMeter
    webhooks: WebhookService | None = None
    costs: VideoCosts | None = None
    pictures: VideoPictures | None = None
    review_stores: ReviewStores | None = None
    exposure_log: ExposureLog | None = None
    house_rules: HouseRules = field(default_factory=HouseRules)
    work_images: WorkImageService | None = None
    blind: BlindReview | None = None
    quality: QualityDesk | None = None
    one_person: bool = False

    @property
    def cameos(self) -> CameoService:
        """Everything that concerns people's likeness. Raises Unavailable where nobody can be enrolled."""
        if self.cameo_service is None:
            raise Unavailable("nobody can be enrolled here")
        return self.cameo_service

    @property
    def reviews(self) -> ReviewDesk:
        """The moderators' queue. Raises Unavailable where there is none."""
        if self.review_stores is None:
            raise Unavailable("there is no queue here")
        return ReviewDesk(
            ledger=self.ledger,
            stores=self.review_stores,
            conflicts=self._conflicts,
            texts=self.context.texts,
            blind=self.blind,
            sealed_rules=self.house_rules.sealed_rules,
        )

    @property
    def exposure(self) -> ExposureDesk:
        """What moderators are exposed to. Raises Unavailable where it is not recorded."""
        return exposure_desk(self.exposure_log, self.house_rules.exposure)

    @property
    def reversals(self) -> ReversalDesk:
        """What moderators do about what was decided already."""
        return ReversalDesk(self._load_expecting, self._store_note, self._permit, self._append)

    @property
    def opinions(self) -> OpinionDesk:
        """What would be said of a prompt or of a video, without a case."""
        return OpinionDesk(self.context)

    # -- asking for a video

    def submit(self, who: Principal, request: VideoRequest) -> Case:
        """Open a case. The same key by the same account is the same case.

        Raises BadInput, Forbidden, InsufficientQuota.
        """
        require_role(who, Role.PLATFORM)
        require_scope(who, Scope.SUBMIT)
        validate_request(request)
        if not request.key:
            return self._open(who, new_case(), request)
        if (there := self.submitted(who, request.key)) is not None:
            return there
        case = Case(id=case_id_for_key(who, request.key))
        try:
            return self._open(who, case, request)
        except Conflict:  # the same request came twice at once
            return self.ledger.load(case.id)

    def submitted(self, who: Principal, key: str) -> Case | None:
        """The case that this account opened under this key; None where it opened none."""
        require_scope(who, Scope.SUBMIT)
        try:
            return self.ledger.load(case_id_for_key(who, key))
        except NotFound:
            return None

    def cases(self, who: Principal, *, phase: Phase | None = None, limit: int = 100) -> Sequence[Case]:
        """The person's cases, a moderator's all of their queues; the one that moved last first."""
        require_scope(who, Scope.READ, Scope.MODERATE)
        author = None if who.has(Role.MODERATOR) else who.id
        found = self.ledger.list(phase=phase, author=author, limit=limit)
        return found if author or self.review_stores is None else self.reviews.allowed(who, found)

    def case(self, who: Principal, case_id: str) -> Case:
        """One case. Raises NotFound, also for a case of another account: whether it exists is nobody's business."""
        require_scope(who, Scope.READ, Scope.SUBMIT, Scope.MODERATE)  # who orders is answered with what they ordered
        case = self._load(who, case_id)
        try:
            require_owner(who, case)
        except Forbidden:
            raise NotFound from None
        self._require_queue(who, case)
        return case

    def history(self, who: Principal, case_id: str) -> Sequence[RecordedEvent]:
        """Every event of a case, in order."""
        self.case(who, case_id)
        return self.ledger.history(case_id)

    def video(self, who: Principal, case_id: str) -> CaseRecord:
        """A case of this very account with its history, moderators' included. Raises NotFound for another's."""
        require_scope(who, Scope.READ, Scope.SUBMIT, Scope.MODERATE)
        try:
            history = self.ledger.history(case_id)
        except NotFound:
            history = ()
        case = Case(id=case_id).apply(entry.event for entry in history)
        if case.submitted is None or case.submitted.author != who.id:
            raise NotFound("there is no such video")
        return case_record(case, history, self.context.texts)

    def videos(
        self, who: Principal, *, after: str = "", limit: int = 20, ascending: bool = False
    ) -> Sequence[CaseRecord]:
        """The account's own cases as they were asked for, from the one after `after` on. Raises NotFound for that."""
        page = self.ledger.created_by(who.id, after=after, limit=limit, ascending=ascending)
        return tuple(case_record(case, self.ledger.history(case.id), self.context.texts) for case in page)

    def explanation(self, record: CaseRecord) -> CaseExplanation | None:
        """Why it is held or was refused, for whoever asked for it; None where it is not."""
        return explain_case(record, self.context.policy)

    def prompt(self, who: Principal, case_id: str) -> str:
        """The words of the prompt. Raises Erased, Forbidden for a sealed case."""
        return self.context.texts.read(self.viewable(self.case(who, case_id)).request.prompt)

    def viewable(self, case: Case) -> Case:
        """The case. Raises Forbidden where it is sealed: then nobody may view its words or its video."""
        require_viewable(case, self.house_rules.sealed_rules)
        return case

    def actions(self, who: Principal, case: Case) -> frozenset[Action]:
        """Everything that this person may do to this case now. What is not in it is refused."""
        may = actions(who, case, conflict=self._conflicts.bars(who, case))
        may = frozenset(one for one in may if self.house_rules.refusal(who, case, one) is None)
        late = Action.UNDO in may and self.blind is not None and not self.blind.may_take_back(case.id)
        return may - {Action.UNDO} if late else may

    def conflict(self, who: Principal, case: Case) -> str:
        """Why this moderator does not rule on this held case, in their words; empty where it is not their own."""
        return self._conflicts.of(who, case)

    def parameter_texts(self, who: Principal, case_id: str) -> dict[str, str]:
        """The texts among the engine's parameters, by the parameter's name. Raises Erased."""
        texts = self.viewable(self.case(who, case_id)).request.parameter_texts
        return {name: self.context.texts.read(text) for name, text in texts.items()}

    # -- deciding

    def rule(
        self,
        who: Principal,
        case_id: str,
        decision: Decision,
        *,
        code: str,
        revision: int | None = None,
        note: str = "",
        reply: str = "",
        undo_seconds: float = 0.0,
    ) -> Case:
        """Decide about what a gate held. The gate then judges again with this among its evidence.

        `reply` is for the author; it waits for `undo_seconds`. Raises Forbidden, NotNow, Conflict, BadInput.
        """
        require_role(who, Role.MODERATOR)
        case = self._load_expecting(who, case_id, revision)
        if decision is Decision.HOLD:
            raise BadInput("a ruling allows or refuses")
        self._permit(who, case, Action.ALLOW if decision is Decision.ALLOW else Action.REFUSE)
        if (verdict := holding(case)) is None:  # cannot be: it would not have been permitted
            raise NotNow
        ruling = Ruling(
            gate=verdict.gate,
            decision=decision,
            moderator=who.id,
            over=verdict.rules,
            code=require_ruling_code(decision, code),
            note=self._store_note(note, case),
            reply=self._store_note(reply, case),
            on_appeal=answers_appeal(case),
        )
        return self._append(case, Ruled(ruling=ruling), after=undo_seconds)

    def resume(self, who: Principal, case_id: str, *, revision: int | None = None) -> Case:
        """Send on a case that failed, or was held for want of a measurement, once that is mended.

        Approves nothing: what could not be measured is measured anew, and the gate judges again.
        """
        require_role(who, Role.MODERATOR)
        case = self._load_expecting(who, case_id, revision)
        self._permit(who, case, Action.RESUME)
        return self._append(case, Resumed(by=who.id, again=unmeasured(case)))

    def appeal(self, who: Principal, case_id: str, *, note: str = "") -> Case:
        """Ask that a person look at a refusal, or at a video that was taken down."""
        case = self.case(who, case_id)
        self._permit(who, case, Action.APPEAL)
        return self._append(case, Appealed(by=who.id, note=self._store_note(note, case)))

    def recall(self, who: Principal, case_id: str, *, code: str, revision: int | None = None, note: str = "") -> Case:
        """Stop a case, or take its video down, also where a claim only hides it. Authors may recall their own."""
        case = self.case(who, case_id)
        if revision is not None and case.revision != revision:
            raise Conflict
        if case.phase in (Phase.RECALLED, Phase.WITHDRAWN) and not recalled_by_claim(case):
            return case
        self._permit(who, case, Action.RECALL)
        if self.pictures is not None:
            self.pictures.forget(case)
        require_code(code, RECALL_CODES)
        return self._append(case, Recalled(by=who.id, code=code, note=self._store_note(note, case)))

    def erase(self, who: Principal, case_id: str) -> int:
        """Erase every text of a case: prompt, notes; returns how many. Its references and drafts go with its key.

        The log stays, and holds none of it; so does a published video, until it is recalled.
        """
        self._permit(who, self.case(who, case_id), Action.ERASE)
        if self.cameo_service is not None:
            self.cameo_service.requests.forget_case(case_id)
        return self.context.texts.erase(case_id=case_id)

    # -- looking

    def content(self, who: Principal | None, case_id: str, to: Path) -> Path:
        """The video: what is published to anyone, what is not yet to a moderator. Raises NotFound."""
        case = self.viewable(self._load(who, case_id))
        if self._is_public(case):
            return self.context.public_store.fetch(case_id, to)
        made = case.sealed.asset if case.sealed else case.rendered.asset if case.rendered else None
        if made is None or who is None or not who.has(Role.MODERATOR):
            raise NotFound("there is no video to be had here")
        self._require_queue(who, case)
        return self.context.blob_store.fetch(made, to)

    def picture(self, case_id: str, variant: PictureVariant) -> Path:
        """A still picture of a published video, sealed as the video is. Raises NotFound, Unavailable."""
        case = self.viewable(self.ledger.load(case_id))
        if self.pictures is None:
            raise Unavailable("no pictures of videos are made here")
        if not self._is_public(case):
            self.pictures.forget(case)
            raise NotFound("there is no video to be had here")
        return self.pictures.picture(case, variant, lambda to: self.context.public_store.fetch(case_id, to))

    def look_up(self, case_id: str) -> dict[str, str] | None:
        """What the public may know of a case; None where it never came to a sealed video."""
        try:
            case = self.ledger.load(case_id)
        except NotFound:
            return None
        return public_record(case, self.ledger.history(case_id)) if case.sealed else None

    def verify(self, file: Path, *, at: datetime | None = None, quick: bool = False) -> Finding:
        """Was this video made by AI, and what is the evidence? Open to anyone. `at` and `quick` as in Verifier.verify.

        Raises BadMedia; Unavailable where another time was asked for and there is no libfaketime.
        """
        return self.verifier.verify(file, self.look_up, at=at, quick=quick)

    # -- private

    @property
    def _conflicts(self) -> ConflictOfInterest:
        return ConflictOfInterest(
            ledger=self.ledger,
            cameos=self.cameo_service,
            one_person=self.one_person,
            sealed_rules=self.house_rules.sealed_rules,
        )

    def _load(self, who: Principal | None, case_id: str) -> Case:
        return self.blind.load(who, case_id) if self.blind else self.ledger.load(case_id)

    def _is_public(self, case: Case) -> bool:
        return case.phase is Phase.PUBLISHED and not recheck_consent(case, Gate.VIDEO, self.context)

    def _open(self, who: Principal, case: Case, request: VideoRequest) -> Case:
        with self.usage.charged(who, request.seconds), scan_within(REFERENCE_BUDGET):
            opened = self._submit(who, case, request)
        hand_on(opened, self.bus)  # once the lock is free: who gets the ticket wants it
        return opened

    def _submit(self, who: Principal, case: Case, request: VideoRequest) -> Case:
        require_known_parent(who, request.parent, self.ledger)
        # The lock, so that a sweep elsewhere does not take the reference for an orphan.
        with self.ledger.try_lock(case.id) if request.references else nullcontext():
            opened = self.ledger.append(case, [make_submission(who, case, request, self.context)])
            for asset in opened.assets():
                self.context.blob_store.confirm(asset.digest)
        return opened

    def _require_queue(self, who: Principal, case: Case) -> None:
        if self.review_stores is not None:
            self.reviews.require_allowed(who, case)

    def _load_expecting(self, who: Principal, case_id: str, revision: int | None = None) -> Case:
        case = self._load(who, case_id)
        self._require_queue(who, case)
        if revision is not None and case.revision != revision:
            raise Conflict
        return case

    def _store_note(self, note: str, case: Case) -> str:
        case_id = self.blind.true_id(case.id) if self.blind else case.id
        return self.context.texts.put(note, case_id=case_id) if note.strip() else ""

    def _permit(self, who: Principal, case: Case, action: Action) -> None:
        house = self.house_rules.refusal(who, case, action)
        if (error := house or refusal(who, case, action, conflict=self._conflicts.bars(who, case))) is not None:
            raise error
        if action is Action.UNDO and self.blind is not None and not self.blind.may_take_back(case.id):
            raise NotNow("no ruling of yours waits to take effect; a decision can be reversed")

    def _append(self, case: Case, event: Event, *, after: float = 0.0) -> Case:
        if self.blind is not None and (diverted := self.blind.divert(case, event)) is not None:
            return diverted
        moved = self.ledger.append(case, [event], rest=timedelta(seconds=after))
        if self.blind is not None and isinstance(event, Ruled):
            self.blind.note_ruling(case, event.ruling)
        if self.blind is not None and isinstance(event, Reversed) and event.code == SLIP:
            self.blind.forget_ruling(case)
        hand_on(moved, self.bus, after=after)
        return moved
