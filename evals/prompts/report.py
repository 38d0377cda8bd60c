"""Makes docs/reference/prompts.md and the calibration plot from what stands in evals/results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from classifiers.text.prompt_intent import PromptIntent
from evals.pages import render_markdown
from evals.prompts.accuracy import RESULT
from evals.prompts.cross_source import RESULT as CROSS_SOURCE
from evals.prompts.e5_peer import RESULT as E5_PEER
from evals.prompts.goals import prompt_goals
from evals.prompts.groups import RESULT as GROUPS
from evals.prompts.groups import group_means
from evals.prompts.latency import RESULT as SPEED
from evals.prompts.named_people import RESULT as NAMED
from evals.prompts.new_source import by_style_and_side

PAGE = Path("docs/reference/prompts.md")
_ROOT = Path(__file__).parents[2]
SECOND_READER = Path("evals/results/prompt_second_reader.json")  # what makes it needs torch, and a page does not
PLOT = Path("evals/results/prompts_calibration.png")
_KIND_NAMES = {
    "video_prompts": "prompts for videos (T2VSafetyBench, SAFREE; harmless: VBench, EvalCrafter, FETV, captions …)",
    "lookalikes": "chat that only looks unsafe, and its contrasts (written for this project, hard on purpose)",
    "posts": "posts as moderators see them, and safe ones (written for this project, templates held out)",
    "toxicity_surge": "toxic comments (Surge)",
    "toxicity_wikipedia": "toxic comments (Wikipedia talk)",
    "hatecheck_en": "HateCheck, English",
}
_SECOND_NAMES = {
    "video_prompts": "prompts for videos",
    "lookalikes": "chat that only looks unsafe, and its contrasts",
    "chat": "chat (HarmBench and look-alikes)",
}
_STYLE_NAMES = {"video": "prompts for videos", "not_given": "none given"}
_SIDE_NAMES = {"found": "unsafe found", "harmless_held": "harmless held"}
_WAY_NAMES = {
    "held_or_refused": "held or refused",
    "refused": "refused",
    "baseline_terms": "baseline: term lists alone",
    "baseline_alt_profanity_check": "baseline: alt-profanity-check 1.9.1",
}


def main() -> None:
    """Write both."""
    results = json.loads(RESULT.read_text(encoding="utf-8"))
    PAGE.write_text(page(results, json.loads(SPEED.read_text(encoding="utf-8"))), encoding="utf-8")
    _plot_calibration(results["calibration"])


def page(results: dict[str, Any], latency: dict[str, Any]) -> str:
    """The figures in tables."""
    kept = _ROOT / GROUPS
    groups = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {"styles": {}}
    named = json.loads((_ROOT / NAMED).read_text(encoding="utf-8"))
    cross = json.loads((_ROOT / CROSS_SOURCE).read_text(encoding="utf-8"))
    return render_markdown(
        "prompts/templates/prompts.md.j2",
        goals=prompt_goals(results, latency, groups, named),
        named=named,
        version=PromptIntent.version,
        groups=groups,
        group_means={style: group_means(row) for style, row in groups["styles"].items()},
        style_names=_STYLE_NAMES,
        kind_names=_KIND_NAMES,
        way_names=_WAY_NAMES,
        styles_given=results.get("styles") == "given",
        e5=json.loads((_ROOT / E5_PEER).read_text(encoding="utf-8")),
        second=json.loads((_ROOT / SECOND_READER).read_text(encoding="utf-8")),
        second_names=_SECOND_NAMES,
        cross=cross,
        new_sources=by_style_and_side(cross["sources"]),
        side_names=_SIDE_NAMES,
        **results,
    )


def _plot_calibration(bins_by_label: dict[str, Any]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    for label, bins in bins_by_label.items():
        axes.plot(
            [tenth["mean_score"] for tenth in bins],
            [tenth["share"]["share"] for tenth in bins],
            marker="o",
            label=label,
        )
    axes.set_xlabel("mean score")
    axes.set_ylabel("share that has the label")
    axes.legend()
    figure.savefig(PLOT, dpi=90, bbox_inches="tight")


if __name__ == "__main__":
    main()
