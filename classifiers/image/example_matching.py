"""Compares parts of pictures with example pictures of registered works: CLIP's vectors, and PDQ for copies.

How alike is alike enough is found for each work: its examples are compared with pictures of ordinary things
(photographs, drawings, icons) that show no registered work, and the threshold is where as few videos would be matched
wrongly as its holder accepts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

import classifiers.models
from classifiers.image.sampled_frames import downscale
from classifiers.models import Models
from classifiers.picture_vectors import VECTOR_MODEL
from core.signals import ExampleMatch
from media.search_hashes import hash_similarity

EXAMPLE_MODEL = VECTOR_MODEL
FEW_EXAMPLES = 3  # with fewer, other drawings of the same thing are often missed
PICTURES_OF_A_VIDEO = 4  # as good as independent of one another: the parts of three frames show much the same
_TAIL = 0.1  # share of ordinary pictures, the most alike ones, from which the threshold is extrapolated
_LOWEST_THRESHOLD = 0.35  # cosine: below, nothing is called alike, however odd a work's examples are
_BORDER_LEVELS = 24  # levels of 255 by which a pixel differs from a plain border
_MARGIN = 1.06  # of a trimmed example
_BORDERED = 0.95  # share of a picture that is left without its border, below which it has one
_MIN_SIDE = 32  # pixels of a trimmed example
_SMALL_PART = 0.6  # of the shorter side
_MIN_QUALITY = 50  # PDQ's own measure of detail, as for banks
_PDQ_BITS = 256
_COPY_BITS, _CHANCE_BITS = 31, 96  # of PDQ's: the limit of a copy, and as much as strangers have in common


class ExamplePicture(Protocol):
    """What is compared of one example picture."""

    @property
    def image(self) -> str: ...
    @property
    def pdq(self) -> bytes: ...
    @property
    def vectors(self) -> NDArray[np.float32]: ...


class WorkWithExamples(Protocol):
    """A registered work and its examples."""

    @property
    def work(self) -> str: ...
    @property
    def terms(self) -> str: ...
    @property
    def false_match_rate(self) -> float: ...
    @property
    def examples(self) -> Sequence[ExamplePicture]: ...


@dataclass(frozen=True, slots=True, eq=False)
class PicturePart:
    """A square of a picture, `rgb` (side, side, 3), and where it lies, as shares of the picture."""

    rgb: NDArray[np.uint8]
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedWork:
    """A work ready to be compared with: `vectors` (k, 512) centred, `images` whose they are, and its threshold."""

    work: str
    terms: str
    threshold: float
    images: tuple[str, ...]
    vectors: NDArray[np.float32]
    pdq: tuple[tuple[str, NDArray[np.uint8]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleStrength:
    """How well a work can be recognised by its examples. `found_again` is the share of them that the others find."""

    examples: int
    threshold: float
    found_again: float

    @property
    def too_few(self) -> bool:
        """Whether more examples are needed before other drawings of the same thing are found."""
        return self.examples < FEW_EXAMPLES

    @property
    def too_ordinary(self) -> bool:
        """Whether ordinary pictures are as like the examples as the examples are like one another."""
        return self.examples >= 2 and self.found_again < 0.5


def picture_parts(rgb: NDArray[np.uint8]) -> Iterator[PicturePart]:
    """Squares of a picture: the middle first, all of it without a plain border, the ends of its longer side, then five
    smaller ones.

    A character fills a part of a frame: seen from the whole of it, it is a detail. And a drawing on white fills all of
    it but its margins, of which a square from the middle cuts off heads and feet.
    """
    height, width = rgb.shape[:2]
    trimmed, (left, top, right, bottom) = _without_border(rgb)
    side = min(height, width)
    small = max(1, round(side * _SMALL_PART))
    ends = [(0, 0), (width - side, height - side)] if max(height, width) > 1.1 * side else []
    places = [((width - side) // 2, (height - side) // 2, side), *((x, y, side) for x, y in ends)]
    right, low = width - small, height - small
    places += [(x, y, small) for x, y in ((0, 0), (right, 0), (0, low), (right, low), (right // 2, low // 2))]
    for number, (x, y, length) in enumerate(dict.fromkeys(places)):
        if number == 1 and min(trimmed.shape[:2]) >= _MIN_SIDE and trimmed.size < _BORDERED * rgb.size:
            yield PicturePart(square(trimmed, rgb[0, 0]), (left / width, top / height, right / width, bottom / height))
        box = (x / width, y / height, (x + length) / width, (y + length) / height)
        yield PicturePart(np.ascontiguousarray(rgb[y : y + length, x : x + length]), box)


def describe_example(rgb: NDArray[np.uint8], models: Models) -> tuple[bytes, NDArray[np.float32]]:
    """What is kept of an example: its PDQ hash, empty without detail, and (k, 512) vectors; none if nothing is seen."""
    whole = downscale(rgb, 1024)
    trimmed = trim_border(whole)
    if min(trimmed.shape[:2]) < _MIN_SIDE:
        return b"", np.zeros((0, 512), np.float32)
    parts = [square(trimmed, whole[0, 0])]
    if max(whole.shape[:2]) < 1.4 * min(whole.shape[:2]):
        parts.append(next(picture_parts(whole)).rgb)
    hashes, quality = models.get("hashes").pdq(downscale(whole, 512))
    vectors = models.get(EXAMPLE_MODEL).encode(parts)
    return (hashes[0] if quality >= _MIN_QUALITY else b""), np.asarray(vectors, np.float32)


def trim_border(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without a border of one colour; (0, 0, 3) where there is nothing else."""
    return _without_border(rgb)[0]


