"""What the laws of a region ask a visible label to say, as data: its words, its place, how long it is seen."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import BadInput
from media.labels.label_terms import LabelPlace

BUNDLED_REGIONS = Path(__file__).parent / "label_regions.toml"
LabelDuration = Literal["off", "start", "whole"]


class LabelWords(BaseModel):
    """What a label says of a video that AI made, and of one that it made a part of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    generated: str = Field(min_length=1, max_length=60)
    modified: str = Field(min_length=1, max_length=60)


class RegionLabel(LabelWords):
    """The label of a region. `source` and `looked_up` say where its words are from, `unsure` what is not certain."""

    countries: tuple[str, ...] = Field(min_length=1)
    label: Literal["start", "whole"]
    place: LabelPlace | None = None
    languages: Mapping[str, str] = {}
    in_words: Mapping[str, LabelWords] = {}
    source: str = Field(min_length=1)
    looked_up: date
    unsure: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if wrong := [code for code in self.countries if len(code) != 2 or not code.isupper()]:
            raise ValueError(f"{wrong[0]!r} is no country: two capital letters, as DE")
        if wrong := sorted(set(self.languages) - set(self.countries)):
            raise ValueError(f"{wrong[0]} has a language and is not among the countries")
        if wrong := sorted(set(self.languages.values()) - set(self.in_words)):
            raise ValueError(f"the language {wrong[0]!r} has no words")
        return self

    def lines(self, countries: Iterable[str], *, modified: bool) -> tuple[str, ...]:
        """Its words, and below them those of these countries' languages."""
        said: LabelWords = self
        spoken = dict.fromkeys(self.languages[country] for country in countries if country in self.languages)
        words = [said, *(self.in_words[language] for language in spoken)]
        return tuple(one.modified if modified else one.generated for one in words)


@cache
def region_labels(path: Path = BUNDLED_REGIONS) -> Mapping[str, RegionLabel]:
    """By the names of regions. Raises BadInput, with its place, for what is no such table."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"label_table: {path} cannot be read: {error}") from None
    found = {}
    for name, row in table.items():
        try:
            found[name] = RegionLabel.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in (name, *first["loc"]))
            raise BadInput(f"label_table: {place}: {first['msg']}") from None
    return found


def chosen_regions(names: Sequence[str], path: Path = BUNDLED_REGIONS) -> Mapping[str, RegionLabel]:
    """Those of these names. Raises BadInput for a name that the table lacks."""
    known = region_labels(path)
    if unknown := [name for name in names if name not in known]:
        raise BadInput(f"label_regions: {unknown[0]!r} has no label of its own here: {', '.join(known)}")
    return {name: known[name] for name in names}
