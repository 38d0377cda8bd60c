"""What can go wrong, by name. The docstring of each class is its default message."""

from __future__ import annotations


class AssayError(Exception):
    """Something went wrong in Assay."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class Conflict(AssayError):
    """This case has changed since you read it: read it again."""


class NotFound(AssayError):
    """There is no such case."""


class Forbidden(AssayError):
    """Your account may not do this."""


class NotNow(AssayError):
    """The case is not in a phase in which this can be done."""


class BadInput(AssayError):
    """The input cannot be used as it is."""

    def __init__(self, message: str | None = None, *, param: str = "") -> None:
        """`param` is the field that it is about, as whoever asked calls it; empty where it is about none, or all."""
        super().__init__(message)
        self.param = param


class BadMedia(BadInput):
    """This file cannot be read as a video."""


class OverBudget(BadMedia):
    """Looking at this file takes more than is spent on one."""


class Abandoned(AssayError):
    """Nobody waits for this answer any more: the work was ended."""


class PictureTooLarge(BadMedia):
    """This picture has more pixels than are decoded here."""


class Unavailable(AssayError):
    """A part that is needed does not answer: the database, the engine, a model."""


class Declined(AssayError):
    """The engine declined to make this."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the engine declined to make this ({code})")
        self.code = code


class EngineFault(AssayError):
    """The engine answered with something that is not a video."""


class RenderFailed(AssayError):
    """The engine says for good that it did not make this, so that asking again or waiting cannot help.

    `code` is one of RENDER_FAILURE_CODES; `reason` is a sentence that may be shown to the client: no address or path
    of the engine. Raised by engines; the case ends as failed.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"the engine could not make this ({code}): {reason}")
        self.code = code
        self.reason = reason


RENDER_FAILURE_CODES = (
    "invalid_parameters",
    "out_of_memory",
    "not_a_video",
    "nothing_to_see",
    "engine_error",
    "engine_timeout",
    "engine_unavailable",
)


class EngineBusy(Unavailable):
    """The engine has as much work as it takes at once."""


class NotYet(AssayError):
    """The work goes on elsewhere: look again after `seconds`. Says nothing of the case, and is no failure."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"look again after {seconds:g} s")
        self.seconds = seconds


class SealBroken(AssayError):
    """The finished file does not carry the mark or the credentials it should: nothing was sealed."""


class PolicyError(AssayError):
    """The policy cannot be loaded."""


class Erased(AssayError):
    """The text was erased."""
