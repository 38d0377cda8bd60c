"""What the owner of a cameo does about videos that show them without a lease: look, ask for removal, put away, say that
it is somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.case import Case
from core.codec import load
from core.errors import BadInput, NotFound
from core.events import Submitted
from core.ports import TextStore
from core.roles import Principal, Role, require_role
from registry.consent.cameos import ACTIVE, Cameo, PostgresCameos
from registry.consent.consent_facts import ConsentFacts
from registry.consent.found.found_store import FoundAnswer, PostgresFoundMatches, RecognisedCase
from registry.consent.notices import MODERATORS_ADDRESS
from registry.consent.owner_decisions import add_report, add_veto
from registry.consent.takedown import TakedownService
from registry.consent.takedown_store import add_notices
from registry.table_cache import RegistryConnection

MAX_WORDS_LENGTH = 4000
_BATCH = 50
_MOST_BATCHES = 40
"""How many cases one page looks through at most: 2,000, where nearly all of them are covered by leases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMatch:
    """A video that shows somebody without a lease. Of one that is held nobody but moderators may see a picture: it may
    show another who looks like them. `answer` is what the owner said, empty for nothing yet."""

    case_id: str
    published: bool
    submitted: datetime
    moved: datetime
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """One page; `next` is what the page after it begins after, empty where there is none."""

    matches: tuple[FoundMatch, ...]
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchFigures:
    """What owners said of matches: of so many `answered`, `not_me` were somebody else."""

    answered: int
    not_me: int
    removal: int
    archived: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDesk:
    """For owners; others do not learn whether a cameo exists. `veto_acts`: whether policy lets an owner's no act."""

    matches: PostgresFoundMatches
    cameos: PostgresCameos
    facts: ConsentFacts
    takedown: TakedownService
    texts: TextStore
    veto_acts: Callable[[], bool]

    def takes_a_no(self, cameo_id: str, case: Case) -> bool:
        """Whether this person's no takes the video down by itself: it is of them, and does not only seem so to us."""
        return cameo_id in self.facts.cameos_shown(case) or self.veto_acts()

    def page(
        self, who: Principal, handle: str, *, answer: FoundAnswer = FoundAnswer.NEW, after: str = "", limit: int = 20
    ) -> FoundPage:
        """Published and held videos that show them and that no lease covers, the newest first. Raises NotFound."""
        cameo = self._own(who, handle)
        found: list[FoundMatch] = []
        for _ in range(_MOST_BATCHES):
            batch = self.matches.page(cameo.id, answer=answer, after=after, limit=_BATCH)
            for case in batch:
                if self._covered(cameo, case):
                    continue
                if len(found) == limit:
                    return FoundPage(matches=tuple(found), next=found[-1].case_id)
                found.append(_found(case))
            if len(batch) < _BATCH:
                return FoundPage(matches=tuple(found))
            after = batch[-1].case_id
        return FoundPage(matches=tuple(found), next=after)  # there may be more: the next page goes on from here

    def count_new(self, who: Principal, handle: str, *, most: int = 100) -> int:
        """How many the owner has not answered yet; counted as far as `most`."""
        return len(self.page(who, handle, limit=most).matches)

    def match(self, who: Principal, handle: str, case_id: str) -> FoundMatch:
        """One of them, whatever the owner said. Raises NotFound."""
        return self._match(self._own(who, handle), case_id)

    def archive(self, who: Principal, handle: str, case_id: str) -> None:
        """Put it away: it stays up."""
        self._answer(who, handle, case_id, FoundAnswer.ARCHIVED)

    def not_me(self, who: Principal, handle: str, case_id: str) -> None:
        """It is somebody else. It leaves the list, and counts among the false matches."""
        self._answer(who, handle, case_id, FoundAnswer.NOT_ME)

    def put_back(self, who: Principal, handle: str, case_id: str) -> None:
        """Take back that it was put away, or that it is somebody else."""
        self._answer(who, handle, case_id, FoundAnswer.NEW)

    def remove(self, who: Principal, handle: str, case_id: str, *, words: str) -> bool:
        """Ask for its removal, with words for the moderators; whether it came down at once, as policy may say.

        Of one that is held nothing is up: moderators read the words. Raises NotFound, BadInput.
        """
        cameo = self._own(who, handle)
        match = self._match(cameo, case_id)
        if not words.strip() or len(words) > MAX_WORDS_LENGTH:
            raise BadInput(f"say in 1 to {MAX_WORDS_LENGTH} characters what is wrong with it", param="words")
        text = self.texts.put(words, case_id=cameo.id)
        acts = match.published and self.veto_acts()

        def tell(connection: RegistryConnection) -> None:
            add_report(connection, cameo.id, case_id, text)
            if acts:
                add_veto(connection, cameo.id, case_id, by=who.id)
            else:
                add_notices(connection, [(MODERATORS_ADDRESS, "reported", case_id, cameo.id)])

        self.matches.answer(cameo.id, case_id, FoundAnswer.REMOVAL, words=text, in_transaction=tell)
        if acts:
            self.takedown.run()
        return acts

    def figures(self, who: Principal) -> MatchFigures:
        """How often those who are recognised say that it is not them. For moderators, leads and operators."""
        require_role(who, Role.MODERATOR, Role.LEAD, Role.OPERATOR)
        counts = self.matches.figures()
        return MatchFigures(
            answered=sum(counts.values()),
            not_me=counts.get(FoundAnswer.NOT_ME, 0),
            removal=counts.get(FoundAnswer.REMOVAL, 0),
            archived=counts.get(FoundAnswer.ARCHIVED, 0),
        )

    def exported(self, cameo: str) -> Sequence[dict[str, object]]:
        """All that an owner said of found videos, for the owner."""
        return [
            {"case": case_id, "answer": answer, "words": self.texts.read(words) if words else "", "at": at}
            for case_id, answer, words, at in self.matches.answers(cameo)
        ]

    # -- private

    def _covered(self, cameo: Cameo, case: RecognisedCase) -> bool:
        submission: Submitted = load(Submitted, case.submission)
        return self.facts.is_still_allowed(cameo.id, submission, case.case_id)

    def _match(self, cameo: Cameo, case_id: str) -> FoundMatch:
        for case in self.matches.page(cameo.id, case_id=case_id, limit=1):
            if not self._covered(cameo, case):
                return _found(case)
        raise NotFound("there is no such video that shows you without your permission")

    def _answer(self, who: Principal, handle: str, case_id: str, answer: FoundAnswer) -> None:
        cameo = self._own(who, handle)
        self._match(cameo, case_id)
        self.matches.answer(cameo.id, case_id, answer)

    def _own(self, who: Principal, handle: str) -> Cameo:
        cameo = self.cameos.by_handle(handle)
        if cameo is None or cameo.owner != who.id or cameo.state != ACTIVE:
            raise NotFound("there is no such cameo of yours")
        return cameo


def _found(case: RecognisedCase) -> FoundMatch:
    return FoundMatch(
        case_id=case.case_id,
        published=case.phase == "published",
        submitted=case.submitted,
        moved=case.moved,
        answer=case.answer,
    )
