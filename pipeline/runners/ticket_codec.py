"""Tickets as bytes. Nothing that a person wrote or showed is in them."""

from __future__ import annotations

import json

from core.codec import dump, load
from core.errors import BadInput
from core.ports import Ticket


def encode_ticket(ticket: Ticket) -> bytes:
    """A ticket as JSON in UTF-8."""
    return json.dumps(dump(ticket), separators=(",", ":")).encode()


def decode_ticket(message: bytes | None) -> Ticket:
    """The ticket. Raises BadInput for a message that is none."""
    try:
        ticket = load(Ticket, json.loads(message or b""))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(f"this message is no ticket ({type(error).__name__})") from None
    if not isinstance(ticket, Ticket):
        raise BadInput("this message is no ticket")
    return ticket
