"""Writes docs/reference/watermark.md from what was measured, so that no figure in it is typed by hand.

python -m evals.watermark.report
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from evals.pages import EVALS_FOLDER, render_markdown, stored_results
from evals.watermark.peer_comparison import FRAME_COUNT, PEER_ATTACKS
from evals.watermark.result_records import VideoResults
from evals.watermark.video_clips import CLIPS, VideoClip

PAGE = EVALS_FOLDER.parent / "docs" / "reference" / "watermark.md"
_SOUND_GROUPS = (
    ("held_out", "speech"),
    ("held_out", "film"),
    ("other_stretches", "music"),
    ("held_out", "sparse bass"),
)
"""Music was at hand in two pieces, and settings were chosen on other stretches of them."""
_MAX_GROWTH = 0.05
"""Share of the bytes: what the mark may cost by default."""
_MIN_VMAF = 97
"""VMAF to the plain encode: the goal."""
_TAIL_BEGINS = "5.5"
"""z from which the share of readings with a wrong key is drawn on as a Gaussian tail."""


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The words of the template with the figures in them."""
    video, sound, null = (stored_results(name) for name in ("watermark", "audio_watermark", "watermark_null"))
    return render_markdown(
        "watermark/templates/watermark.md.j2",
        by_attack=video["by_attack"],
        by_axis=video["by_axis"],
        clips=video["clips"],
        clips_measured=[clip for clip in CLIPS if clip.name in video["clips"]],
        peers=[
            {"name": name, "clip": clip, **row}
            for clip, by_name in video["peers"].items()
            for name, row in by_name.items()
        ],
        peer_clips=list(video["peers"]),
        limits=_limits(video),
        shimmer=stored_results("watermark_shimmer")["clips"],
        compilations=stored_results("watermark_compilations"),
        null=null,
        chance_by_gaussian_tail=_chance_by_gaussian_tail(null),
        removal=stored_results("watermark_removal"),
        heavier=stored_results("watermark_heavier"),
        averaging=stored_results("watermark_averaging"),
        air=stored_results("audio_through_air"),
        peers_in_one_run=_peers_in_one_run(stored_results("watermark_peers")),
        sound=sound,
        sound_survival=[
            (kind, sound[group]["survival"][kind]) for group, kind in _SOUND_GROUPS if kind in sound[group]["survival"]
        ],
        sound_pesq=list(_sound_pesq(sound)),
    )


def _peers_in_one_run(results: dict[str, Any]) -> dict[str, Any]:
    """With the attacks that all rows have, in their order, and how many pictures were marked."""
    return {**results, "attacks": PEER_ATTACKS, "pictures": FRAME_COUNT}


def _limits(video: VideoResults) -> dict[str, int | float | list[str]]:
    """What is missed most, what the mark costs, and which clips were not measured."""
    clips = video["clips"]
    at_default = [clips[clip.name] for clip in CLIPS if _default_settings(clip) and clip.name in clips]
    growths = [row["growth"] for row in at_default]
    return {
        "wrong_payloads": sum(cell["wrong"] for row in clips.values() for cell in row["attacks"].values()),
        "attacks_lost": [
            f"`{name}` ({row['held_out']['recognised']} of {row['held_out']['n']})"
            for name, row in video["by_attack"].items()
            if 2 * row["held_out"]["recognised"] < row["held_out"]["n"]
        ],
        "clips": len(growths),
        "mean_growth": sum(growths) / len(growths),
        "max_growth": max(growths),
        "clips_above_growth": sum(growth > _MAX_GROWTH for growth in growths),
        "clips_below_vmaf": sum(row["vmaf_against_plain_encode"]["vmaf"] < _MIN_VMAF for row in at_default),
        "clips_not_measured": [clip.name for clip in CLIPS if clip.name not in clips],
    }


def _default_settings(clip: VideoClip) -> bool:
    return clip.strength is None and clip.growth == CLIPS[0].growth


def _chance_by_gaussian_tail(null: dict[str, Any]) -> float:
    """That one reading with a wrong key reaches the z that presence needs."""
    share, _bound = null["wrong_key_share_above_z_and_bound"][_TAIL_BEGINS]
    return float(share * math.exp((float(_TAIL_BEGINS) ** 2 - null["z_needed_for_presence"] ** 2) / 2))


def _sound_pesq(sound: dict[str, Any]) -> Iterator[tuple[str, dict[str, float]]]:
    """By content, the held-out clips first."""
    for group in (sound["held_out"], sound["other_stretches"]):
        yield from ((name.removeprefix("pesq_"), row) for name, row in group.items() if name.startswith("pesq_"))


if __name__ == "__main__":
    main()
