"""The part of docs/reference/watermark.md that tells of the mark in sound, from evals/results/audio_watermark.json."""

from __future__ import annotations

from typing import Any

_GROUPS = (("held_out", "speech"), ("held_out", "film"), ("other_stretches", "music"), ("held_out", "sparse bass"))
"""Music was at hand in two pieces, and settings were chosen on other stretches of them."""


def audio_section(audio: dict[str, Any]) -> str:
    """Survival by attack, quality, cost, false alarms, and the peers."""
    kinds = [(kind, audio[group]["survival"][kind]) for group, kind in _GROUPS if kind in audio[group]["survival"]]
    attacks = list(kinds[0][1])
    rows = [(name, *(_shown(one[name]) for _, one in kinds)) for name in attacks]
    head = ("attack", *(f"{kind}: exact, recognised (95 %)" for kind, _ in kinds))
    return "\n\n".join((_lines(head, rows), _quality(audio), _peers(audio)))


def _shown(sums: dict[str, Any]) -> str:
    low, high = sums["interval"]
    return f"{sums['exact']}, {sums['recognised']} / {sums['n']} ({100 * low:.0f}–{100 * high:.0f} %)"


def _quality(audio: dict[str, Any]) -> str:
    held, false = audio["held_out"], audio["false_alarms"]
    heard = ", ".join(
        f"{group[name]['mean']:.2f} (least {group[name]['least']:.2f}) for {name.removeprefix('pesq_')}"
        for group in (held, audio["other_stretches"])
        for name in group
        if name.startswith("pesq_")
    )
    return (
        f"PESQ of the mark alone: {heard}. Marking takes {held['embed_rt']:.4f} of the duration, looking "
        f"{held['detect_rt']:.3f}, and {false['detect_rt_nothing_found']:.3f} where nothing is found. Unmarked or with "
        f"wrong keys: {false['n']} looks, {false['p <= 1e-09']} at 1e-9 or below, the smallest p "
        f"{false['smallest_p']:.2g}."
    )


def _peers(audio: dict[str, Any]) -> str:
    peers = audio["peers"]
    head = ("attack", *(f"{one['name']} ({one['carries']})" for one in peers))
    rows: list[tuple[Any, ...]] = [("PESQ, mean", *(f"{one['pesq']:.2f}" for one in peers))]
    rows.append(("marking, of the duration", *(f"{one['embed_rt']:.3f}" for one in peers)))
    for name in peers[0]["survival"]:
        rows.append((name, *(f"{one['survival'][name]['found']} / {one['survival'][name]['n']}" for one in peers)))
    return "Peers on the same held-out clips, found:\n\n" + _lines(head, rows)


def _lines(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
