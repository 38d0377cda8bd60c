"""The table of laws: by which law a claim is made, what it asks for, in which words, and by when it has to be decided.

One file a law in `laws/`, named as the law is here. Each says when it was enacted, since when it is in force, where it
can be read, and when the file was written; statements follow the words of the law, which are the English ones where it
is American, and say which section they are from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import BadInput
from pipeline.claims.business_days import after_business_days
from pipeline.claims.claim import ClaimKind

CLAIM_FIELDS = (
    "about", "explanation", "name", "email", "address", "phone", "signature", "work", "authority", "deceased",
    "registration",
)  # fmt: skip
"""What a law may ask for: `about` is what the claim is about, `work` what is infringed, `authority` what shows that
somebody may speak for another."""

_FOLDER = Path(__file__).with_name("laws")
_LANGUAGES = ("en", "fr", "de", "es")


@dataclass(frozen=True, slots=True, kw_only=True)
class LawStatement:
    """What whoever claims has to state. `section` is `house` for what no law asks for but this installation does."""

    id: str
    section: str
    words: Mapping[str, str]

    def said(self, language: str) -> str:
        """In a language, or in English."""
        return self.words.get(language) or self.words["en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLaw:
    """A law. `applies` are countries, `*` for everybody; `answers` is the law of what a counter-notice answers.

    `hours` until it has to be decided, for trusted flaggers `trusted_hours`, which are the law's own where it is
    `statutory` and a goal elsewhere. `business_days` are the first and the last day on which a counter-notice puts a
    video back. `hides` says that a video is hidden until it is decided. `proof_days` is how long a claimant has for
    proof that they are asked for, `proof_stops_clock` whether the clock stands still meanwhile.
    """

    id: str
    title: str
    kinds: tuple[ClaimKind, ...]
    applies: tuple[str, ...]
    rank: int
    enacted: date
    in_force: date
    written: date
    source: str
    statutory: bool
    hides: bool
    asks: tuple[str, ...]
    takes: tuple[str, ...] = ()
    answers: str = ""
    counter: str = ""
    hours: int | None = None
    trusted_hours: int | None = None
    business_days: tuple[int, int] | None = None
    proof_days: int = 0
    proof_stops_clock: bool = False
    anonymous_for_child_abuse: bool = False
    statements: tuple[LawStatement, ...] = field(default=())

    def due(self, received: datetime, *, trusted: bool = False) -> datetime | None:
        """By when it has to be decided, or a counter-notice carried out; None where the law names no time."""
        if self.business_days is not None:
            return after_business_days(received, self.business_days[1])
        hours = self.trusted_hours if trusted and self.trusted_hours else self.hours
        return received + timedelta(hours=hours) if hours else None

    def restore_from(self, received: datetime) -> datetime | None:
        """From when a counter-notice under this law puts a video back; None for what is no counter-notice."""
        return after_business_days(received, self.business_days[0]) if self.business_days else None

    def asked(self, *, child_abuse: bool = False) -> tuple[str, ...]:
        """What has to be given."""
        unasked = {"name", "email"} if child_abuse and self.anonymous_for_child_abuse else set()
        return tuple(name for name in self.asks if name not in unasked)


@dataclass(frozen=True, slots=True)
class ClaimLaws:
    """All of them, by name."""

    by_id: Mapping[str, ClaimLaw]

    def get(self, law: str) -> ClaimLaw:
        """By its name. Raises BadInput."""
        found = self.by_id.get(law)
        if found is None:
            raise BadInput(f"{law!r} is no law in the table of laws", param="law")
        return found

    def of_kind(self, kind: ClaimKind) -> Sequence[ClaimLaw]:
        """Laws under which such a claim can be made, the one that is meant where none is named first."""
        found = [law for law in self.by_id.values() if kind in law.kinds and not law.answers]
        return sorted(found, key=lambda law: (law.rank, law.id))

    def choose(self, kind: ClaimKind, law: str = "", territory: str = "") -> ClaimLaw:
        """The law that is named, or else the first that applies there. Raises BadInput for one of another kind."""
        possible = self.of_kind(kind)
        if law:
            named = [one for one in possible if one.id == law]
            if not named:
                raise BadInput("this law is not one for such a claim", param="law")
            return named[0]
        return next(one for one in possible if {"*", territory} & {*one.applies})

    def counter_to(self, law: str) -> ClaimLaw | None:
        """The law of a counter-notice to a claim under this one; None where there is none."""
        name = self.get(law).counter
        return self.get(name) if name else None


@cache
def load_claim_laws() -> ClaimLaws:
    """The laws that come with Assay."""
    return ClaimLaws({law.id: law for law in map(_read, sorted(_FOLDER.glob("*.toml")))})


def _read(path: Path) -> ClaimLaw:
    data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    statements = tuple(_statement(path.stem, one) for one in data.pop("statement", ()))
    unknown = {*data["asks"], *data["takes"]} - {*CLAIM_FIELDS}
    if unknown:
        raise ValueError(f"{path.name} asks for what no form has: {', '.join(sorted(unknown))}")
    days = data.pop("business_days", None)
    kinds = tuple(map(ClaimKind, data.pop("kinds")))
    values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in data.items()}
    return ClaimLaw(
        id=path.stem,
        kinds=kinds,
        statements=statements,
        business_days=(days[0], days[1]) if days else None,
        **values,
    )


def _statement(law: str, data: Mapping[str, str]) -> LawStatement:
    missing = [language for language in _LANGUAGES if not data.get(language)]
    if missing:
        raise ValueError(f"{law}: the statement {data['id']} is not said in {', '.join(missing)}")
    return LawStatement(id=data["id"], section=data["section"], words={name: data[name] for name in _LANGUAGES})


def missing_statements(law: ClaimLaw, made: Iterable[str]) -> tuple[LawStatement, ...]:
    """Statements that the law asks for and that were not made."""
    there = {*made}
    return tuple(one for one in law.statements if one.id not in there)
