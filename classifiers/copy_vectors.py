"""SSCD's vectors of example pictures and of frames, where the extra `sscd` is installed: altered copies are near.

Only vectors of this net are compared with one another. Those of examples are never stored: they are made from the
pictures that are kept, once for each process, so that nothing has to be described anew when the extra is installed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.models import Models
from classifiers.models.catalog import is_extra_installed
from core.errors import NotFound, Unavailable

COPY_MODEL = "sscd_distilled"
# From which on it is a copy: a drawing and another work's logo reached 0.51 (evals.footage.copy_descriptors).
COPY_COSINE = 0.55


class KeptPictures(Protocol):
    """The example pictures of works."""

    def picture(self, work: str, image: str) -> bytes:
        """The encoded picture. Raises NotFound, also for one that was erased, and Unavailable."""


class NamedExample(Protocol):
    """An example, by the name of its picture."""

    @property
    def image(self) -> str: ...


class NamedWork(Protocol):
    """A work, and the names of its examples."""

    @property
    def work(self) -> str: ...
    @property
    def examples(self) -> Sequence[NamedExample]: ...


@dataclass(frozen=True, slots=True, eq=False)
class CopyExamples:
    """Examples in the order of the works: whose each is, its picture's name, and `vectors` (n, 512)."""

    works: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 512), np.float32))

    def nearest(self, vector: NDArray[np.float32]) -> Iterator[tuple[str, str, float]]:
        """Each work of which a vector (512,) is a copy, the example, and the cosine."""
        best: dict[str, tuple[str, float]] = {}
        cosines = self.vectors @ vector
        for place in np.flatnonzero(cosines >= COPY_COSINE):
            work, cosine = self.works[place], float(cosines[place])
            if work not in best or cosine > best[work][1]:
                best[work] = self.images[place], cosine
        return ((work, image, cosine) for work, (image, cosine) in best.items())


def finds_altered_copies() -> bool:
    """Whether the extra `sscd` is installed. That its weights are right is seen as they are loaded."""
    return is_extra_installed(COPY_MODEL)


def copy_examples(
    works: Sequence[NamedWork], pictures: KeptPictures, models: Models, known: CopyExamples | None = None
) -> CopyExamples:
    """Every example as the net describes it; of those that are `known` already nothing is read. Raises Unavailable."""
    before = dict(zip(known.images, known.vectors, strict=True)) if known else {}
    owners, images, vectors = [], [], []
    for work in works:
        for example in work.examples:
            vector = before.get(example.image)
            if vector is None:
                try:
                    picture = pictures.picture(work.work, example.image)
                except NotFound:
                    continue  # removed a moment ago: it is no example any more
                vector = models.get(COPY_MODEL).encode([_decoded(picture)])[0]
            owners.append(work.work)
            images.append(example.image)
            vectors.append(vector)
    return CopyExamples(tuple(owners), tuple(images), np.stack(vectors)) if vectors else CopyExamples()


def _decoded(picture: bytes) -> NDArray[np.uint8]:
    """(height, width, 3). In this process: Assay wrote it itself, and it was authenticated as it was read."""
    bgr = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise Unavailable("the picture of an example cannot be read")
    return np.ascontiguousarray(bgr[:, :, ::-1], dtype=np.uint8)
