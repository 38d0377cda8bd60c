"""What a video was made from: each file, and how it was used. In the manifest they are its ingredients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PARENT_LABEL = "parent"
IngredientRelationship = Literal["parentOf", "inputTo", "componentOf"]
INGREDIENT_TITLES: dict[IngredientRelationship, str] = {
    "parentOf": "The video that this one was made over",
    "inputTo": "What the engine was given to start from",
    "componentOf": "Laid into the video: music, sound or footage",
}


_DELIVERED_TITLE = "The file as the engine delivered it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """A file that went in. `relationship` is the relationship of C2PA 2.2, 9.6: the whole was made over it
    (parentOf, once at
    the most), an engine started from it (inputTo), or it is part of the result (componentOf). `label` is unique;
    `remixed` is false for a parent that is the result itself, as an engine delivered it."""

    relationship: IngredientRelationship
    path: Path
    label: str
    title: str = ""
    remixed: bool = True


def build_ingredients(
    *, parent: Path | None = None, inputs: Sequence[Path] = (), parts: Sequence[Path] = ()
) -> list[Ingredient]:
    """A remix's parent, what an engine started from, what was laid into the video: each under a label of its own."""
    named_files: list[tuple[IngredientRelationship, Path, str]] = (
        [("parentOf", parent, PARENT_LABEL)] if parent is not None else []
    )
    named_files += [("inputTo", path, f"input-{number}") for number, path in enumerate(inputs, start=1)]
    named_files += [("componentOf", path, f"part-{number}") for number, path in enumerate(parts, start=1)]
    return [
        Ingredient(relationship=use, path=path, label=label, title=INGREDIENT_TITLES[use])
        for use, path, label in named_files
    ]


def with_delivered_as_parent(delivered: Path, sources: Sequence[Ingredient], *, about: str = "") -> list[Ingredient]:
    """The sources where the engine's own file is the parent: there is one parent, so another becomes an input.

    `about` is what its title says besides, such as who marked it before.
    """
    title = f"{_DELIVERED_TITLE}, {about}" if about else _DELIVERED_TITLE
    own = Ingredient(relationship="parentOf", path=delivered, label=PARENT_LABEL, title=title, remixed=False)
    inputs = [source.path for source in sources if source.relationship in ("parentOf", "inputTo")]
    parts = [source.path for source in sources if source.relationship == "componentOf"]
    return [own, *build_ingredients(inputs=inputs, parts=parts)]
