"""Who a rights holder is: they say what they hold, a person verifies it, and they are told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInput, Erased, Forbidden, NotFound, NotNow
from core.ports import TextStore
from core.roles import Principal, Role, Scope, require_role, require_scope
from pipeline.rights.common_names import needs_a_person
from pipeline.rights.holder_works import is_taken_by_others
from registry.consent.notices import MODERATORS_ADDRESS, PostgresNotices
from registry.rights.registered_works import PostgresWorks, RegisteredWork
from registry.rights.rights_holders import (
    ASKED,
    REFUSED,
    VERIFICATION_REFUSALS,
    VERIFIED,
    PostgresRightsHolders,
    RightsHolder,
    new_holder_record,
)

MAX_STATEMENT = 4000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderToVerify:
    """Somebody who waits to be verified: what they wrote, and the drafts that become active with them.

    `disputed` are those of which another holder has registered a name, or a name of a suspended work: they stay drafts.
    `seen` stands for the drafts as they are now: whoever decides gives it back, and decides about these alone.
    """

    holder: RightsHolder
    words: str
    drafts: tuple[RegisteredWork, ...]
    disputed: tuple[RegisteredWork, ...]
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderVerification:
    """Asked for by accounts with the role rights_holder, decided by moderators and operators; by nobody of themselves,
    unless the installation is `one_person`'s."""

    holders: PostgresRightsHolders
    works: PostgresWorks
    texts: TextStore
    notices: PostgresNotices
    one_person: bool

    def status(self, who: Principal) -> RightsHolder | None:
        """What the account asked for and what was decided; None where it never asked."""
        require_scope(who, Scope.READ, Scope.MANAGE)
        return self.holders.get(who.id)

    def ask(self, who: Principal, *, name: str, says: str) -> None:
        """Ask to be verified: who you are, what you hold, and where that can be seen. Raises BadInput, NotNow."""
        require_role(who, Role.RIGHTS_HOLDER)
        require_scope(who, Scope.MANAGE)
        if not says.strip() or len(says) > MAX_STATEMENT:
            raise BadInput(
                f"say what you hold and where that can be seen, in up to {MAX_STATEMENT} letters", param="says"
            )
        known = self.holders.get(who.id)
        if known is not None and known.state != REFUSED:
            raise NotNow("you have asked already")
        record = new_holder_record()
        self.holders.ask(who.id, record, name, self.texts.put(says, case_id=record))
        if known is not None:
            self.texts.erase(case_id=known.record)
        self.notices.notify(MODERATORS_ADDRESS, "holder_waits", about=record)

    def leave(self, who: Principal) -> None:
        """Forget who they are and what they wrote. Their works are drafts from then on. Raises NotFound."""
        require_scope(who, Scope.MANAGE)
        known = self.holders.get(who.id)
        if known is None:
            raise NotFound("you have not asked to be verified")
        self.works.set_active([one.id for one in self.works.all() if one.holder == who.id], active=False)
        self.texts.erase(case_id=known.record)
        self.holders.remove(who.id)

    def waiting(self, who: Principal) -> Sequence[HolderToVerify]:
        """Those who wait, who asked first, first."""
        _require_verifier(who)
        return [self._to_verify(one) for one in self.holders.in_state(ASKED)]

    def disputed(self, who: Principal) -> Sequence[RegisteredWork]:
        """Drafts of verified holders: another holder has a work of the same name. A person says whose it is."""
        _require_verifier(who)
        drafts = [work for work in self.works.with_drafts() if not work.active and work.holder]
        return [work for work in drafts if self.holders.is_verified(work.holder)]

    def decide(self, who: Principal, account: str, *, verify: bool, code: str = "", seen: str = "") -> RightsHolder:
        """Verify somebody, and look for their works from now on; or refuse, with a code of VERIFICATION_REFUSALS.

        `seen` is what stood with the drafts that were looked at: where they are others now, NotNow. Without it names
        that only a person may let be looked for stay drafts. They are told, and may ask again after a refusal. Raises
        Forbidden, NotNow, BadInput.
        """
        _require_verifier(who)
        if account == who.id and not self.one_person:
            raise Forbidden("you asked for this yourself: somebody else decides")
        asked = self.holders.get(account)
        if asked is None or asked.state != ASKED:
            raise NotNow("nobody of this account waits to be verified")
        found = self._to_verify(asked)
        if verify and seen and seen != found.seen:
            raise NotNow("they have changed what they register since you looked: look again")
        drafts = [one for one in found.drafts if verify and (seen or not any(map(needs_a_person, one.names)))]
        decided = self.holders.decide(account, VERIFIED if verify else REFUSED, by=who.id, code="" if verify else code)
        self.works.set_active([work.id for work in drafts], active=True)
        self.notices.notify(account, "holder_verified" if verify else "holder_refused", about=decided.record)
        return decided

    def holder(self, who: Principal, account: str) -> HolderToVerify:
        """One who waits. Raises NotFound."""
        _require_verifier(who)
        found = self.holders.get(account)
        if found is None or found.state != ASKED:
            raise NotFound("nobody of this account waits to be verified")
        return self._to_verify(found)

    def _to_verify(self, holder: RightsHolder) -> HolderToVerify:
        known = self.works.with_drafts()
        own = [work for work in known if work.holder == holder.account and not work.active]
        disputed = tuple(work for work in own if is_taken_by_others(work, known) or self.works.has_suspended_name(work))
        try:
            words = self.texts.read(holder.says)
        except Erased:
            words = ""
        drafts = tuple(work for work in own if work not in disputed)
        return HolderToVerify(holder=holder, words=words, drafts=drafts, disputed=disputed, seen=_digest(drafts))


def _digest(works: Sequence[RegisteredWork]) -> str:
    described = [[work.id, work.kind, list(work.names), work.description] for work in works]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()


def _require_verifier(who: Principal) -> None:
    require_role(who, Role.MODERATOR, Role.OPERATOR)
    require_scope(who, Scope.MODERATE, Scope.MANAGE)


__all__ = ["MAX_STATEMENT", "VERIFICATION_REFUSALS", "HolderToVerify", "HolderVerification"]
