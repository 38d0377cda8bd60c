"""Settings of the label that people see in a video: whether, how long, what, where, and for which regions."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from core.errors import BadInput
from media.labels.label_terms import LabelPlace
from pipeline.labelling.region_labels import BUNDLED_REGIONS, LabelDuration, RegionLabel, chosen_regions


class LabelSettings(BaseSettings):
    """What an installation may choose about the visible label."""

    label: LabelDuration = Field("off", description="Draw a visible label: for 4 s, or throughout.")
    label_text: str = Field("AI-generated", description="What the visible label says before the provider's name.")
    label_place: LabelPlace = Field(
        "drift",
        description="Where it is: on its way through the picture (drift), in one corner after another (corners), "
        "or in one.",
    )
    label_regions: str = Field(
        "",
        description="Regions whose own label is drawn, whatever label says, if an order is of there or does not say: "
        "eu, china, india, korea, separated by commas.",
    )
    label_table: Path | None = Field(None, description="A table of regions' labels, in place of the bundled one.")
    label_font: Path | None = Field(
        None, description="TrueType font for it; the built-in one lacks Arabic, Hebrew, Devanagari and more."
    )

    @property
    def labelled_regions(self) -> dict[str, RegionLabel]:
        """The regions whose own label is drawn, by name. Raises BadInput for one that the table lacks."""
        names = [name.strip().lower() for name in self.label_regions.split(",") if name.strip()]
        return dict(chosen_regions(names, self.label_table or BUNDLED_REGIONS))

    @model_validator(mode="after")
    def _regions_are_known(self) -> Self:
        try:
            regions = self.labelled_regions
        except BadInput as error:
            raise ValueError(str(error)) from None
        if self.label_table and not regions:
            raise ValueError("label_table is set and label_regions names none of it: no label would be drawn by it")
        return self
