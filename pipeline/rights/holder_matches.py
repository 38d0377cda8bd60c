"""What rights holders see of cases with their works, and what they answer about drafts.

They see that it matched, when, in which seconds, the words that name the work and the part of the picture that looks
like it; of a draft that names the work also the video, marked as a preview. Not the prompt, not who ordered it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.case import Case, Phase
from core.dispatch import hand_on
from core.errors import BadInput, Erased, NotFound, NotNow
from core.events import Resumed
from core.ports import BlobStore, Bus, Ledger, TextStore
from core.roles import Principal, Scope, require_scope
from core.signals import Signal, Subject
from media.labels.label_overlay import label_picture, overlay_label
from media.labels.label_terms import VisibleLabel
from media.sampling import sample_moments
from media.still_image import jpeg_bytes
from pipeline.moderation.sealed_hold import is_sealed
from pipeline.rights.holder_works import HolderWorks
from pipeline.rights.work_facts import WorkPermissions
from registry.consent.notices import PostgresNotices
from registry.rights.licence_receipts import LicenceReceipt
from registry.rights.registered_works import RegisteredWork
from registry.rights.work_answers import HOLDER_REFUSALS, WorkAnswer
from registry.rights.work_standing import NAMED_SCORE, SHOWN_SCORE
from registry.rights.work_uses import PostgresWorkUses, WorkMonth, WorkUseRecord

PREVIEW_LABEL = VisibleLabel(text="PREVIEW | not published")
_SIDE = 640  # pixels of the longer side


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchInDetail:
    """A case with a work: the words that name it, and where its video looks or sounds like it (seconds, from and to).

    `may_watch`: its draft can be watched. `has_picture`: the part of a picture of the video that looks like the work.
    """

    use: WorkUseRecord
    words: tuple[str, ...]
    seconds: tuple[tuple[float, float], ...]
    heard_seconds: tuple[tuple[float, float], ...]
    territory: tuple[str, ...]
    answers: tuple[WorkAnswer, ...]
    may_watch: bool
    has_picture: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderMatches:
    """For the holder of a work, and for figures also operators. NotFound for a work or a case that is not theirs."""

    works: HolderWorks
    uses: PostgresWorkUses
    permissions: WorkPermissions
    ledger: Ledger
    bus: Bus
    blob_store: BlobStore
    texts: TextStore
    notices: PostgresNotices
    sealed_rules: frozenset[str]

    def matches(self, who: Principal, work_id: str, *, limit: int = 200) -> Sequence[WorkUseRecord]:
        """The cases with a work: those that wait for the holder first, then the newest."""
        return self.uses.of(self.works.held_work(who, work_id).id, limit=limit)

    def waiting(self, who: Principal) -> Sequence[WorkUseRecord]:
        """The drafts that wait for this account."""
        return [use for work in self.works.own(who) for use in self.uses.of(work.id, limit=200) if use.waits]

    def match(self, who: Principal, work_id: str, case_id: str) -> MatchInDetail:
        """One case, as the holder may know it."""
        work = self.works.held_work(who, work_id)
        case = self._case(case_id)
        use = self._use(work, case)
        shown, heard = _likenesses(case, work), _recognised(case, work, sound=True)
        return MatchInDetail(
            use=use,
            words=self._naming_words(case, work),
            seconds=_seconds(shown),
            heard_seconds=_seconds(heard),
            territory=case.request.territory,
            answers=tuple(one for one in self.permissions.answers.of_case(case.id) if one.work == work.id),
            may_watch=_may_watch(case, use),
            has_picture=bool(shown) and case.rendered is not None,
        )

    def picture(self, who: Principal, work_id: str, case_id: str, folder: Path) -> bytes:
        """The part of the video that looks most like the work, as a JPEG; copies are made in `folder`.

        All of the picture where it looks like a copy of an example. Of what is not published it says so.
        """
        work = self.works.held_work(who, work_id)
        case = self._case(case_id)
        self._use(work, case)
        shown = _likenesses(case, work)
        if not shown or case.rendered is None:
            raise NotFound("there is no picture to be had here")
        best = max(shown, key=lambda one: one.score or 0.0)
        file = self.blob_store.fetch(case.rendered.asset, folder / "video.bin")
        second = best.at.start if best.at else 0.0
        frame = sample_moments(file, [second], max_side=_SIDE * 2).frames[0].rgb
        height, width = frame.shape[:2]
        left, top, right, bottom = best.example.box if best.example else (0.0, 0.0, 1.0, 1.0)
        part = frame[int(top * height) : max(int(bottom * height), int(top * height) + 1),
                     int(left * width) : max(int(right * width), int(left * width) + 1)]  # fmt: skip
        shown_part = part if case.phase is Phase.PUBLISHED else label_picture(part, PREVIEW_LABEL)
        return jpeg_bytes(np.ascontiguousarray(shown_part), max_side=_SIDE)

    def draft(self, who: Principal, work_id: str, case_id: str, folder: Path) -> Path:
        """The draft of a case that names the work, with a label in it that says that it is a preview."""
        work = self.works.held_work(who, work_id)
        case = self._case(case_id)
        use = self._use(work, case)
        if not _may_watch(case, use) or case.rendered is None:
            raise NotFound("there is no draft to be had here")
        source = self.blob_store.fetch(case.rendered.asset, folder / "draft.bin")
        overlay_label(source, preview := folder / "preview.mp4", PREVIEW_LABEL)
        return preview

    def approve(self, who: Principal, work_id: str, case_id: str) -> LicenceReceipt:
        """This draft is fine: the gate that waits for the holder judges again. Raises NotNow where it does not wait."""
        return self._answer(who, work_id, case_id, approve=True)

    def refuse(self, who: Principal, work_id: str, case_id: str, *, code: str) -> LicenceReceipt:
        """Not this one, for a reason of HOLDER_REFUSALS: the order is refused, and its author told why."""
        if code not in HOLDER_REFUSALS:
            raise BadInput(f"say why: one of {', '.join(HOLDER_REFUSALS)}", param="code")
        return self._answer(who, work_id, case_id, approve=False, code=code)

    def statistics(self, who: Principal, work_id: str) -> Sequence[WorkMonth]:
        """How often a work was asked for, by month."""
        return self.uses.by_month(self.works.work(who, work_id).id)

    def remind(self) -> None:
        """Tell holders of drafts that wait for them; each once."""
        for case_id, _work, holder in self.uses.waiting():
            self.notices.notify(holder, "work_draft_waits", about=case_id)

    # -- private

    def _answer(self, who: Principal, work_id: str, case_id: str, *, approve: bool, code: str = "") -> LicenceReceipt:
        require_scope(who, Scope.MANAGE)
        work = self.works.held_work(who, work_id)
        case = self._case(case_id)
        use = self._use(work, case)
        if not use.waits or case.rendered is None:
            raise NotNow("no draft of this order waits for you")
        receipt = self.works.service.answer(
            case.id, work.id, case.rendered.asset.digest, approve=approve, by=who.id, code=code
        )
        told = "work_draft_approved" if approve else f"work_draft_refused_{code}"
        self.notices.notify(case.request.author, told, about=case.id)
        if case.phase is Phase.HELD and not case.held_by_failure:
            hand_on(self.ledger.append(case, [Resumed(by=who.id)]), self.bus)
        return receipt

    def _use(self, work: RegisteredWork, case: Case) -> WorkUseRecord:
        """The use; it waits for the holder only while their own work does, whatever else holds the case."""
        found = self.uses.of(work.id, case_id=case.id, limit=1)
        if not found:
            raise NotFound("there is no such video with this work")
        standings = self.permissions.standings(case) if found[0].waits else ()
        return replace(found[0], waits=any(one.work.id == work.id and one.awaits_holder for one in standings))

    def _case(self, case_id: str) -> Case:
        case = self.ledger.load(case_id)
        if is_sealed(case, self.sealed_rules):
            raise NotFound("nobody may view this video")
        return case

    def _naming_words(self, case: Case, work: RegisteredWork) -> tuple[str, ...]:
        named = [one for one in case.signals if one.work == work.id and (one.score or 0.0) >= NAMED_SCORE]
        # A place in another text of the order, or in its footage, is none in the prompt.
        spans = [one.at for one in named if one.subject is Subject.PROMPT and not one.field]
        try:
            prompt = self.texts.read(case.request.prompt)
        except (Erased, NotFound):
            return ()
        return tuple(dict.fromkeys(prompt[int(at.start) : int(at.end)] for at in spans if at and at.unit == "chars"))


def _likenesses(case: Case, work: RegisteredWork) -> list[Signal]:
    """Where the video looks like the work. What somebody handed in as a reference is theirs, and not shown."""
    return _recognised(case, work, sound=False)


def _recognised(case: Case, work: RegisteredWork, *, sound: bool) -> list[Signal]:
    return [
        one
        for one in case.signals
        if one.subject is Subject.VIDEO and one.example and one.example.work == work.id
        and bool(one.example.sound) is sound and (one.score or 0.0) >= SHOWN_SCORE
    ]  # fmt: skip


def _seconds(signals: Sequence[Signal]) -> tuple[tuple[float, float], ...]:
    return tuple((round(one.at.start, 2), round(one.at.end, 2)) for one in signals if one.at)


def _may_watch(case: Case, use: WorkUseRecord) -> bool:
    return use.waits and use.is_named and case.phase is Phase.HELD
