"""What the web says no to, and the status that goes with every error. Anything unknown is 500 and says nothing."""

from __future__ import annotations

import re

from core.errors import (
    Abandoned,
    AssayError,
    BadInput,
    BadMedia,
    Conflict,
    Erased,
    Forbidden,
    NotFound,
    NotNow,
    Unavailable,
)
from pipeline.access.second_factors import TooManyCodes
from pipeline.access.usage import InsufficientQuota


class NotSignedIn(AssayError):
    """A valid token is needed for this: send it as a Bearer token, or sign in."""


class TooLarge(AssayError):
    """This is larger than what is accepted here."""


class TooMany(AssayError):
    """Too many attempts from your address: wait a little and try again."""


class TooSlow(AssayError):
    """This upload is too slow: it was ended."""


class TooLong(AssayError):
    """This address is too long: send the value with POST."""


class UnsupportedMediaType(AssayError):
    """This kind of content is not taken here."""


class NotOffered(AssayError):
    """This installation does not offer that."""


class MethodNotAllowed(AssayError):
    """This address does not take such a request."""

    def __init__(self, *, allowed: str) -> None:
        """`allowed` are the methods that it does take, as the header Allow lists them."""
        super().__init__()
        self.allowed = allowed


class RangeNotSatisfiable(AssayError):
    """None of the bytes that were asked for are in this file."""

    def __init__(self, *, size: int) -> None:
        """`size` is how many bytes there are."""
        super().__init__()
        self.size = size


class ConsentRequired(Forbidden):
    """A character is a person's likeness, which only this person can enrol: at /enrol, or by POST
    /api/cameos/challenges. Then name the handle in `characters`."""

    def __init__(self) -> None:
        """The message is one line."""
        super().__init__(" ".join((ConsentRequired.__doc__ or "").split()))


class FormExpired(Forbidden):
    """This form has expired or did not come from this site: go back, reload the page and send it again."""


_STATUSES: tuple[tuple[type[AssayError], int], ...] = (  # the first that fits counts
    (BadMedia, 422),
    (BadInput, 400),
    (NotSignedIn, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (MethodNotAllowed, 405),
    (Conflict, 409),
    (NotNow, 409),
    (Erased, 410),
    (TooLarge, 413),
    (TooLong, 414),
    (UnsupportedMediaType, 415),
    (RangeNotSatisfiable, 416),
    (TooSlow, 408),
    (TooMany, 429),
    (InsufficientQuota, 429),
    (TooManyCodes, 429),
    (Abandoned, 499),
    (NotOffered, 501),
    (Unavailable, 503),
)
_INTERNAL_ERROR_MESSAGE = "Something went wrong here, not with you. It was written to the log."


def status_of(error: Exception) -> int:
    """The HTTP status of an error; 500 for one that nobody named."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def code_of(error: Exception) -> str:
    """The error's name for programs: `BadInput` is `bad_input`. What nobody named is `internal`."""
    if status_of(error) == 500:
        return "internal"
    named = BadMedia if isinstance(error, BadMedia) else type(error)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", named.__name__).lower()


def message_of(error: Exception) -> str:
    """The message for the person. Those of foreign errors may contain anything, so they are not passed on."""
    return _INTERNAL_ERROR_MESSAGE if status_of(error) == 500 else str(error)
