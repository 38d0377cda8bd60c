"""What evals/results/watermark.json holds: clips by attack, the sums of them, and open peers."""

from __future__ import annotations

from typing import TypedDict

from evals.bench.machine_info import MachineInfo


class AttackResult(TypedDict):
    """What was detected after one attack on one clip; `seconds` of CPU beyond decoding."""

    exact: bool
    recognised: bool
    present: bool
    wrong: bool
    z: float
    effort: str
    geometry: str
    seconds: float


class VmafScores(TypedDict):
    """VMAF 0.6.1 and its NEG variant, 0 to 100."""

    vmaf: float
    neg: float


class MarkCost(TypedDict):
    """`psnr` of the mark before encoding, in dB; `seconds` of CPU to mark and to encode so many pictures."""

    strength: float
    psnr: float
    seconds: float
    pictures: int


class _UnmarkedControl(TypedDict, total=False):
    """The same clip without a mark; not of the brief suite."""

    nothing_found_deep_s: float
    unmarked_detected: bool


class MarkQuality(_UnmarkedControl):
    """What the mark changes; `growth` is a share of the bytes of the plain encode, `detect_aligned_s` is CPU."""

    content: str
    suite: str
    growth: float
    vmaf_against_plain_encode: VmafScores
    vmaf_of_two_plain_encodes: VmafScores | None
    z: float
    detect_aligned_s: float


class VideoClipResult(MarkQuality, MarkCost):
    """One clip, with its attacks by name."""

    attacks: dict[str, AttackResult]


class BaselineResult(TypedDict):
    """An open peer on one clip: shares of bits that are right, as published and by attack."""

    published: float
    ms_a_picture: float
    attacks: dict[str, float]


class SurvivalCounts(TypedDict):
    """Of `n` attacked clips; the interval is of `recognised`."""

    n: int
    exact: int
    recognised: int
    present: int
    low: float
    high: float


class AxisSurvival(SurvivalCounts):
    """Of clips of one kind, with the mean of what the mark costs on them; none without clips."""

    clips: int
    psnr: float | None
    growth: float | None


class AttackSurvival(TypedDict):
    """Of clips that something was tuned on, and of those held out."""

    tuned_on: SurvivalCounts
    held_out: SurvivalCounts


class VideoResults(TypedDict, total=False):
    """The file; sums and machine are written once a clip is measured."""

    clips: dict[str, VideoClipResult]
    peers: dict[str, dict[str, BaselineResult]]
    machine: MachineInfo
    by_attack: dict[str, AttackSurvival]
    by_axis: dict[str, dict[str, AxisSurvival]]
