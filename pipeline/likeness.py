"""Comparing two files: do they show, or let hear, the same person? Keeps neither file nor template."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol

from core.errors import BadInput, BadMedia
from media.hearing import listen
from media.sample import sample
from media.still import is_image, still
from media.video import Sample, VideoInfo
from pipeline.people import Person, Role, require

_LONGEST_SIDE, _FRAMES, _SECONDS = 2048, 12, 120.0
_REMEMBERED = 4096  # impressions of files that a list names more than once
_MOST_PAIRS = 1_000_000


class Compared(Protocol):
    """What classifiers.likeness says of two files."""

    @property
    def score(self) -> float | None:
        """In [0, 1]; None where nobody can tell."""

    @property
    def same(self) -> bool | None:
        """None where nobody can tell, or it is too close to call."""

    @property
    def reason(self) -> str:
        """Why, in a line."""

    @property
    def parts(self) -> Mapping[str, Any]:
        """The same of face and voice apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LikenessDesk:
    """`look` gives an impression of a file's faces and voices, `compare` what two impressions have in common."""

    look: Callable[[Sample], Any]
    compare: Callable[[Any, Any], Compared]

    def pair(self, who: Person, a: Path, b: Path) -> Compared:
        """Are these the same person? Images, videos and sound. Raises BadMedia, Forbidden, Unavailable."""
        require(who, Role.PLATFORM, Role.MODERATOR)
        return self.compare(self.look(taken_in(a)), self.look(taken_in(b)))

    def pairs(self, who: Person, listed: Path) -> Iterator[dict[str, str]]:
        """Each row of a CSV with columns a and b, and `score`, `same`, `reason` added; paths are relative to the CSV.

        A file that cannot be read makes its pairs "cannot tell". Raises BadInput for a list without these columns.
        """
        require(who, Role.PLATFORM, Role.MODERATOR)
        look = lru_cache(maxsize=_REMEMBERED)(partial(_looked, self.look, listed.parent))
        for row in _rows(listed):
            yield row | self._answer(look(row["a"]), look(row["b"]))

    def _answer(self, a: Any, b: Any) -> dict[str, str]:
        for one in (a, b):
            if isinstance(one, BadMedia):
                return {"score": "", "same": "", "reason": f"cannot tell: {one}"}
        found = self.compare(a, b)
        same = {True: "1", False: "0", None: ""}[found.same]
        return {"score": "" if found.score is None else f"{found.score:.6f}", "same": same, "reason": found.reason}


def taken_in(path: Path) -> Sample:
    """A picture, a video with its sound, or sound alone. Raises BadMedia."""
    if path.is_file() and is_image(path):
        return still(path, max_side=_LONGEST_SIDE)
    try:
        seen = sample(path, count=_FRAMES, max_side=1280)
    except BadMedia as error:
        return _sound_alone(path, error)
    heard = listen(path, seconds=_SECONDS) if seen.info.has_audio else None
    return Sample(info=seen.info, frames=seen.frames, heard=heard)


def _sound_alone(path: Path, no_video: BadMedia) -> Sample:
    heard = listen(path, seconds=_SECONDS)
    if heard is None:
        raise no_video
    info = VideoInfo(
        container="sound",
        codec="",
        duration=0.0,
        width=0,
        height=0,
        fps=0.0,
        frames=0,
        has_audio=True,
        sample_rate=16_000,
    )
    return Sample(info=info, frames=(), heard=heard)


def _looked(look: Callable[[Sample], Any], folder: Path, name: str) -> Any:
    try:
        return look(taken_in(folder / name))
    except BadMedia as error:
        return error


def _rows(listed: Path) -> Iterator[dict[str, str]]:
    try:
        with listed.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            if not {"a", "b"} <= set(table.fieldnames or ()):
                raise BadInput(f"{listed.name} needs the columns a and b in its first line")
            for number, row in enumerate(table, 1):
                if number > _MOST_PAIRS:
                    raise BadInput(f"{listed.name} has more than {_MOST_PAIRS} pairs: split it")
                if not row["a"] or not row["b"]:
                    raise BadInput(f"{listed.name}: row {number} names only one file")
                yield {name: value or "" for name, value in row.items() if name is not None}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{listed.name} cannot be read as a CSV file ({type(error).__name__})") from None


def likeness_desk() -> LikenessDesk:
    """The desk over the models of this installation; they are loaded when first asked."""
    from classifiers.likeness import compare, look

    return LikenessDesk(look=look, compare=compare)
