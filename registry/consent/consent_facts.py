"""The facts that policy gets besides signals: about the author, the people shown, what they allow, and the request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from core.case import Case
from core.errors import BadInput, Erased, NotFound
from core.events import NEGATIVE_PROMPT, Submitted
from core.permitted import PermittedCameos
from core.signals import Signal, Subject
from registry.consent.cameos import ACTIVE, Cameo, parse_mentions
from registry.consent.end_users import PartyOf, whole_account
from registry.consent.lease_terms import BANNED_TOPICS
from registry.consent.leases import BiometricModality, Lease, UseRequest, normalise_handle
from registry.consent.likeness_uses import AncestorCase

FactValue = bool | int | float | str


class LeaseLookup(Protocol):
    """Looked up each time, so that a revocation counts at once."""

    def covering_lease(self, handle: str, request: UseRequest) -> Lease | None:
        """The lease under which this may be done."""

    def leased_for_order(self, case_id: str) -> Sequence[str]:
        """The cameos of which a lease was made for this one order, also where it has ended since."""


class CameoLookup(Protocol):
    """Who is enrolled."""

    def get(self, cameo_id: str) -> Cameo:
        """By id. Raises NotFound."""

    def by_handle(self, handle: str) -> Cameo | None:
        """By handle or id."""

    def touch(self, cameo_ids: Sequence[str]) -> None:
        """Record that these were used now."""


class CaseLineage(Protocol):
    """What a case is made from."""

    def ancestors(
        self, case_id: str, parent: str, references: Sequence[str], copies: Sequence[str] = ()
    ) -> Sequence[AncestorCase]:
        """Every case from which this one is made."""


class OwnerDecisions(Protocol):
    """What owners said of single uses."""

    def approved_cameos(self, case_id: str, asset: str) -> frozenset[str]:
        """The cameos whose owners approved this draft."""

    def count_vetoes(self, case_ids: Sequence[str]) -> int:
        """How often owners said no to one of these."""


class AuthorFacts(Protocol):
    """What the ledger knows of an author."""

    def author_facts(self, author: str, end_user: str = "") -> dict[str, int]:
        """Strikes, submissions and refusals in windows of time, and cases that wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCameos:
    """The people a case shows: cameos named by it or by what it is made from, with the leases for each.

    `gone` counts what it is made from and was taken down, `claimed` what of it a claim keeps down.
    """

    leases: Mapping[str, tuple[Lease, ...]]
    minors: int = 0
    gone: int = 0
    claimed: int = 0
    made_from: tuple[str, ...] = ()

    @property
    def used(self) -> tuple[Lease, ...]:
        """Every lease that is made use of, each once."""
        return tuple({lease.id: lease for leases in self.leases.values() for lease in leases}.values())


