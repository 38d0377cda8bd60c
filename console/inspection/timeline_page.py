"""What the templates draw of an inspection: places on the time axis in percent, texts of thresholds, the waveform."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from console.web.display_text import NOTE_TEXTS, format_moment, readable_code
from pipeline.inspection.inspection_view import (
    FilmStrip,
    FootagePassage,
    Inspection,
    LabelState,
    LabelTimeline,
    ThresholdMark,
    Waveform,
)

WAVEFORM_HEIGHT = 40
_QUIET_BELOW = 0.1  # of a score that came to nothing
_MOST_HITS = 40  # of a label on a page: the highest, in order of time
_TILES = 12
_LEAST_SHARE = 0.004  # of the axis: some three pixels
_TICKS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)
_MOST_TICKS = 8
_FLOOR_DECIBELS = 60.0  # below full scale: what is quieter is drawn as silence
_VERBS = {"hold": "holds", "refuse": "refuses"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinePage:
    """An inspection as it is drawn. `seconds` is the length of the time axis, above 0.

    `shown` are the labels that came to something or scored, `quiet` the others. `words` are by kind, codes apart.
    `unmeasured` has for each reason the labels that were not measured for it. `tiles` are the places of pictures in the
    film strip that stand on the axis.
    """

    view: Inspection
    seconds: float
    ticks: tuple[float, ...]
    shown: tuple[LabelTimeline, ...]
    quiet: tuple[LabelTimeline, ...]
    unmeasured: tuple[tuple[str, tuple[str, ...]], ...]
    left_out: dict[str, int]
    words: tuple[tuple[str, tuple[FootagePassage, ...]], ...]
    tiles: tuple[int, ...]
    waveform: str

    def percent(self, seconds: float) -> str:
        """A moment as a place on the axis, or a length as a part of it."""
        return f"{min(100.0, max(0.0, 100 * seconds / self.seconds)):.2f}%"

    def extent(self, start: float, end: float) -> str:
        """How much of the axis a place takes: what is found at one moment a little, so that it can be seen."""
        return self.percent(max(end - start, self.seconds * _LEAST_SHARE))

    @property
    def length(self) -> str:
        """How long the video is."""
        return _with_unit(format_moment(self.view.footage.seconds))

    def note(self, note: str) -> str:
        """Why something could not be measured, in words."""
        return note_text(note)

    def threshold(self, mark: ThresholdMark) -> str:
        """What a rule does from which score on."""
        return threshold_text(mark)

    def span(self, start: float, end: float) -> str:
        """Seconds from which to which."""
        return span_text(start, end)


def timeline_page(view: Inspection) -> TimelinePage:
    """The view, placed on an axis that is as long as the video; where that is not known, as what was found in it."""
    ends = [hit.end for label in view.labels for hit in label.hits] + [word.at.end for word in view.words]
    seconds = view.footage.seconds or max(ends, default=0.0) or 1.0
    labels = [_with_fewer_hits(one) for one in view.labels]
    return TimelinePage(
        view=view,
        seconds=seconds,
        ticks=_ticks(seconds),
        shown=tuple(one for one in labels if _is_shown(one)),
        quiet=tuple(one for one in labels if not _is_shown(one)),
        unmeasured=_unmeasured(view.labels),
        left_out={one.label: n for one in view.labels if (n := len(one.hits) - _MOST_HITS) > 0},
        words=_words_by_kind(view.words),
        tiles=_tiles(view.film, seconds),
        waveform=waveform_path(view.waveform) if view.waveform else "",
    )


def note_text(note: str) -> str:
    """Why something could not be measured, in words."""
    return NOTE_TEXTS.get(note, readable_code(note)) or "no reason is given"


def threshold_text(mark: ThresholdMark) -> str:
    """What a rule does from which score on: `holds from 0.50`."""
    verb = _VERBS.get(mark.decision, mark.decision)
    if mark.mode != "enforce":
        verb = f"in {mark.mode}, {verb}"
    more = f" for {readable_code(mark.audience)}" if mark.audience else ""
    more += "" if mark.alone else " together with other conditions"
    return f"{verb} {'above' if mark.strict else 'from'} {mark.score:.2f}{more}"


def span_text(start: float, end: float) -> str:
    """Seconds from which to which, as a player writes them."""
    return _with_unit(format_moment(start) if start == end else f"{format_moment(start)} to {format_moment(end)}")


def waveform_path(waveform: Waveform) -> str:
    """The outline of a waveform as an SVG path, one unit wide for each peak; its height is in decibels."""
    steps = [f"V{WAVEFORM_HEIGHT * (1 - _level(peak)):.0f}h1" for peak in waveform.peaks]
    return f"M0 {WAVEFORM_HEIGHT}{''.join(steps)}V{WAVEFORM_HEIGHT}z"


def waveform_svg(waveform: Waveform) -> str:
    """A waveform as a picture of its own, in a grey that stands on light and dark."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {len(waveform.peaks) or 1} {WAVEFORM_HEIGHT}" '
        f'preserveAspectRatio="none"><path fill="#8a8378" d="{waveform_path(waveform)}"/></svg>'
    )


def _with_unit(moment: str) -> str:
    """The unit is only said of what is no clock: `4.5 s`, `1:04.5`."""
    return moment if ":" in moment else f"{moment} s"


def _level(peak: float) -> float:
    return max(0.0, 1 + 20 * math.log10(peak) / _FLOOR_DECIBELS) if peak > 0 else 0.0


def _is_shown(label: LabelTimeline) -> bool:
    return label.state is not LabelState.QUIET or (label.score or 0.0) >= _QUIET_BELOW


def _with_fewer_hits(label: LabelTimeline) -> LabelTimeline:
    if len(label.hits) <= _MOST_HITS:
        return label
    highest = sorted(label.hits, key=lambda hit: -(1.0 if hit.score is None else hit.score))[:_MOST_HITS]
    return replace(label, hits=tuple(sorted(highest, key=lambda hit: (hit.start, hit.end))))


def _unmeasured(labels: Iterable[LabelTimeline]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    by_reason: dict[str, list[str]] = {}
    for label in labels:
        for note in label.unmeasured:
            by_reason.setdefault(note_text(note), []).append(label.label)
    return tuple((reason, tuple(several)) for reason, several in by_reason.items())


def _words_by_kind(words: Iterable[FootagePassage]) -> tuple[tuple[str, tuple[FootagePassage, ...]], ...]:
    by_kind: dict[str, list[FootagePassage]] = {}
    for word in words:
        by_kind.setdefault("codes" if word.is_code else word.kind, []).append(word)
    return tuple((kind, tuple(several)) for kind, several in sorted(by_kind.items()))


def _ticks(seconds: float) -> tuple[float, ...]:
    step = next((step for step in _TICKS if seconds / step <= _MOST_TICKS), seconds / _MOST_TICKS)
    return tuple(step * n for n in range(int(seconds / step) + 1))


def _tiles(film: FilmStrip | None, seconds: float) -> tuple[int, ...]:
    """For each part of the axis the picture that is nearest to its middle."""
    if film is None:
        return ()
    middles = [(n + 0.5) * seconds / _TILES for n in range(_TILES)]
    return tuple(_nearest(film.at, middle) for middle in middles)


def _nearest(at: Sequence[float], moment: float) -> int:
    return min(range(len(at)), key=lambda n: abs(at[n] - moment))
