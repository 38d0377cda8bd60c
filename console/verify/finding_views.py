"""What the page draws from a finding: lines of marked seconds, and a tree of what the file was made from."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.finding import Evidence, Finding, MarkLayer, OriginSpan, WatermarkedSpan
from pipeline.verification.history_thumbnails import HistoryThumbnail

_KINDS_DRAWN = ("lineage.", "watermark.segment")
_CREDENTIALS_PICTURE_ALT = "Picture that the credentials carry of it"
_STORED_PICTURE_ALT = "Picture from the video that this service keeps"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatermarkBar:
    """A stretch of the video, in seconds and in percent of its length. `payload` is empty where nothing was read.

    `p_value` is the chance of finding as much there in a video without a mark.
    """

    start: float
    end: float
    left: float
    width: float
    payload: str
    p_value: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatermarkLane:
    """What carries the mark in the picture or in the sound (`kind`), on an axis of `length` seconds."""

    kind: str
    length: float
    bars: tuple[WatermarkBar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """A step of the tree and those below it. `picture` is the address of its picture, which `alt` describes."""

    says: str
    picture: str = ""
    alt: str = ""
    children: tuple[LineageNode, ...] = ()


def watermark_lanes(finding: Finding) -> tuple[WatermarkLane, ...]:
    """A lane for the picture and one for the sound, on one axis of time; nothing where neither carries a mark."""
    spans, sound = finding.watermark.segments, finding.watermark.audio
    length = max([span.end for span in spans] + [sound.seconds if sound else 0.0], default=0.0)
    if length <= 0 or not (spans or (sound and sound.detected)):
        return ()
    lanes = [WatermarkLane(kind="picture", length=length, bars=tuple(_bar(span, length) for span in spans))]
    if sound is not None and sound.seconds > 0:
        whole = WatermarkedSpan(start=0.0, end=sound.seconds, payload=sound.payload, p_value=sound.p_value)
        lanes.append(WatermarkLane(kind="sound", length=length, bars=(_bar(whole, length),) if sound.detected else ()))
    return tuple(lanes)


def _bar(span: WatermarkedSpan, length: float) -> WatermarkBar:
    return WatermarkBar(
        start=span.start,
        end=span.end,
        left=round(100 * span.start / length, 2),
        width=round(max(0.5, 100 * (span.end - span.start) / length), 2),
        payload=span.payload or "",
        p_value=span.p_value,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginBar:
    """Seconds and what tells where they come from, in percent of the whole."""

    span: OriginSpan
    left: float
    width: float


def origin_bars(finding: Finding) -> tuple[OriginBar, ...]:
    """What tells of which seconds, on one axis; nothing where nothing tells of any."""
    length = max((span.end for span in finding.origins), default=0.0)
    return tuple(
        OriginBar(
            span=span,
            left=round(100 * span.start / length, 2),
            width=round(max(0.5, 100 * (span.end - span.start) / length), 2),
        )
        for span in finding.origins
        if length > 0
    )


def gone_layers(finding: Finding) -> tuple[MarkLayer, ...]:
    """The layers of marking that were stripped, or do not hold."""
    return tuple(layer for layer in finding.layers if layer.state in ("missing", "damaged"))


def lineage_tree(finding: Finding, step_pictures: Sequence[HistoryThumbnail] = ()) -> tuple[LineageNode, ...]:
    """The history that the credentials tell, as a tree; `step_pictures` has a picture for each step, or is empty."""
    entries = [entry for entry in finding.evidence if entry.kind.startswith("lineage.")]
    pictures = step_pictures if len(step_pictures) == len(entries) else (HistoryThumbnail(),) * len(entries)
    steps = [
        (int(entry.kind.partition(".")[2] or 0), _lineage_node(entry, pictures[index]))
        for index, entry in enumerate(entries)
    ]
    return _tree(steps)


def _lineage_node(step: Evidence, picture: HistoryThumbnail) -> LineageNode:
    if not picture.jpeg:
        return LineageNode(says=step.says)
    address = f"data:image/jpeg;base64,{base64.b64encode(picture.jpeg).decode()}"
    return LineageNode(
        says=step.says, picture=address, alt=_STORED_PICTURE_ALT if picture.ours else _CREDENTIALS_PICTURE_ALT
    )


def _tree(steps: Sequence[tuple[int, LineageNode]]) -> tuple[LineageNode, ...]:
    """Each step with those that follow it and are deeper."""
    branches: list[LineageNode] = []
    while steps:
        depth, first = steps[0]
        end = next(
            (index for index, (other_depth, _) in enumerate(steps) if index and other_depth <= depth), len(steps)
        )
        branches.append(replace(first, children=_tree(steps[1:end])))
        steps = steps[end:]
    return tuple(branches)


def undrawn_evidence(finding: Finding) -> tuple[Evidence, ...]:
    """The evidence that is not drawn."""
    return tuple(entry for entry in finding.evidence if not entry.kind.startswith(_KINDS_DRAWN))
