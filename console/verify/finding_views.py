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
    """A stretch of the video, in seconds and in percent of its length. `payload` is empty where nothing was read."""

    start: float
    end: float
    left: float
    width: float
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """A step of the tree and those below it. `picture` is the address of its picture, which `alt` tells of."""

    says: str
    picture: str = ""
    alt: str = ""
    children: tuple[LineageNode, ...] = ()


def watermark_bars(finding: Finding) -> tuple[WatermarkBar, ...]:
    """The marked seconds in order; nothing where none are known."""
    spans = finding.watermark.segments
    sound = finding.watermark.audio.seconds if finding.watermark.audio else 0.0
    length = max([one.end for one in spans] + [sound], default=0.0)
    if length <= 0:
        return ()
    return tuple(
        WatermarkBar(
            start=one.start,
            end=one.end,
            left=round(100 * one.start / length, 2),
            width=round(max(0.5, 100 * (one.end - one.start) / length), 2),
            payload=one.payload or "",
        )
        for one in spans
    )


def lineage_tree(finding: Finding, step_pictures: Sequence[HistoryThumbnail] = ()) -> tuple[LineageNode, ...]:
    """The history that the credentials tell, as a tree; `step_pictures` has a picture for each step, or is empty."""
    told = [one for one in finding.evidence if one.kind.startswith("lineage.")]
    pictures = step_pictures if len(step_pictures) == len(told) else (HistoryThumbnail(),) * len(told)
    steps = [(int(one.kind.partition(".")[2] or 0), _lineage_node(one, pictures[at])) for at, one in enumerate(told)]
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
        end = next((at for at, (other, _) in enumerate(steps) if at and other <= depth), len(steps))
        branches.append(replace(first, children=_tree(steps[1:end])))
        steps = steps[end:]
    return tuple(branches)


def undrawn_evidence(finding: Finding) -> tuple[Evidence, ...]:
    """The evidence that is not drawn."""
    return tuple(one for one in finding.evidence if not one.kind.startswith(_KINDS_DRAWN))
