"""What somebody who claims fills in, and whether it is all that the law asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import BadInput
from pipeline.claims.claim import ClaimKind
from pipeline.claims.claim_laws import ClaimLaw, missing_statements
from pipeline.claims.claim_videos import MAX_CLAIMED_VIDEOS, named_numbers

MAX_CLAIM_TEXT = 8000

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_TERRITORY = re.compile(r"[A-Z]{2}")

MISSING_FIELD_TEXTS: Mapping[str, str] = {
    "about": "Say which video it is about: give its address or number, or send a file or a picture of it.",
    "explanation": "Explain why this should not be there.",
    "name": "Give your name.",
    "email": "Give an e-mail address at which you can be reached.",
    "address": "Give your postal address.",
    "phone": "Give a telephone number.",
    "signature": "Sign: type your full name.",
    "work": "Say which work is meant.",
    "authority": "Say what shows that you may act for them.",
    "deceased": "Give the name of the person who has died.",
    "registration": "Give the number of the trademark and the office where it is registered.",
}
"""What is said where something is missing that the law asks for, by field."""

MISSING_STATEMENT = "Make the statements that the law asks for: tick each of them."


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimForm:
    """A claim as it is filled in. `about` are addresses and numbers of videos; `statements` the ids of those made."""

    kind: ClaimKind
    law: str = ""
    about: tuple[str, ...] = ()
    explanation: str = ""
    name: str = ""
    email: str = ""
    address: str = ""
    phone: str = ""
    signature: str = ""
    work: str = ""
    authority: str = ""
    deceased: str = ""
    registration: str = ""
    statements: tuple[str, ...] = ()
    territory: str = ""
    language: str = "en"
    child_abuse: bool = False

    def given(self, field: str) -> bool:
        """Whether there is something in this field."""
        value = getattr(self, field)
        return bool(value.strip()) if isinstance(value, str) else bool(value)

    @property
    def contact(self) -> dict[str, str]:
        """Who it is, and how they are reached."""
        return {name: str(getattr(self, name)).strip() for name in ("name", "email", "address", "phone")}

    @property
    def words(self) -> dict[str, str]:
        """What they say."""
        names = ("explanation", "work", "deceased", "registration", "signature")
        return {name: str(getattr(self, name)).strip() for name in names}


def check_claim_form(form: ClaimForm, law: ClaimLaw, *, has_file: bool) -> None:
    """Raises BadInput for what is missing, too long or not what it should be; `param` names the field.

    `has_file`: a file or a picture of the video was sent, which says what it is about.
    """
    for field in law.asked(child_abuse=form.child_abuse):
        if not form.given(field) and not (field == "about" and has_file):
            raise BadInput(MISSING_FIELD_TEXTS[field], param=field)
    if missing_statements(law, form.statements):
        raise BadInput(MISSING_STATEMENT, param="statements")
    if max(len(form.about), len(named_numbers(form.about))) > MAX_CLAIMED_VIDEOS:
        raise BadInput("Name at most 20 videos in one claim.", param="about")
    for field in (*form.contact, *form.words, "authority"):
        if len(getattr(form, field)) > MAX_CLAIM_TEXT:
            raise BadInput("This text is too long: say it in 8,000 characters.", param=field)
    if sum(map(len, form.about)) > MAX_CLAIM_TEXT:
        raise BadInput("This text is too long: say it in 8,000 characters.", param="about")
    if form.email.strip() and not _EMAIL.fullmatch(form.email.strip()):
        raise BadInput("This is no e-mail address.", param="email")
    if form.territory and not _TERRITORY.fullmatch(form.territory):
        raise BadInput("Give the country as two letters, as in US or DE.", param="territory")
