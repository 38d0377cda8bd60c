"""Personal data in words that can be seen: card and account numbers by their checksum, telephone numbers, mail."""

from __future__ import annotations

import re

import phonenumbers
from stdnum import iban, luhn

CARD_SCORE = 0.95
"""A card or account number whose checksum is right: what nobody publishes on purpose."""
CONTACT_SCORE = 0.6
"""A telephone number or an address of mail: somebody's, or a firm's that wants to be reached."""

_CARD = re.compile(r"(?<![\d])(?:\d[ -]?){12,18}\d(?!\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,}")


def personal_data_score(text: str) -> float:
    """The score of the gravest that stands in the text, from 0 to 1."""
    if any(_is_card(found[0]) for found in _CARD.finditer(text)) or any(
        iban.is_valid(found[0]) for found in _IBAN.finditer(text)
    ):
        return CARD_SCORE
    if _MAIL.search(text) or phonenumbers.PhoneNumberMatcher(text, None).has_next():
        return CONTACT_SCORE
    return 0.0


def _is_card(number: str) -> bool:
    digits = re.sub(r"\D", "", number)
    return 13 <= len(digits) <= 19 and digits[0] in "3456" and len(set(digits)) > 1 and bool(luhn.is_valid(digits))
