"""What a video was made from: each file, and how it was used. In the manifest they are its ingredients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PARENT = "parent"
Use = Literal["parentOf", "inputTo", "componentOf"]
TITLES: dict[Use, str] = {
    "parentOf": "The video that this one was made over",
    "inputTo": "What the engine was given to start from",
    "componentOf": "Laid into the video: music, sound or footage",
}


_DELIVERED = "The file as the engine delivered it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that went in. `use` is the relationship of C2PA 2.2, 9.6: the whole was made over it (parentOf, once at
    the most), an engine started from it (inputTo), or it lies in the result (componentOf). `label` is unique;
    `remixed` is false for a parent that is the result itself, as an engine delivered it."""

    use: Use
    path: Path
    label: str
    title: str = ""
    remixed: bool = True


def sources_of(*, parent: Path | None = None, inputs: Sequence[Path] = (), parts: Sequence[Path] = ()) -> list[Source]:
    """A remix's parent, what an engine started from, what was laid into the video: each under a label of its own."""
    named: list[tuple[Use, Path, str]] = [("parentOf", parent, PARENT)] if parent is not None else []
    named += [("inputTo", path, f"input-{number}") for number, path in enumerate(inputs, start=1)]
    named += [("componentOf", path, f"part-{number}") for number, path in enumerate(parts, start=1)]
    return [Source(use=use, path=path, label=label, title=TITLES[use]) for use, path, label in named]


def below(delivered: Path, sources: Sequence[Source]) -> list[Source]:
    """The sources where the engine's own file is the parent: there is one parent, so another becomes an input."""
    own = Source(use="parentOf", path=delivered, label=PARENT, title=_DELIVERED, remixed=False)
    inputs = [one.path for one in sources if one.use in ("parentOf", "inputTo")]
    parts = [one.path for one in sources if one.use == "componentOf"]
    return [own, *sources_of(inputs=inputs, parts=parts)]
