"""Writes docs/reference/watermark.md from what was measured, so that no figure in it is typed by hand.

python -m evals.watermark.report
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from evals.watermark.audio_report import audio_section
from evals.watermark.survival_table import RESULTS
from evals.watermark.video_clips import CLIPS, VideoClip

PAGE = Path("docs/reference/watermark.md")
ABOUT = Path(__file__).with_name("about.md")


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """about.md with its marked places filled."""
    results, null, removal, shimmer, audio = (
        json.loads((RESULTS / f"{name}.json").read_text())
        for name in ("watermark", "watermark_null", "watermark_removal", "watermark_shimmer", "audio_watermark")
    )
    text = ABOUT.read_text(encoding="utf-8")
    parts = {
        "ATTACKS": _attacks(results),
        "AXES": _axes(results),
        "CLIPS": _clips(results),
        "SHIMMER": _shimmer(shimmer),
        "PEERS": _peers(results),
        "NULL": _null(null),
        "REMOVAL": _removal(removal),
        "SOUND": audio_section(audio),
        "LIMITS": _limits(results),
    }
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    return text


def markdown_table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """In Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _share(sums: dict[str, Any]) -> tuple[str, str, str]:
    if not sums["n"]:
        return "-", "-", "-"
    interval = f"{100 * sums['low']:.0f}–{100 * sums['high']:.0f} %"
    return f"{sums['exact']} / {sums['n']}", f"{sums['recognised']} / {sums['n']}", interval


def _attacks(results: dict[str, Any]) -> str:
    head = ("attack", "exact, held out", "recognised", "95 %", "exact, tuned on", "recognised", "95 %")
    rows = [(name, *_share(one["held_out"]), *_share(one["tuned_on"])) for name, one in results["by_attack"].items()]
    return markdown_table(head, rows)


def _axes(results: dict[str, Any]) -> str:
    rows: list[tuple[Any, ...]] = []
    for axis, values in results["by_axis"].items():
        for value, sums in values.items():
            if sums["n"]:
                mark = f"{sums['psnr']:.1f} dB", f"{100 * sums['growth']:+.1f} %"
                rows.append((f"{axis}: {value}", sums["clips"], *_share(sums), *mark))
    return markdown_table(("of what", "clips", "exact", "recognised", "95 %", "PSNR of the mark", "more bytes"), rows)


def _clips(results: dict[str, Any]) -> str:
    quality = ("PSNR of the mark", "more bytes", "VMAF to the plain encode", "of two plain encodes")
    head = (
        "clip",
        "content",
        "strength",
        "exact",
        "recognised",
        *quality,
        "mark, ms a picture",
        "aligned / nothing found, s",
    )
    rows = []
    for clip in (clip for clip in CLIPS if clip.name in results["clips"]):
        row = results["clips"][clip.name]
        cells = row["attacks"].values()
        exact, recognised = (sum(cell[what] for cell in cells) for what in ("exact", "recognised"))
        rows.append(
            (
                f"{clip.name}{' (held out)' if clip.held_out else ''}",
                row["content"],
                f"{row['strength']:.2f}",
                f"{exact} / {len(cells)}",
                f"{recognised} / {len(cells)}",
                f"{row['psnr']:.1f} dB",
                f"{100 * row['growth']:+.1f} %",
                f"{row['vmaf_against_plain_encode']['vmaf']:.1f}",
                f"{row['vmaf_of_two_plain_encodes']['vmaf']:.1f}" if row["vmaf_of_two_plain_encodes"] else "-",
                f"{1000 * row['seconds'] / max(row['pictures'], 1):.0f}",
                f"{row['detect_aligned_s']} / {row.get('nothing_found_deep_s', '-')}",
            )
        )
    return markdown_table(head, rows)


def _shimmer(shimmer: dict[str, Any]) -> str:
    rows = [
        (
            name,
            *(f"{one[when]['plain']} / {one[when]['marked']}" for when in ("as_a_shot_begins", "later")),
            f"{100 * one['still_share']:.0f} %",
        )
        for name, one in shimmer["clips"].items()
    ]
    return markdown_table(("clip", "as a shot begins, plain / marked", "later, plain / marked", "stands still"), rows)


