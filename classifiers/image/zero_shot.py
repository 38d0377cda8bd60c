"""Reads the sentences with which frames are compared: policy's own, policy/zero_shot.toml or a file that is named."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from core.errors import Unavailable

DEFAULT_SENTENCES = Path(__file__).parents[2] / "policy" / "zero_shot.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSentences:
    """Sentences that describe a label, and sentences that describe what it is not. Neither is empty."""

    described: tuple[str, ...]
    against: tuple[str, ...]


@cache
def label_sentences(path: Path | None = None) -> Mapping[str, LabelSentences]:
    """Every label of the file; the default's without a path. Raises Unavailable for a file that says nothing usable."""
    place = path or DEFAULT_SENTENCES
    try:
        raw = tomllib.loads(place.read_text(encoding="utf-8"))
        harmless = tuple(raw["harmless"]["sentences"])
        labels = {
            name: LabelSentences(described=tuple(said["for"]), against=(*said.get("against", ()), *harmless))
            for name, said in raw["labels"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unavailable(f"the sentences for frames cannot be read ({place.name}): {type(error).__name__}") from error
    for name, said in labels.items():
        if not said.described or not said.against or not all(isinstance(one, str) and one for one in _all(said)):
            raise Unavailable(f"the sentences for frames ({place.name}) say nothing usable of {name}")
    return MappingProxyType(labels)


def _all(said: LabelSentences) -> tuple[str, ...]:
    return (*said.described, *said.against)
