"""Where consent to one order is asked for, and given or refused; and then the order goes on by itself, or ends.

Nobody learns here whether a person blocked them: such a request is taken, shown to nobody, and ends as one that was not
answered.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.case import Case, Phase
from core.dispatch import hand_on
from core.errors import BadInput, Conflict, Erased, NotFound, NotNow
from core.events import Event, Recalled, Resumed
from core.ports import Bus, Ledger, TextStore
from core.roles import Principal, Role, Scope, require_role, require_scope
from registry.consent.cameos import ACTIVE, Cameo, PostgresCameos
from registry.consent.consent_facts import ConsentFacts
from registry.consent.consent_receipts import ConsentReceipt
from registry.consent.consent_service import PostgresConsentService
from registry.consent.end_users import account_of, is_end_user
from registry.consent.lease_terms import LeaseTerms
from registry.consent.leases import Lease, new_lease
from registry.consent.notices import PostgresNotices
from registry.consent.portal.people import PostgresPeople
from registry.consent.requests.consent_rules import NAMED_RULES, SHOWN_RULES
from registry.consent.requests.request_limits import RequestLimits
from registry.consent.requests.request_store import (
    ConsentRequest,
    NewRequest,
    PostgresConsentRequests,
    RequestsFrom,
    RequestState,
    answer_request,
)

log = logging.getLogger("assay.consent_requests")

ACTOR = "assay:consent"
UNANSWERED = "consent_unanswered"
"""The code with which an order ends that nobody answered."""
MAX_MESSAGE_LENGTH = 1000
_RETRIES = 5  # of an append that another worker was ahead of
_MakeEvent = Callable[[Case], Event]
_GRACE = timedelta(minutes=1)  # after which an order that an answer did not reach is sent on once more


@dataclass(frozen=True, slots=True, kw_only=True)
class AskablePerson:
    """Somebody for whose consent an order waits. `state` is what became of the request, empty where there is none."""

    cameo: str
    may_ask: bool
    state: str = ""
    expires: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRequest:
    """A request as its owner reads it. `prompt` is None where the asker does not show it, or it was erased.

    `asker` is the account, and `asker_user` tells its end users apart.
    """

    request: ConsentRequest
    cameo: Cameo
    asker: str
    asker_user: str
    message: str
    prompt: str | None
    purpose: str
    territory: tuple[str, ...]
    audience: str
    voices: bool
    has_reference: bool
    made_over: str
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRequestDesk:
    """Requests, for those who ask and those who are asked."""

    requests: PostgresConsentRequests
    people: PostgresPeople
    cameos: PostgresCameos
    consents: PostgresConsentService
    facts: ConsentFacts
    notices: PostgresNotices
    texts: TextStore
    ledger: Ledger
    bus: Bus
    limits: RequestLimits
    is_sealed: Callable[[Case], bool]

    # -- for whoever ordered

    def askable(self, case: Case) -> Sequence[AskablePerson] | None:
        """Who may be asked about an order, for its author; None where it does not wait for anybody's consent.

        Only whom the order itself names. Empty where it is held since somebody is recognised, or is shown by a video
        that it is made over: who that is is not told, and whoever knows may name them.
        """
        if not self._may_be_answered(case):
            return None
        asked = {request.cameo: request for request in self.requests.of_case(case.id)}
        leases = self.facts.shown(case).leases
        unleased = [cameo for cameo in case.request.cameos if not leases.get(cameo)]
        wanted = [self.cameos.get(name) for name in dict.fromkeys([*unleased, *asked])]
        return [self._askable(cameo, case, asked.get(cameo.id)) for cameo in wanted if cameo.state == ACTIVE]

    def ask(
        self, who: Principal, case_id: str, handle: str, *, message: str = "", show_prompt: bool = False
    ) -> ConsentRequest:
        """Ask a person for their consent to this order. Raises NotFound, NotNow, BadInput."""
        require_role(who, Role.PLATFORM)
        require_scope(who, Scope.SUBMIT)
        case = self._own_case(who, case_id)
        if not self._may_be_answered(case):
            raise NotNow("this order does not wait for anybody's consent")
        if len(message) > MAX_MESSAGE_LENGTH:
            raise BadInput(f"a message has at most {MAX_MESSAGE_LENGTH} characters", param="message")
        cameo, asker = self._asked(case, handle), self.facts.party(case.request)
        if not self._takes_requests_of(cameo, asker):
            raise NotNow("this person takes no requests from you")
        now = datetime.now(UTC)
        text = self.texts.put(message, case_id=case.id) if message.strip() else ""
        new = NewRequest(
            cameo=cameo.id,
            owner=cameo.owner,
            case_id=case.id,
            asker=asker,
            message=text,
            shows_prompt=show_prompt,
        )
        expires = now + self.limits.lifetime
        request = self.requests.add(new, now=now, expires=expires, most_a_day=self.limits.most_a_day)
        if not request.withheld:
            self.notices.notify(cameo.owner, "consent_asked", about=request.id, cameo=cameo.id)
        return request

    # -- for whom it is about

    def takes(self, who: Principal, handle: str) -> RequestsFrom:
        """From whom this person takes requests. Raises NotFound."""
        return self._takes(self._own(who, handle))

    def set_takes(self, who: Principal, handle: str, takes: RequestsFrom) -> None:
        """Choose from whom. What is open stays open. Raises NotFound."""
        self.requests.set_takes(self._own(who, handle).id, takes)

    def received(
        self, who: Principal, *, open_only: bool = True, before: int = 0, limit: int = 50
    ) -> Sequence[ReceivedRequest]:
        """What people asked of this person, and of those for whom they speak; the newest first."""
        own = {cameo.id: cameo for cameo in self.cameos.of(who.id) if cameo.state == ACTIVE}
        found = self.requests.of_cameos(list(own), open_only=open_only, before=before, limit=limit)
        return [self._received(request, own[request.cameo]) for request in found]

    def count_open(self, who: Principal) -> int:
        """How many requests wait for this person."""
        return self.requests.count_open([cameo.id for cameo in self.cameos.of(who.id)])

    def grant(self, who: Principal, request_id: str, *, approval: bool = True) -> tuple[Lease, ConsentReceipt]:
        """Yes, to this order alone; with `approval` they see the draft before it is published.

        The order goes on by itself. Raises NotFound, NotNow.
        """
        request, cameo = self._open(who, request_id)
        case = self.ledger.load(request.case_id)
        if self.is_sealed(case):
            raise NotNow("this order does not wait for an answer now")
        if not _waits(case):
            self.requests.close(request.id, RequestState.ENDED)
            raise NotNow("this order does not wait any more")
        voice = case.request.voices or any("voice" in rule for rule in _rules(case))
        lease = new_lease(
            cameo.id, request.asker, voice=voice, terms=LeaseTerms(approval=approval), case_id=request.case_id
        )
        granted = self.consents.grant(
            lease,
            by=who.id,
            in_transaction=lambda connection: answer_request(
                connection, request.id, RequestState.GRANTED, lease=lease.id
            ),
        )
        self.notices.notify(account_of(request.asker), "consent_granted", about=case.id)
        self._go_on(case.id)
        return granted

    def refuse(self, who: Principal, request_id: str, *, block: bool = False) -> None:
        """No: the order is refused. Raises NotFound, NotNow.

        With `block` the asker is blocked as OwnerPortal.block blocks an account, and where it is one end user of an
        account, that one alone: no requests, no permission covers them, and what they made of this owner falls due.
        """
        request, cameo = self._open(who, request_id)
        self.requests.refuse(request, by=account_of(who.id))
        if block:
            self.requests.block(cameo.owner, request.asker)
            self.people.block(cameo.owner, request.asker)
        self.notices.notify(account_of(request.asker), "consent_refused", about=request.case_id)
        self._go_on(request.case_id)

    def blocked(self, who: Principal) -> Sequence[str]:
        """Whose requests this person does not get: whom they block, and whose requests alone they do not want."""
        blocked = [one.account for one in self.people.blocked(who.id)]
        return tuple(dict.fromkeys([*self.requests.blocked(who.id), *blocked]))

    def unblock(self, who: Principal, asker: str) -> None:
        """No longer block somebody: their requests come again. Nothing happens where they were not blocked."""
        self.people.unblock(who.id, asker)

    def exported(self, who: Principal, cameo: Cameo) -> dict[str, object]:
        """All that is kept of requests to a person, for the person."""
        every = self.requests.all_of(cameo.id)
        return {
            "takes_from": self._takes(cameo).value,
            "received": [self._received(request, cameo) for request in every],
            "blocked": self.requests.blocked(who.id),
        }

    # -- without anybody asking

    def run_upkeep(self, now: datetime) -> None:
        """End what nobody answered in time, and what does not wait any more; send on what an answer did not reach."""
        self.requests.drop_forgotten(now)
        for request in self.requests.ended():
            self.requests.close(request.id, RequestState.ENDED)
        for request in self.requests.expired(now):
            self.requests.expire(request)
            self._stop(request.case_id)
        for case_id, unanswered in self.requests.unfinished(now - _GRACE):
            (self._stop if unanswered else self._go_on)(case_id)

    def forget_case(self, case_id: str) -> None:
        """Whoever ordered erases the order, and with it that they asked."""
        self.requests.forget_case(case_id)

    # -- private

    def _may_be_answered(self, case: Case) -> bool:
        """What is sealed is for safety officers alone until the seal is lifted."""
        return _waits(case) and not self.is_sealed(case)

    def _askable(self, cameo: Cameo, case: Case, request: ConsentRequest | None) -> AskablePerson:
        if request is not None:
            return AskablePerson(cameo=cameo.handle, may_ask=False, state=request.state, expires=request.expires)
        may_ask = self._takes_requests_of(cameo, self.facts.party(case.request))
        return AskablePerson(cameo=cameo.handle, may_ask=may_ask)

    def _asked(self, case: Case, handle: str) -> Cameo:
        cameo = self.cameos.by_handle(handle)
        if cameo is None:
            raise BadInput(f"nobody has the handle @{handle.removeprefix('@')[:40]}", param="cameo")
        shown = self.facts.shown(case).leases
        if cameo.state != ACTIVE:
            raise NotNow("this person takes no requests from you")
        if shown.get(cameo.id):
            raise BadInput("this person allows it already", param="cameo")
        unnamed = set(_rules(case)) & {*SHOWN_RULES} or not {*shown} <= {*case.request.cameos}
        if cameo.id not in case.request.cameos and not unnamed:
            raise BadInput("this order does not name this person", param="cameo")
        return cameo

    def _takes(self, cameo: Cameo) -> RequestsFrom:
        default = RequestsFrom.NOBODY if cameo.kind == "minor" else RequestsFrom.MUTUALS
        return self.requests.takes(cameo.id) or default

    def _takes_requests_of(self, cameo: Cameo, asker: str) -> bool:
        """Whether this person takes requests of this asker, whether or not they blocked them."""
        takes = self._takes(cameo)
        if takes is RequestsFrom.MUTUALS:
            return self.requests.are_mutuals(cameo.id, asker)
        return takes is RequestsFrom.EVERYONE

    def _received(self, request: ConsentRequest, cameo: Cameo) -> ReceivedRequest:
        case = self.ledger.load(request.case_id)
        asked = case.request
        return ReceivedRequest(
            request=request,
            cameo=cameo,
            asker=account_of(request.asker),
            asker_user=request.asker.partition("#")[2][:8] if is_end_user(request.asker) else "",
            message=self._words(request.message) or "",
            prompt=self._words(asked.prompt) if request.shows_prompt and not self.is_sealed(case) else None,
            purpose=asked.purpose,
            territory=asked.territory,
            audience=asked.audience,
            voices=asked.voices,
            has_reference=bool(asked.references),
            made_over=asked.parent,
            waits=request.state == RequestState.OPEN and self._may_be_answered(case),
        )

    def _words(self, text_id: str) -> str | None:
        try:
            return self.texts.read(text_id) if text_id else None
        except (Erased, NotFound):
            return None

    def _own(self, who: Principal, handle: str) -> Cameo:
        cameo = self.cameos.by_handle(handle)
        if cameo is None or cameo.owner != who.id:
            raise NotFound("there is no such cameo of yours")
        return cameo

    def _own_case(self, who: Principal, case_id: str) -> Case:
        case = self.ledger.load(case_id)
        if case.submitted is None or case.submitted.author != who.id:
            raise NotFound("there is no such video")
        return case

    def _open(self, who: Principal, request_id: str) -> tuple[ConsentRequest, Cameo]:
        request = self.requests.get(request_id)
        cameo = self.cameos.get(request.cameo)
        if cameo.owner != who.id or request.withheld:
            raise NotFound("there is no such request")
        if request.state != RequestState.OPEN:
            raise NotNow("this request was answered, or does not wait any more")
        return request, cameo

    def _go_on(self, case_id: str) -> None:
        """The gate that waits judges again, with what was answered among its facts; what was recognised is measured
        again, since whom it may show has changed."""
        self._append_while_waiting(case_id, lambda case: Resumed(by=ACTOR, again=_measured_again(case)))

    def _stop(self, case_id: str) -> None:
        """End an order that waits for somebody whom it names. What a moderator may release goes on waiting."""
        self._append_while_waiting(case_id, lambda _case: Recalled(by=ACTOR, code=UNANSWERED), only=NAMED_RULES)

    def _append_while_waiting(
        self, case_id: str, make: _MakeEvent, *, only: Sequence[str] = (*NAMED_RULES, *SHOWN_RULES)
    ) -> None:
        for _ in range(_RETRIES):
            case = self.ledger.load(case_id)
            if not self._may_be_answered(case) or not set(_rules(case)) & {*only}:
                return
            try:
                hand_on(self.ledger.append(case, [make(case)]), self.bus)
                return
            except Conflict:  # another worker was ahead: look at what it made of the case
                continue
        log.warning("an order that was answered could not be sent on, the sweeper will", extra={"case": case_id})


def _rules(case: Case) -> tuple[str, ...]:
    return case.verdict.rules if case.verdict else ()


def _waits(case: Case) -> bool:
    """Whether an order is held, and by a rule that somebody's consent may answer."""
    is_held = case.phase is Phase.HELD and not case.held_by_failure
    return is_held and bool(set(_rules(case)) & {*NAMED_RULES, *SHOWN_RULES})


def _measured_again(case: Case) -> bool:
    return bool(set(_rules(case)) & {*SHOWN_RULES})
