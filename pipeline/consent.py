"""What policy is told beside signals: about the author, the people shown, what they allow, and the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from core.case import Case
from core.errors import Erased, NotFound
from core.events import Submitted
from core.permitted import PermittedCameos
from registry.cameos import ACTIVE, UNKNOWN, Cameo, mentioned
from registry.leases import Ask, Lease, Use
from registry.terms import BANS
from registry.uses import Ancestor

Fact = bool | int | float | str


class Leases(Protocol):
    """Looked up anew each time, so that a revocation counts at once."""

    def covering(self, handle: str, ask: Ask) -> Lease | None:
        """The lease under which this may be done."""


class Cameos(Protocol):
    """Who is enrolled."""

    def get(self, cameo_id: str) -> Cameo:
        """By id. Raises NotFound."""

    def named(self, handle: str) -> Cameo | None:
        """By handle or id."""

    def touch(self, cameo_ids: Sequence[str]) -> None:
        """Somebody had to do with these now."""


class Lineage(Protocol):
    """What a case is made from."""

    def ancestors(
        self, case_id: str, parent: str, references: Sequence[str], copies: Sequence[str] = ()
    ) -> Sequence[Ancestor]:
        """Every case from which this one is made."""


class OwnerAnswers(Protocol):
    """What owners said of single uses."""

    def approved(self, case_id: str, asset: str) -> frozenset[str]:
        """The cameos whose owners approved this draft."""

    def vetoes(self, case_ids: Sequence[str]) -> int:
        """How often owners said no to one of these."""


class Authors(Protocol):
    """What the ledger knows of an author."""

    def author_facts(self, author: str, end_user: str = "") -> dict[str, int]:
        """Strikes, submissions and refusals in windows of time, and cases that wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Whom a case shows: the cameos that it or what it is made from names, with the leases for each (none: not leased).

    `gone` counts what it is made from and was taken down.
    """

    leases: Mapping[str, tuple[Lease, ...]]
    minors: int = 0
    gone: int = 0
    made_from: tuple[str, ...] = ()

    @property
    def used(self) -> tuple[Lease, ...]:
        """Every lease that is made use of, each once."""
        return tuple({lease.id: lease for found in self.leases.values() for lease in found}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Facts about a case as they are at this moment. `read` gives the words of a text by its id, or raises Erased.

    `unstated_minor`: whether an account of which the platform does not say if it is a minor's is taken for one. A
    region or a tier that is not stated is not known.
    """

    leases: Leases
    cameos: Cameos
    lineage: Lineage
    answers: OwnerAnswers
    authors: Authors
    read: Callable[[str], str]
    engine: str
    monitor_asked: bool = False
    unstated_minor: bool = False

    def resolve(self, prompt: str, asked: Sequence[str]) -> tuple[str, ...]:
        """The cameos that a request names, in its prompt as `@handle` too, by their ids; nobody's are `unknown`."""
        found = [self.cameos.named(one) for one in (*asked, *mentioned(prompt))]
        ids = tuple(dict.fromkeys(one.id if one else UNKNOWN for one in found))
        self.cameos.touch([one for one in ids if one != UNKNOWN])
        return ids

    def shows(self, case: Case) -> tuple[str, ...]:
        """The cameos that a case names, or that what it is made from names."""
        return tuple(sorted({*case.request.cameos, *(c for one in self._ancestors(case) for c in one.cameos)}))

    def leased(self, case: Case) -> tuple[str, ...]:
        """The cameos whose face this case may show now."""
        return self._allowed(case, Use.FACE)

    def may_appear(self, case: Case) -> PermittedCameos:
        """Both, as measuring wants them."""
        return PermittedCameos(faces=self.leased(case), voices=self.leased_voices(case))

    def leased_voices(self, case: Case) -> tuple[str, ...]:
        """The cameos whose voice this case may use now."""
        return self._allowed(case, Use.VOICE)

    def receipts_for(self, case: Case) -> tuple[str, ...]:
        """The ids of the leases on which this case rests."""
        return tuple(lease.id for lease in self.shown(case).used)

    def stands(self, cameo: str, asked: Submitted) -> bool:
        """Whether what was asked for is still allowed, as far as leases say: of whom, to whom, what for, where."""
        return bool(self._leases(cameo, asked, datetime.now(UTC)))

    def shown(self, case: Case) -> Shown:
        """Whom a case shows, and under which leases."""
        ancestors, at = self._ancestors(case), datetime.now(UTC)
        named = sorted({*case.request.cameos, *(c for one in ancestors for c in one.cameos)})
        return Shown(
            leases={cameo: self._leases(cameo, case.request, at) for cameo in named},
            minors=sum(self._kind(cameo) == "minor" for cameo in named),
            gone=sum(one.phase in ("recalled", "withdrawn") for one in ancestors),
            made_from=tuple(one.id for one in ancestors),
        )

    def facts(self, case: Case) -> Mapping[str, Fact]:
        """Every fact that rules may speak of (policy.vocabulary.FACTS). What cannot be told is left out."""
        asked, shown = case.request, self.shown(case)
        length = case.rendered.duration if case.rendered else asked.seconds
        bans = {ban for lease in shown.used for ban in lease.terms.bans}
        facts: dict[str, Fact] = {
            **self.authors.author_facts(asked.author, asked.end_user),
            "end_user_known": bool(asked.end_user),
            "cameos_named": len(shown.leases),
            "cameos_unleased": sum(not found for found in shown.leases.values()),
            "cameos_unapproved": self._unapproved(case, shown),
            "cameos_vetoed": self.answers.vetoes([case.id, *shown.made_from]) if shown.leases else 0,
            "cameo_limits_unreviewed": sum(lease.terms.unreviewed for lease in shown.used),
            "cameos_watched": sum(lease.terms.watched for lease in shown.used),
            "cameos_minor": shown.minors,
            "parents_recalled": shown.gone,
            **{f"cameo_no_{ban}": ban in bans for ban in BANS},
            "seconds": float(length or 0.0),
            "has_reference": bool(asked.references),
            "audience": asked.audience,
            "account_minor": self.unstated_minor if asked.account_minor is None else asked.account_minor,
            **({"region": asked.region} if asked.region else {}),
            **({"tier": asked.tier} if asked.tier else {}),
            "engine": self.engine,
            "monitor_asked": self.monitor_asked,
        }
        broken = self._words_broken(case, shown)
        return facts if broken is None else facts | {"cameo_words_broken": broken}

    def _words_broken(self, case: Case, shown: Shown) -> int | None:
        terms = [lease.terms for lease in shown.used if lease.terms.words]
        if not terms:
            return 0
        try:
            prompt = self.read(case.request.prompt)
        except (Erased, NotFound):
            return None
        return sum(one.broken_by(prompt) for one in terms)

    def _unapproved(self, case: Case, shown: Shown) -> int:
        """Whose owner wants to see each draft and has not approved this one. Before there is a draft: nobody."""
        wanted = {cameo for cameo, found in shown.leases.items() if any(lease.terms.approval for lease in found)}
        if not wanted or case.rendered is None:
            return 0
        return len(wanted - self.answers.approved(case.id, case.rendered.asset.digest))

    def _leases(self, cameo: str, asked: Submitted, at: datetime) -> tuple[Lease, ...]:
        """For the face, and for the voice if that is asked for; empty unless all of it is allowed."""
        if self._kind(cameo) is None:
            return ()
        uses = (Use.FACE, Use.VOICE) if asked.voices else (Use.FACE,)
        asks = [self._ask(asked, at, use) for use in uses]
        found = [lease for ask in asks if (lease := self.leases.covering(cameo, ask)) is not None]
        return tuple(found) if len(found) == len(asks) else ()

    def _allowed(self, case: Case, use: Use) -> tuple[str, ...]:
        ask = self._ask(case.request, datetime.now(UTC), use)
        active = (cameo for cameo in self.shows(case) if self._kind(cameo) is not None)
        return tuple(cameo for cameo in active if self.leases.covering(cameo, ask) is not None)

    def _ask(self, asked: Submitted, at: datetime, use: Use) -> Ask:
        return Ask(account=asked.author, at=at, use=use, purpose=asked.purpose, territory=asked.territory)

    def _kind(self, cameo: str) -> str | None:
        """What kind of person this is; None unless active."""
        try:
            found = self.cameos.get(cameo)
        except NotFound:
            return None
        return found.kind if found.state == ACTIVE else None

    def _ancestors(self, case: Case) -> Sequence[Ancestor]:
        asked = case.request
        handed_in = [one.digest for one in asked.references]
        return self.lineage.ancestors(case.id, asked.parent, handed_in, asked.copies)
