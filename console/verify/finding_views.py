"""What the page draws from a finding: a line of marked seconds, and a tree of what the file was made from."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.finding import Evidence, Finding
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
class LineageNode:
    """A step of the tree and those below it. `picture` is the address of its picture, which `alt` describes."""

    says: str
    picture: str = ""
    alt: str = ""
    children: tuple[LineageNode, ...] = ()


def watermark_bars(finding: Finding) -> tuple[WatermarkBar, ...]:
    """The marked seconds in order; nothing where none are known."""
    spans = finding.watermark.segments
    sound = finding.watermark.audio.seconds if finding.watermark.audio else 0.0
    length = max([span.end for span in spans] + [sound], default=0.0)
    if length <= 0:
        return ()
    return tuple(
        WatermarkBar(
            start=span.start,
            end=span.end,
            left=round(100 * span.start / length, 2),
            width=round(max(0.5, 100 * (span.end - span.start) / length), 2),
            payload=span.payload or "",
            p_value=span.p_value,
        )
        for span in spans
    )


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
