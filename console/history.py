"""What the page draws from a finding: a line of marked seconds, and a tree of what the file was made from."""

from __future__ import annotations

from dataclasses import dataclass

from core.finding import Evidence, Finding

_KINDS_DRAWN = ("lineage.", "watermark.segment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A stretch of the video, in seconds and in percent of its length. `payload` is empty where nothing was read."""

    start: float
    end: float
    left: float
    width: float
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A line of the tree, `depth` steps back."""

    depth: int
    says: str


def timeline(finding: Finding) -> tuple[Bar, ...]:
    """The marked seconds in order; nothing where none are known."""
    spans = finding.watermark.segments
    sound = finding.watermark.audio.seconds if finding.watermark.audio else 0.0
    length = max([one.end for one in spans] + [sound], default=0.0)
    if length <= 0:
        return ()
    return tuple(
        Bar(
            start=one.start,
            end=one.end,
            left=round(100 * one.start / length, 2),
            width=round(max(0.5, 100 * (one.end - one.start) / length), 2),
            payload=one.payload or "",
        )
        for one in spans
    )


def lineage(finding: Finding) -> tuple[Branch, ...]:
    """The history that the credentials tell, nearest first."""
    told = [one for one in finding.evidence if one.kind.startswith("lineage.")]
    return tuple(Branch(depth=min(int(one.kind.partition(".")[2] or 0), 12), says=one.says) for one in told)


def proofs(finding: Finding) -> tuple[Evidence, ...]:
    """The evidence that is not drawn."""
    return tuple(one for one in finding.evidence if not one.kind.startswith(_KINDS_DRAWN))
