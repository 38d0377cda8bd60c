"""Comparing two files: do they show, or let hear, the same person? Keeps neither file nor template."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.models import Models
from core.errors import BadInput, BadMedia
from core.roles import Principal, Role, require_role
from media.audio_decode import decode_mono_audio
from media.sampling import sample_video
from media.still_image import is_image, sample_image
from media.video import VideoInfo, VideoSample

if TYPE_CHECKING:  # loads what looks at faces and listens to voices
    from classifiers.person_comparison import PersonComparison, PersonTemplates

_LONGEST_SIDE, _FRAMES, _SECONDS = 2048, 12, 120.0
_CACHED_FILES = 4096  # impressions of files that a list names more than once
_MAX_PAIRS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LikenessComparer:
    """Compares with the models of this installation; they are loaded when first asked."""

    models: Models

    def pair(self, who: Principal, a: Path, b: Path) -> PersonComparison:
        """Are these the same person? Images, videos and sound. Raises BadMedia, Forbidden, Unavailable."""
        require_role(who, Role.PLATFORM, Role.MODERATOR)
        return self._compare(self._templates(load_sample(a)), self._templates(load_sample(b)))

    def pairs(self, who: Principal, csv_file: Path) -> Iterator[dict[str, str]]:
        """Each row of a CSV with columns a and b, and `score`, `same`, `reason` added; paths are relative to the CSV.

        A file that cannot be read makes its pairs "cannot tell". Raises BadInput for a list without these columns.
        """
        require_role(who, Role.PLATFORM, Role.MODERATOR)
        look = lru_cache(maxsize=_CACHED_FILES)(partial(self._templates_or_error, csv_file.parent))
        for row in _rows(csv_file):
            yield row | self._answer(look(row["a"]), look(row["b"]))

    def _answer(self, a: PersonTemplates | BadMedia, b: PersonTemplates | BadMedia) -> dict[str, str]:
        if isinstance(a, BadMedia) or isinstance(b, BadMedia):
            error = a if isinstance(a, BadMedia) else b
            return {"score": "", "same": "", "reason": f"cannot tell: {error}"}
        found = self._compare(a, b)
        same = {True: "1", False: "0", None: ""}[found.same]
        return {"score": "" if found.score is None else f"{found.score:.6f}", "same": same, "reason": found.reason}

    def _templates_or_error(self, folder: Path, name: str) -> PersonTemplates | BadMedia:
        try:
            return self._templates(load_sample(folder / name))
        except BadMedia as error:
            return error

    def _templates(self, sample: VideoSample) -> PersonTemplates:
        from classifiers.person_comparison import extract_templates

        return extract_templates(sample, models=self.models)

    def _compare(self, a: PersonTemplates, b: PersonTemplates) -> PersonComparison:
        from classifiers.person_comparison import compare_people

        return compare_people(a, b, models=self.models)


def load_sample(path: Path) -> VideoSample:
    """A picture, a video with its sound, or sound alone. Raises BadMedia."""
    if path.is_file() and is_image(path):
        return sample_image(path, max_side=_LONGEST_SIDE)
    try:
        sampled = sample_video(path, count=_FRAMES, max_side=1280)
    except BadMedia as error:
        return _audio_only_sample(path, error)
    samples = decode_mono_audio(path, seconds=_SECONDS) if sampled.info.has_audio else None
    return VideoSample(info=sampled.info, frames=sampled.frames, audio=samples)


def _audio_only_sample(path: Path, no_video: BadMedia) -> VideoSample:
    samples = decode_mono_audio(path, seconds=_SECONDS)
    if samples is None:
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
    return VideoSample(info=info, frames=(), audio=samples)


def _rows(csv_file: Path) -> Iterator[dict[str, str]]:
    try:
        with csv_file.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            if not {"a", "b"} <= set(table.fieldnames or ()):
                raise BadInput(f"{csv_file.name} needs the columns a and b in its first line")
            for number, row in enumerate(table, 1):
                if number > _MAX_PAIRS:
                    raise BadInput(f"{csv_file.name} has more than {_MAX_PAIRS} pairs: split it")
                if not row["a"] or not row["b"]:
                    raise BadInput(f"{csv_file.name}: row {number} names only one file")
                yield {name: value or "" for name, value in row.items() if name is not None}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{csv_file.name} cannot be read as a CSV file ({type(error).__name__})") from None