class TextReader(Protocol):
    """The words of people, by id (core.ports.TextStore)."""

    def read(self, text_id: str) -> str:
        """The text. Raises Erased, or NotFound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFacts:
    """Facts about a case as they are at this moment.

    `unstated_minor`: whether an account of which the platform does not say if it is a minor's counts as one. A
    region or a tier that is not stated is not known.
    """

    leases: LeaseLookup
    cameos: CameoLookup
    lineage: CaseLineage
    answers: OwnerDecisions
    authors: AuthorFacts
    texts: TextReader
    engine: str
    party_of: PartyOf = whole_account
    monitor_asked: bool = False
    unstated_minor: bool = False

    def resolve(self, prompt: str, handles: Sequence[str]) -> tuple[str, ...]:
        """The cameos that a request names, in its prompt as `@handle` too, by their ids.

        Raises BadInput for a handle that nobody has: it is a slip of the pen, and nobody who could be asked.
        """
        named = [self._named(handle, "cameos") for handle in handles]
        named += [self._named(handle, "prompt") for handle in parse_mentions(prompt)]
        ids = tuple(dict.fromkeys(named))
        self.cameos.touch(ids)
        return ids

    def _named(self, handle: str, field: str) -> str:
        cameo = self.cameos.by_handle(handle)
        if cameo is None:
            hint = " or, if you mean no person, write it without @" if field == "prompt" else ""
            shown = normalise_handle(handle)[:40]
            raise BadInput(f"nobody has the handle @{shown}: check how it is spelled{hint}", param=field)
        return cameo.id

    def cameos_shown(self, case: Case) -> tuple[str, ...]:
        """The cameos that a case names, or that what it is made from names, or of which a lease is for this order."""
        return self._shown_by(case, self._ancestors(case))

    def party(self, submission: Submitted) -> str:
        """For whom something was asked: the account, or its end user."""
        return self.party_of(submission.author, submission.end_user)

    def leased(self, case: Case) -> tuple[str, ...]:
        """The cameos whose face this case may show now."""
        return self._allowed(case, BiometricModality.FACE)

    def may_appear(self, case: Case) -> PermittedCameos:
        """Both, as measuring wants them."""
        return PermittedCameos(faces=self.leased(case), voices=self.leased_voices(case))

    def leased_voices(self, case: Case) -> tuple[str, ...]:
        """The cameos whose voice this case may use now."""
        return self._allowed(case, BiometricModality.VOICE)

    def receipts_for(self, case: Case) -> tuple[str, ...]:
        """The ids of the leases on which this case rests."""
        return tuple(lease.id for lease in self.shown(case).used)

    def is_still_allowed(self, cameo: str, submission: Submitted, case_id: str) -> bool:
        """Whether a submission is still allowed, as far as leases say: of whom, to whom, what for, where."""
        return bool(self._leases(cameo, submission, datetime.now(UTC), case_id))

    def shown(self, case: Case) -> ShownCameos:
        """The people a case shows, and under which leases."""
        ancestors, now = self._ancestors(case), datetime.now(UTC)
        cameo_ids = self._shown_by(case, ancestors)
        return ShownCameos(
            leases={cameo: self._leases(cameo, case.request, now, case.id) for cameo in cameo_ids},
            minors=sum(self._kind(cameo) == "minor" for cameo in cameo_ids),
            gone=sum(ancestor.phase in ("recalled", "withdrawn") for ancestor in ancestors),
            claimed=sum(ancestor.claimed for ancestor in ancestors),
            made_from=tuple(ancestor.id for ancestor in ancestors),
        )

    def facts(self, case: Case) -> Mapping[str, FactValue]:
        """Every fact that rules may speak of (policy.vocabulary.FACTS). What cannot be told is left out."""
        asked, shown = case.request, self.shown(case)
        length = case.rendered.duration if case.rendered else asked.seconds
        bans = {ban for lease in shown.used for ban in lease.terms.bans}
        facts: dict[str, FactValue] = {
            **self.authors.author_facts(asked.author, asked.end_user),
            "end_user_known": bool(asked.end_user),
            "cameos_named": len(shown.leases),
            "cameos_unleased": sum(not found for found in shown.leases.values()),
            "cameos_unapproved": self._unapproved(case, shown),
            "cameos_vetoed": self.answers.count_vetoes([case.id, *shown.made_from]),
            "cameo_limits_unreviewed": sum(lease.terms.unreviewed for lease in shown.used),
            "cameos_watched": sum(lease.terms.watched for lease in shown.used),
            "cameos_minor": shown.minors,
            "parents_recalled": shown.gone,
            "parents_claimed": shown.claimed,
            **{f"cameo_no_{ban}": ban in bans for ban in BANNED_TOPICS},
            "seconds": float(length or 0.0),
            "has_reference": bool(asked.references),
            "has_negative_prompt": NEGATIVE_PROMPT in asked.parameter_texts,
            "audience": asked.audience,
            "account_minor": self.unstated_minor if asked.account_minor is None else asked.account_minor,
            **({"region": asked.region} if asked.region else {}),
            **({"tier": asked.tier} if asked.tier else {}),
            "engine": self.engine,
            "monitor_asked": self.monitor_asked,
        }
        minors = _minors_asked_for(case.signals)
        facts |= {} if minors is None else {"prompt_minors": minors}
        broken = {
            "cameo_words_broken": self._count_banned_words(shown, lambda: self._asked(case)),
            "cameo_words_shown": self._count_banned_words(shown, lambda: self._heard_and_seen(case)),
        }
        return facts | {name: count for name, count in broken.items() if count is not None}

    def _count_banned_words(self, shown: ShownCameos, words: Callable[[], str]) -> int | None:
        """How many words that people shown will not have are among these; None where they cannot be read."""
        terms = [lease.terms for lease in shown.used if lease.terms.words]
        if not terms:
            return 0
        try:
            text = words()
        except (Erased, NotFound):
            return None
        return sum(one.count_banned_words(text) for one in terms)

    def _asked(self, case: Case) -> str:
        return "\n".join(self.texts.read(text) for text in case.request.asking_texts)

    def _heard_and_seen(self, case: Case) -> str:
        """The words of footage: what is said, then what is written, so that a word may go on in the next passage."""
        passages = [one for text in case.words for one in json.loads(self.texts.read(text))]
        kinds = sorted({one["kind"] for one in passages})
        return "\n".join(" ".join(one["text"] for one in passages if one["kind"] == kind) for kind in kinds)

    def _unapproved(self, case: Case, shown: ShownCameos) -> int:
        """Whose owner wants to see each draft and has not approved this one. Before there is a draft: nobody."""
        needs_approval = {
            cameo for cameo, leases in shown.leases.items() if any(lease.terms.approval for lease in leases)
        }
        if not needs_approval or case.rendered is None:
            return 0
        return len(needs_approval - self.answers.approved_cameos(case.id, case.rendered.asset.digest))

    def _shown_by(self, case: Case, ancestors: Sequence[AncestorCase]) -> tuple[str, ...]:
        of_order = self.leases.leased_for_order(case.id) if case.id else ()
        return tuple(sorted({*case.request.cameos, *of_order, *(c for one in ancestors for c in one.cameos)}))

    def _leases(self, cameo: str, submission: Submitted, moment: datetime, case_id: str) -> tuple[Lease, ...]:
        """For the face, and for the voice if that is asked for; empty unless all of it is allowed."""
        if self._kind(cameo) is None:
            return ()
        uses = (BiometricModality.FACE, BiometricModality.VOICE) if submission.voices else (BiometricModality.FACE,)
        asks = [self._ask(submission, moment, use, case_id) for use in uses]
        leases = [lease for request in asks if (lease := self.leases.covering_lease(cameo, request)) is not None]
        return tuple(leases) if len(leases) == len(asks) else ()

    def _allowed(self, case: Case, use: BiometricModality) -> tuple[str, ...]:
        request = self._ask(case.request, datetime.now(UTC), use, case.id)
        active = (cameo for cameo in self.cameos_shown(case) if self._kind(cameo) is not None)
        return tuple(cameo for cameo in active if self.leases.covering_lease(cameo, request) is not None)

    def _ask(self, submission: Submitted, moment: datetime, use: BiometricModality, case_id: str) -> UseRequest:
        return UseRequest(
            account=submission.author,
            party=self.party(submission),
            case_id=case_id,
            at=moment,
            modality=use,
            purpose=submission.purpose,
            territory=submission.territory,
        )

    def _kind(self, cameo: str) -> str | None:
        """What kind of person this is; None unless active."""
        try:
            stored = self.cameos.get(cameo)
        except NotFound:
            return None
        return stored.kind if stored.state == ACTIVE else None

    def _ancestors(self, case: Case) -> Sequence[AncestorCase]:
        submission = case.request
        handed_in = [reference.digest for reference in submission.references]
        return self.lineage.ancestors(case.id, submission.parent, handed_in, submission.copies)


def _minors_asked_for(signals: Sequence[Signal]) -> float | None:
    """How surely the prompt speaks of a child: 0 without a measured prompt; None if not known."""
    of_prompt = [one for one in signals if one.subject is Subject.PROMPT]
    scores = [one.score for one in of_prompt if one.label == "minors"]
    if of_prompt and (not scores or None in scores):
        return None
    return max((score for score in scores if score is not None), default=0.0)
