"""Spaces of templates: descriptors are compared within one space, or by the numbers that two spaces share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmbeddingSpace:
    """What made a descriptor, with its version, and how many numbers it has. Nearer means more alike (Euclidean).

    A space that `extends` another has that one's descriptor as its first numbers.
    """

    name: str
    dimensions: int
    extends: EmbeddingSpace | None = None

    def __post_init__(self) -> None:
        if not self.name or self.dimensions < 1:
            raise ValueError("a space has a name and at least one number")
        if self.extends is not None and self.extends.dimensions >= self.dimensions:
            raise ValueError("a space that extends another has more numbers")


@dataclass(frozen=True, slots=True)
class ComparableSpace:
    """Templates of another space that can be looked through too: by the first `shared` numbers, which both have.

    `as_own_distance` turns a distance between those into the distance in one's own space that is as rare among
    strangers, so that the nearest of both is the least likely to be a stranger's.
    """

    space: EmbeddingSpace
    shared: int
    as_own_distance: Callable[[float], float]


def searched_spaces(space: EmbeddingSpace, comparable: Sequence[ComparableSpace] = ()) -> tuple[ComparableSpace, ...]:
    """The space itself first, whose distances are its own, then those that are looked through too."""
    return (ComparableSpace(space, space.dimensions, float), *comparable)


TWO_NET_FACE_SPACE = EmbeddingSpace("face/dlib+faceres/1", 384)
FACE_SPACE = EmbeddingSpace("face/dlib+faceres+sface/1", 512, extends=TWO_NET_FACE_SPACE)
VOICE_SPACE = EmbeddingSpace("voice/campplus+ge2e/1", 448)
ARCFACE_SPACE = EmbeddingSpace("face/arcface-w600k-r50/1", 512)

EMBEDDING_SPACES = (TWO_NET_FACE_SPACE, FACE_SPACE, VOICE_SPACE, ARCFACE_SPACE)