def _without_border(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[int, int, int, int]]:
    """Without a border of one colour, and where what is left begins and ends: left, top, right, bottom."""
    away = np.abs(rgb.astype(np.int16) - rgb[0, 0].astype(np.int16)).max(axis=2) > _BORDER_LEVELS
    rows, columns = np.flatnonzero(away.any(axis=1)), np.flatnonzero(away.any(axis=0))
    if not len(rows):
        return np.zeros((0, 0, 3), np.uint8), (0, 0, 0, 0)
    left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    return np.ascontiguousarray(rgb[top:bottom, left:right]), (left, top, right, bottom)


def square(rgb: NDArray[np.uint8], colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture in the middle of a square of this colour, with a small margin."""
    height, width = rgb.shape[:2]
    side = round(max(height, width) * _MARGIN)
    canvas = np.empty((side, side, 3), np.uint8)
    canvas[:] = colour
    top, left = (side - height) // 2, (side - width) // 2
    canvas[top : top + height, left : left + width] = rgb
    return canvas


@cache
def ordinary_pictures() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Vectors of ordinary pictures: their mean (512,), and themselves (n, 512), centred."""
    with np.load(Path(classifiers.models.__file__).with_name("heads") / "ordinary_pictures.npz") as kept:
        vectors = np.asarray(kept["vectors"], np.float32)
    mean = vectors.mean(axis=0)
    return mean, _unit(vectors - mean)


def centred(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors less what all pictures have in common, of length 1: what two then share, few others do."""
    return _unit(np.asarray(vectors, np.float32) - ordinary_pictures()[0])


def prepare_work(work: WorkWithExamples) -> PreparedWork:
    """A work with its threshold."""
    vectors = centred(np.concatenate([example.vectors for example in work.examples]))
    images = tuple(example.image for example in work.examples for _ in example.vectors)
    hashes = tuple((e.image, np.frombuffer(e.pdq, np.uint8)) for e in work.examples if e.pdq)
    return PreparedWork(
        work.work, work.terms, example_threshold(vectors, work.false_match_rate), images, vectors, hashes
    )


def example_threshold(vectors: NDArray[np.float32], rate: float) -> float:
    """The cosine from which a part of a picture counts as alike, so that at most this share of videos is wrong.

    The tail of what ordinary pictures score is taken as exponential (peaks over a threshold; Pickands 1975) and
    followed to one part in `PICTURES_OF_A_VIDEO / rate`, since the most alike part of a video decides.
    """
    scores = np.sort((ordinary_pictures()[1] @ vectors.T).max(axis=1))
    tail = scores[-max(10, int(len(scores) * _TAIL)) :]
    beyond = len(tail) / len(scores) * PICTURES_OF_A_VIDEO / rate
    reached = float(tail[0]) + float((tail - tail[0]).mean()) * math.log(beyond)
    return min(0.98, max(_LOWEST_THRESHOLD, reached))


def match_vector(vector: NDArray[np.float32], work: PreparedWork) -> tuple[float, str]:
    """The greatest cosine of a centred vector (512,) with the work's examples, and with which."""
    cosines = work.vectors @ vector
    best = int(np.argmax(cosines))
    return float(cosines[best]), work.images[best]


def match_copy(pdq: Sequence[bytes], work: PreparedWork) -> tuple[float, str]:
    """The score of the nearest example by PDQ, in any of these turns of a picture, and which it is; 0 for none."""
    best, image = 0.0, ""
    for name, bits in work.pdq:
        for turned in pdq:
            distance = int(np.unpackbits(np.frombuffer(turned, np.uint8) ^ bits).sum())
            if (score := hash_similarity(distance, _COPY_BITS, _CHANCE_BITS)) > best:
                best, image = score, name
    return best, image


def likeness_score(similarity: float, limit: float) -> float:
    """A cosine as a score: 0.5 at the work's threshold, 1 at the same picture, 0 for nothing in common."""
    if similarity >= limit:
        return min(1.0, 0.5 + 0.5 * (similarity - limit) / max(1e-6, 1.0 - limit))
    return max(0.0, 0.5 * similarity / limit)


def example_strength(work: WorkWithExamples) -> ExampleStrength:
    """How well these examples do, each compared with the others."""
    prepared = prepare_work(work)
    names, found = sorted(set(prepared.images)), 0
    for name in names:
        own = np.array([image == name for image in prepared.images])
        rest = prepared.vectors[~own]
        if len(rest) and float((prepared.vectors[own] @ rest.T).max()) >= example_threshold(
            rest, work.false_match_rate
        ):
            found += 1
    return ExampleStrength(
        examples=len(names), threshold=round(prepared.threshold, 4), found_again=found / len(names) if names else 0.0
    )


def copy_match(work: PreparedWork, image: str, score: float) -> ExampleMatch:
    """A copy of a whole example, as evidence."""
    return ExampleMatch(work=work.work, image=image, similarity=round(score, 4), threshold=0.5)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), np.float32)