def _peers(results: dict[str, Any]) -> str:
    """Beside this mark on the same clips, by attack: exact, or the share of bits."""
    columns = [(clip, peer, row) for clip, peers in results["peers"].items() for peer, row in peers.items()]
    clips = list(results["peers"])
    head = ("attack", *(f"this mark, {clip}" for clip in clips), *(f"{peer}, {clip}" for clip, peer, _ in columns))
    names = list(columns[0][2]["attacks"]) if columns else []
    rows = [
        (
            name,
            *(_exact_or_dash(results["clips"][clip]["attacks"][name]["exact"]) for clip in clips),
            *(_bits(row["attacks"][name]) for _, _, row in columns),
        )
        for name in names
    ]
    costs = "; ".join(f"{peer} {row['ms_a_picture']:.0f} ms a picture on `{clip}`" for clip, peer, row in columns)
    published = "; ".join(f"{peer} {_bits(row['published'])} on `{clip}`" for clip, peer, row in columns)
    said = f"Marking and encoding: {costs}. As published, before any attack: {published}."
    return f"{markdown_table(head, rows)}\n\n{said}" if columns else "No peer was installed."


def _bits(share: float) -> str:
    return "exact" if share == 1 else f"{100 * share:.0f} % of bits"


def _exact_or_dash(exact: bool) -> str:
    return "exact" if exact else "-"


def _limits(results: dict[str, Any]) -> str:
    """What is missed most, and which clips were not measured."""
    lost = [
        f"`{name}` ({one['held_out']['recognised']} of {one['held_out']['n']})"
        for name, one in results["by_attack"].items()
        if 2 * one["held_out"]["recognised"] < one["held_out"]["n"]
    ]
    missing = [f"`{clip.name}`" for clip in CLIPS if clip.name not in results["clips"]]
    planned = [results["clips"][one.name] for one in CLIPS if _default_settings(one) and one.name in results["clips"]]
    grown = [row["growth"] for row in planned]
    above, mean = sum(one > 0.05 for one in grown), sum(grown) / len(grown)
    wrong = sum(cell["wrong"] for row in results["clips"].values() for cell in row["attacks"].values())
    said = f"- A wrong payload was said {wrong} times.\n- On held-out clips less than half is recognised after: "
    said += f"{', '.join(lost) or 'nothing that was tried'}.\n- Where 5 % of the bytes were allowed the file grew by "
    said += f"{100 * mean:.1f} % in the mean, and by more than 5 % on {above} of {len(grown)} clips, at the most by "
    said += f"{100 * max(grown):.1f} %."
    seen = [row["vmaf_against_plain_encode"]["vmaf"] for row in planned]
    said += f" VMAF to the plain encode is below 97 on {sum(one < 97 for one in seen)} of them."
    return said + (
        f"\n- Listed in `evals/watermark/video_clips.py` but not measured: {', '.join(missing)}." if missing else ""
    )


def _default_settings(clip: VideoClip) -> bool:
    return clip.strength is None and clip.growth == CLIPS[0].growth


def _null(null: dict[str, Any]) -> str:
    items = ", ".join(f"{count} × {kind}" for kind, count in null["items"].items())
    tail = [
        (z, f"{share:.2g}", f"{bound:.2g}") for z, (share, bound) in null["wrong_key_share_above_z_and_bound"].items()
    ]
    needed, (seen, _) = null["z_needed_for_presence"], null["wrong_key_share_above_z_and_bound"]["5.5"]
    gaussian = seen * math.exp((5.5**2 - needed**2) / 2)
    efforts = "; ".join(
        f"{one['n']} looked at {effort}: largest z {one['largest_z']:.2f}, smallest p {one['smallest_p']:.2g}, "
        f"{one['seconds_median']} s of CPU in the median"
        for effort, one in null["by_effort"].items()
    )
    said = (
        f"Unmarked: {null['n']} items ({items}), each compared with {null['issued']:,} payloads; {null['detected']} "
        f"detected, so at most "
        f"{100 * null['upper_bound_95']:.2f} % by counting alone; about z {needed} is needed. {efforts}. Wrong keys: "
        f"{null['wrong_key_readings']} readings, largest z {null['wrong_key_largest_z']}. From 5 on their tail falls "
        f"as a Gaussian one: drawn on from 5.5, one reading reaches {needed} with a chance of {gaussian:.1g}; by a "
        f"Gumbel law fitted to all, with a heavier tail than was seen, with {null['chance_of_that_by_gumbel']:.1g}.\n\n"
    )
    return said + markdown_table(("z", "share of wrong-key readings above", "proved bound"), tail)


def _removal(removal: dict[str, Any]) -> str:
    rows = []
    for name, one in removal.items():
        present, cost = "yes" if one["present"] else "no", one["psnr_to_marked"] or "-"
        rows.append((name.replace("_", " "), one["payload"] or "-", present, one["z"], cost))
    return markdown_table(("what is done", "payload read", "present", "z", "PSNR to the marked copy"), rows)


if __name__ == "__main__":
    main()
