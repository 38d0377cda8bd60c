"""Which visible label an order gets: that of the settings, or those of the regions in which it is said to be shown.

Where regions are set and an order says neither where its account is nor where the video will be shown, it may be shown
in any of them: it gets the labels of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.events import Submitted
from media.labels.label_terms import VisibleLabel
from pipeline.labelling.label_settings import LabelSettings
from pipeline.labelling.region_labels import LabelDuration, RegionLabel

_START_SECONDS = 4.0
"""For so long a label is drawn that is drawn at the start."""
_LANGUAGES = 2  # that are added to the words of a region, at the most: more would cover the picture
_DURATIONS: tuple[LabelDuration, ...] = ("off", "start", "whole")
_TRIED_SIZE = 854, 480


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelChoice:
    """What is drawn into a video that AI made, and into one that it made a part of; and by which regions' labels."""

    generated: VisibleLabel
    modified: VisibleLabel
    regions: tuple[str, ...] = ()


def label_for(request: Submitted, settings: LabelSettings, provider: str) -> LabelChoice | None:
    """The label of an order; None where none is drawn. `provider` is named below it. Raises BadInput."""
    return _choice(_countries(request), settings, provider)


def check_labels(settings: LabelSettings, provider: str) -> None:
    """Raises BadInput where some label of these settings could not be drawn: before an order depends on it."""
    from media.labels.label_overlay import render_label  # it draws, and most that reads settings does not

    regions = settings.labelled_regions
    asked = [(), *((country,) for region in regions.values() for country in region.countries), ("XX",)]
    for countries in asked:
        if choice := _choice(countries, settings, provider):
            render_label(choice.generated, *_TRIED_SIZE)
            render_label(choice.modified, *_TRIED_SIZE)


def _countries(request: Submitted) -> tuple[str, ...]:
    """ISO 3166-1 codes of where the account is and of where the video will be shown."""
    stated = [request.region, *request.territory]
    return tuple(dict.fromkeys(code.partition("-")[0] for code in stated if code))


def _choice(countries: Sequence[str], settings: LabelSettings, provider: str) -> LabelChoice | None:
    regions = {
        name: region
        for name, region in settings.labelled_regions.items()
        if not countries or not set(countries).isdisjoint(region.countries)
    }
    lasts = max([settings.label, *(region.label for region in regions.values())], key=_DURATIONS.index)
    if lasts == "off":
        return None
    label = VisibleLabel(
        text=_text([*regions.values()], countries, settings, provider, modified=False),
        seconds=_START_SECONDS if lasts == "start" else None,
        font=str(settings.label_font or ""),
        place=next((region.place for region in regions.values() if region.place), settings.label_place),
    )
    modified = replace(label, text=_text([*regions.values()], countries, settings, provider, modified=True))
    return LabelChoice(generated=label, modified=modified, regions=tuple(regions))


def _text(
    regions: Sequence[RegionLabel],
    countries: Sequence[str],
    settings: LabelSettings,
    provider: str,
    *,
    modified: bool,
) -> str:
    lines = [line for region in regions for line in region.lines(countries, modified=modified)[: 1 + _LANGUAGES]]
    return " | ".join([*(dict.fromkeys(lines) or [settings.label_text]), provider])
