"""What is used of cel_expr_python, which has no types of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class CelValue(Protocol):
    """What a program gave."""

    def value(self) -> object:
        """As Python has it; an error of CEL is a value too, and no bool."""


class CelActivation(Protocol):
    """Values for the variables of an environment."""


class CelType(Protocol):
    """A type of CEL."""

    def name(self) -> str:
        """As CEL writes it."""


class CelProgram(Protocol):
    """A compiled expression."""

    def eval(self, activation: CelActivation) -> CelValue:
        """The expression with these values."""

    def return_type(self) -> CelType:
        """The type of what it gives."""

    def serialize(self) -> bytes:
        """The checked expression, as a google.protobuf.Any."""


class CelEnvironment(Protocol):
    """The variables of which expressions may speak."""

    def compile(self, text: str) -> CelProgram:
        """Raises an error of the library, with the place in the text."""

    def Activation(self, values: Mapping[str, object]) -> CelActivation:  # noqa: N802 - the library's name
        """Values for all variables."""
