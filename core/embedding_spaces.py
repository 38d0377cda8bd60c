"""Spaces of templates: descriptors are compared within one space and never across two."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmbeddingSpace:
    """What made a descriptor, with its version, and how many numbers it has. Nearer means more alike (Euclidean)."""

    name: str
    dimensions: int

    def __post_init__(self) -> None:
        if not self.name or self.dimensions < 1:
            raise ValueError("a space has a name and at least one number")


FACE_SPACE = EmbeddingSpace("face/dlib+faceres/1", 384)
VOICE_SPACE = EmbeddingSpace("voice/campplus+ge2e/1", 448)
ARCFACE_SPACE = EmbeddingSpace("face/arcface-w600k-r50/1", 512)

EMBEDDING_SPACES = (FACE_SPACE, VOICE_SPACE, ARCFACE_SPACE)
