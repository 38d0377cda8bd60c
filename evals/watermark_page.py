"""Writes docs/reference/watermark.md from what was measured, so that no figure in it is typed by hand.

python -m evals.watermark_page
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from evals.watermark_clips import CLIPS
from evals.watermark_table import RESULTS

PAGE = Path("docs/reference/watermark.md")
ABOUT = Path(__file__).with_name("watermark_about.md")


def main() -> None:
    """Fills the marked places of watermark_about.md."""
    results, null, part, removal = (
        json.loads((RESULTS / f"{name}.json").read_text())
        for name in ("watermark", "watermark_null", "watermark_null_part", "watermark_removal")
    )
    page = ABOUT.read_text()
    parts = {
        "ATTACKS": _attacks(results),
        "CLIPS": _clips(results),
        "NULL": _part(part) + _null(null),
        "REMOVAL": _removal(removal),
    }
    parts["LIMITS"] = _limits(results)
    for name, text in parts.items():
        page = page.replace(f"<!-- {name} -->", text)
    PAGE.write_text(page)


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _attacks(results: dict[str, Any]) -> str:
    def cells(sums: dict[str, Any]) -> tuple[str, str, str]:
        if not sums["n"]:
            return "-", "-", "-"
        interval = f"{100 * sums['low']:.0f}–{100 * sums['high']:.0f} %"
        return f"{sums['exact']} / {sums['n']}", interval, f"{sums['present']} / {sums['n']}"

    head = ("attack", "exact, held out", "95 %", "present", "exact, tuned on", "95 %", "present")
    rows = [(name, *cells(one["held_out"]), *cells(one["tuned_on"])) for name, one in results["by_attack"].items()]
    return _table(head, rows)


def _clips(results: dict[str, Any]) -> str:
    quality = ("PSNR of the mark", "more bytes", "VMAF lost", "VMAF to the plain encode")
    head = ("clip", "content", "exact", *quality, "mark, ms a picture", "aligned / nothing found, s")
    rows = []
    for name, row in results["clips"].items():
        cells = row["attacks"].values()
        exact = f"{sum(cell['exact'] for cell in cells)} / {len(cells)}"
        lost, plain = row["vmaf_lost_against_source"], row["vmaf_against_plain_encode"]
        each = 1000 * row["seconds"] / max(row["pictures"], 1)
        rows.append(
            (
                f"{name}{' (held out)' if row['held_out'] else ''}",
                row["content"],
                exact,
                f"{row['psnr']:.1f} dB",
                f"{100 * row['growth']:+.1f} %",
                f"{lost['vmaf']:.1f}",
                f"{plain['vmaf']:.1f}",
                f"{each:.0f}",
                f"{row['detect_aligned_s']} / {row['nothing_found_deep_s']}",
            )
        )
    return _table(head, rows)


def _limits(results: dict[str, Any]) -> str:
    """What is missed most, and which clips were not measured."""
    lost = [
        f"`{name}` ({one['held_out']['exact']} of {one['held_out']['n']})"
        for name, one in results["by_attack"].items()
        if 2 * one["held_out"]["exact"] < one["held_out"]["n"]
    ]
    missing = [f"`{clip.name}`" for clip in CLIPS if clip.name not in results["clips"]]
    said = f"- On held-out clips less than half is read after: {', '.join(lost) or 'nothing that was tried'}."
    return said + (
        f"\n- Listed in `evals/watermark_clips.py` but not measured: {', '.join(missing)}." if missing else ""
    )


def _part(part: dict[str, Any]) -> str:
    return (
        f"This version, every {part['every']}th of those items: {part['n']} unmarked, {part['detected']} detected, so "
        f"at most {100 * part['upper_bound_95']:.1f} % by counting alone; the largest z was {part['largest_z']}. Of "
        f"{part['wrong_key_readings']} readings with wrong keys the largest z was {part['wrong_key_largest_z']}.\n\n"
        "The version before: "
    )


def _null(null: dict[str, Any]) -> str:
    items = ", ".join(
        f"{count} {kind}s" if kind != "synthetic" else f"{count} drawn" for kind, count in null["items"].items()
    )
    tail = [
        (z, f"{share:.2g}", f"{bound:.2g}") for z, (share, bound) in null["wrong_key_share_above_z_and_bound"].items()
    ]
    needed, (seen, _) = null["z_needed_for_presence"], null["wrong_key_share_above_z_and_bound"]["5.5"]
    gaussian = seen * math.exp((5.5**2 - needed**2) / 2)
    said = (
        f"Unmarked: {null['n']} items ({items}); {null['detected']} detected, so at most "
        f"{100 * null['upper_bound_95']:.2f} % by counting alone; the largest z was {null['largest_z']}, and about "
        f"{needed} is needed. Wrong keys: {null['wrong_key_readings']} readings, largest z "
        f"{null['wrong_key_largest_z']}. From 5 on their tail falls as a Gaussian one: drawn on from 5.5, one reading "
        f"reaches {needed} with a chance of {gaussian:.1g}; by a Gumbel law fitted to all of them, with a heavier tail "
        f"than was seen, with {null['chance_of_that_by_gumbel']:.1g}.\n\n"
    )
    return said + _table(("z", "share of wrong-key readings above", "proved bound"), tail)


def _removal(removal: dict[str, Any]) -> str:
    rows = []
    for name, one in removal.items():
        present, cost = "yes" if one["present"] else "no", one["psnr_to_marked"] or "-"
        rows.append((name.replace("_", " "), one["payload"] or "-", present, one["z"], cost))
    return _table(("what is done", "payload read", "present", "z", "PSNR to the marked copy"), rows)


if __name__ == "__main__":
    main()
