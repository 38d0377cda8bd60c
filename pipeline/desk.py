"""The desk: one method for everything a person may do. Web, CLI and gateway call this and nothing else.

Whoever changes a case names the revision they saw; if it has moved on meanwhile they get Conflict and
overwrite nothing. Authorisation is checked here, whatever a page shows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.assets import Asset
from core.case import Case, Phase, new_case
from core.dispatch import hand_on
from core.errors import BadInput, Conflict, Forbidden, NotFound, NotNow, Unavailable
from core.events import Appealed, Event, Recalled, Rendered, Resumed, Ruled, Submitted
from core.finding import Finding
from core.permitted import NO_CAMEOS
from core.ports import Bus, Entry, Ledger
from core.signals import Subject
from core.transitions import holding
from core.verdicts import Decision, Gate, Ruling
from pipeline.actions import Action, actions, refusal, unmeasured
from pipeline.cameo_desk import CameoDesk
from pipeline.likeness import LikenessDesk, likeness_desk
from pipeline.opinions import Opinion, opinion
from pipeline.people import Person, Role, require, require_own
from pipeline.policy_desk import PolicyDesk
from pipeline.public import PublicDesk
from pipeline.request import LONGEST_PROMPT, Request, check, pseudonym
from pipeline.stages.judge import consent_withdrawn
from pipeline.stages.tools import Tools

__all__ = ["LONGEST_PROMPT", "RECALL_CODES", "RULING_CODES", "Desk", "Opinion", "Request", "stated"]

RULING_CODES = ("fits_policy", "context", "parody", "consent_shown", "false_alarm", "breaks_policy", "unclear")
RECALL_CODES = ("consent_withdrawn", "rights", "intimate_image", "illegal", "author", "mistake", "policy")
LookUp = Callable[[str], dict[str, str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a person may do."""

    ledger: Ledger
    bus: Bus
    tools: Tools
    verify_file: Callable[..., Finding]
    public: PublicDesk = field(default_factory=PublicDesk)
    likeness: LikenessDesk = field(default_factory=likeness_desk)
    people: CameoDesk | None = None
    policies: PolicyDesk | None = None

    @property
    def cameos(self) -> CameoDesk:
        """Everything that concerns people's likeness. Raises Unavailable where nobody can be enrolled."""
        if self.people is None:
            raise Unavailable("nobody can be enrolled here")
        return self.people

    # -- asking for a video

    def submit(self, who: Person, request: Request) -> Case:
        """Open a case. The same key by the same account is the same case. Raises BadInput, Forbidden."""
        require(who, Role.PLATFORM)
        check(request)
        if not request.key:
            return self._open(who, new_case(), request)
        case = Case(id=_keyed(who, request.key))
        try:
            return self.ledger.load(case.id)
        except NotFound:
            pass
        try:
            return self._open(who, case, request)
        except Conflict:  # the same request came twice at once
            return self.ledger.load(case.id)

    def cases(self, who: Person, *, phase: Phase | None = None, limit: int = 100) -> Sequence[Case]:
        """The person's cases, a moderator's being all; the one that moved last first."""
        author = None if who.has(Role.MODERATOR) else who.id
        return self.ledger.list(phase=phase, author=author, limit=limit)

    def case(self, who: Person, case_id: str) -> Case:
        """One case. Raises NotFound, also for a case of another account: whether it exists is nobody's business."""
        case = self.ledger.load(case_id)
        try:
            require_own(who, case)
        except Forbidden:
            raise NotFound from None
        return case

    def history(self, who: Person, case_id: str) -> Sequence[Entry]:
        """Every event of a case, in order."""
        self.case(who, case_id)
        return self.ledger.history(case_id)

    def prompt(self, who: Person, case_id: str) -> str:
        """The words of the prompt. Raises Erased."""
        return self.tools.texts.read(self.case(who, case_id).request.prompt)

    def actions(self, who: Person, case: Case) -> frozenset[Action]:
        """Everything that this person may do to this case now. What is not in it is refused."""
        return actions(who, case)

    # -- deciding

    def queue(self, who: Person, *, limit: int = 100) -> Sequence[Case]:
        """What is held, the longest-waiting first."""
        require(who, Role.MODERATOR)
        return self.ledger.list(phase=Phase.HELD, limit=limit, oldest=True)

    def rule(
        self, who: Person, case_id: str, decision: Decision, *, code: str, revision: int | None = None, note: str = ""
    ) -> Case:
        """Decide about what a gate held. The gate then judges again with this among its evidence."""
        require(who, Role.MODERATOR)
        case = self._seen(case_id, revision)
        if decision is Decision.HOLD:
            raise BadInput("a ruling allows or refuses")
        _permit(who, case, Action.ALLOW if decision is Decision.ALLOW else Action.REFUSE)
        if (verdict := holding(case)) is None:  # cannot be: it would not have been permitted
            raise NotNow
        ruling = Ruling(
            gate=verdict.gate,
            decision=decision,
            moderator=who.id,
            over=verdict.rules,
            code=_one_of(code, RULING_CODES),
            note=self._kept(note, case),
        )
        return self._append(case, Ruled(ruling=ruling))

    def resume(self, who: Person, case_id: str, *, revision: int | None = None) -> Case:
        """Send on a case that stumbled, or was held for want of a measurement, once that is mended.

        Approves nothing: what could not be measured is measured anew, and the gate judges again.
        """
        require(who, Role.MODERATOR)
        case = self._seen(case_id, revision)
        _permit(who, case, Action.RESUME)
        return self._append(case, Resumed(by=who.id, again=unmeasured(case)))

    def appeal(self, who: Person, case_id: str, *, note: str = "") -> Case:
        """Ask that a person look at a refusal."""
        case = self.case(who, case_id)
        _permit(who, case, Action.APPEAL)
        return self._append(case, Appealed(by=who.id, note=self._kept(note, case)))

    def recall(self, who: Person, case_id: str, *, code: str, revision: int | None = None, note: str = "") -> Case:
        """Stop a case, or take its video down. Authors may recall their own."""
        case = self.case(who, case_id)
        if revision is not None and case.revision != revision:
            raise Conflict
        if case.phase in (Phase.RECALLED, Phase.WITHDRAWN):
            return case
        _permit(who, case, Action.RECALL)
        return self._append(case, Recalled(by=who.id, code=_one_of(code, RECALL_CODES), note=self._kept(note, case)))

    def erase(self, who: Person, case_id: str) -> int:
        """Erase every text of a case: prompt, notes. The log stays, and holds none of it."""
        _permit(who, self.case(who, case_id), Action.ERASE)
        return self.tools.texts.erase(case_id=case_id)

    # -- looking

    def content(self, who: Person | None, case_id: str, to: Path) -> Path:
        """The video: what is published to anyone, what is not yet to a moderator. Raises NotFound."""
        case = self.ledger.load(case_id)
        if case.phase is Phase.PUBLISHED and not consent_withdrawn(case, Gate.VIDEO, self.tools):
            return self.tools.shelf.fetch(case_id, to)
        made = case.sealed.asset if case.sealed else case.rendered.asset if case.rendered else None
        if made is None or who is None or not who.has(Role.MODERATOR):
            raise NotFound("there is no video to be had here")
        return self.tools.vault.fetch(made, to)

    def look_up(self, case_id: str) -> dict[str, str] | None:
        """What the public may know of a case; None where it never came to a sealed video."""
        try:
            case = self.ledger.load(case_id)
        except NotFound:
            return None
        if case.sealed is None or case.rendered is None or case.verdict is None:
            return None
        sealed_at = next(e.at for e in self.ledger.history(case_id) if e.event == case.sealed)
        return {
            "id": case.id,
            "phase": case.phase.value,
            "engine": case.rendered.engine,
            "engine_version": case.rendered.engine_version,
            "synthetic": str(case.rendered.synthetic).lower(),
            "source_type": stated(case.rendered),
            "sealed_at": sealed_at.isoformat(timespec="seconds"),
            "manifest_id": case.sealed.manifest_id,
            "policy": case.verdict.policy,
        }

    def verify(self, file: Path, **how: Any) -> Finding:
        """Was this video made by AI, and what is the evidence? Open to anyone. `how` is `at` or `quick`, see verify().

        Raises BadMedia; Unavailable where another time was asked for and there is no libfaketime.
        """
        return self.verify_file(file, self.look_up, **how)

    def screen(self, who: Person, text: str) -> Opinion:
        """What would be said of this prompt? Opens no case and keeps nothing."""
        require(who, Role.PLATFORM, Role.MODERATOR)
        check(Request(prompt=text))
        return opinion(Gate.PROMPT, self.tools.measure.text(text), self.tools, text=text)

    def inspect(self, who: Person, file: Path) -> Opinion:
        """What would be said of this video? Opens no case and keeps nothing. Raises BadMedia."""
        require(who, Role.PLATFORM, Role.MODERATOR)
        self.tools.measure.check_video(file)
        return opinion(Gate.VIDEO, self.tools.measure.video(file, Subject.VIDEO, NO_CAMEOS), self.tools)

    # -- private

    def _open(self, who: Person, case: Case, request: Request) -> Case:
        with self.ledger.claim(case.id):  # a sweep elsewhere must not take the reference for an orphan
            return self._submitted(who, case, request)

    def _submitted(self, who: Person, case: Case, request: Request) -> Case:
        self._check_parent(who, request.parent)
        references = tuple(self._reference(case, path) for path in request.references)
        submitted = Submitted(
            author=who.id,
            prompt=self.tools.texts.keep(request.prompt, case_id=case.id),
            model=request.model,
            seconds=request.seconds,
            size=request.size,
            references=references,
            cameos=self.tools.consent.resolve(request.prompt, request.cameos),
            parent=request.parent,
            audience=request.audience,
            account_minor=request.account_minor,
            region=request.region,
            tier=request.tier,
            end_user=pseudonym(who.id, request.end_user),
            purpose=request.purpose,
            territory=request.territory,
            voices=request.voices,
            copies=tuple(one for path in request.references for one in self.tools.copies.copied_from(path)),
        )
        opened = self._append(case, submitted)
        for asset in references:
            self.tools.vault.settle(asset.digest)
        return opened

    def _check_parent(self, who: Person, parent: str) -> None:
        """A video is made over one that is published, or one of one's own; others are nobody's business."""
        try:
            known = not parent or (case := self.ledger.load(parent)).request.author == who.id
            known = known or case.phase is Phase.PUBLISHED
        except NotFound:
            known = False
        if not known:
            raise BadInput("there is no such video that this one could be made over")

    def _reference(self, case: Case, path: Path) -> Asset:
        self.tools.measure.check_video(path)
        return self.tools.vault.put(path, media_type=_media_type(path), owner=case.id)

    def _seen(self, case_id: str, revision: int | None) -> Case:
        case = self.ledger.load(case_id)
        if revision is not None and case.revision != revision:
            raise Conflict
        return case

    def _kept(self, note: str, case: Case) -> str:
        return self.tools.texts.keep(note, case_id=case.id) if note.strip() else ""

    def _append(self, case: Case, event: Event) -> Case:
        case = self.ledger.append(case, [event])
        hand_on(case, self.bus)
        return case


def _permit(who: Person, case: Case, action: Action) -> None:
    if (error := refusal(who, case, action)) is not None:
        raise error


def stated(rendered: Rendered) -> str:
    """The digital source type that the seal states of a video, or nothing."""
    return rendered.source_type or ("trainedAlgorithmicMedia" if rendered.synthetic else "")


def _keyed(who: Person, key: str) -> str:
    """The id that belongs to this account's key, so that a repeated request meets its first case."""
    return hashlib.blake2b(f"{who.id}\0{key}".encode(), digest_size=8).hexdigest()


def _one_of(code: str, codes: Sequence[str]) -> str:
    if code not in codes:
        raise BadInput(f"{code!r} is no reason code; it is one of {', '.join(codes)}")
    return code


def _media_type(path: Path) -> str:
    return {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}.get(path.suffix.lower(), "video/mp4")
