"""Makes docs/reference/prompts.md and the calibration plot from evals/results/prompts.json and prompt_speed.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.prompts.accuracy import RESULT
from evals.prompts.goals import goal_rows
from evals.prompts.latency import RESULT as SPEED

PAGE = Path("docs/reference/prompts.md")
PLOT = Path("evals/results/prompts_calibration.png")
_KINDS = {
    "video_prompts": "prompts for videos (T2VSafetyBench, SAFREE; harmless: VBench, EvalCrafter, FETV, captions …)",
    "lookalikes": "chat that only looks unsafe, and its contrasts (written for this project, hard on purpose)",
    "posts": "posts as moderators see them, and safe ones (written for this project, templates held out)",
    "toxicity_surge": "toxic comments (Surge)",
    "toxicity_wikipedia": "toxic comments (Wikipedia talk)",
    "hatecheck_en": "HateCheck, English",
}
_WAYS = {
    "held_or_refused": "held or refused",
    "refused": "refused",
    "baseline_terms": "baseline: term lists alone",
    "baseline_alt_profanity_check": "baseline: alt-profanity-check 1.9.1",
}


def main() -> None:
    """Write both."""
    found = json.loads(RESULT.read_text(encoding="utf-8"))
    PAGE.write_text(page(found, json.loads(SPEED.read_text(encoding="utf-8"))), encoding="utf-8")
    _plot(found["calibration"])


def page(results: dict[str, Any], latency: dict[str, Any]) -> str:
    """The figures in tables."""
    on = results["machine"]
    return "\n".join(
        [
            "# Figures of prompt screening",
            "",
            "<!-- made by `python -m evals.prompts.report` from evals/results/prompts.json and prompt_speed.json -->",
            "",
            f"`ASSAY_DATA=… python -m evals.prompts.accuracy`, {results['texts']} texts, {on['date']}. "
            "None was learnt from, but",
            "thresholds and calibration were set on most of them, and some texts to learn from were written with",
            "missed prompts in view: held-out figures will be lower. Of the multilingual test it is the third that",
            "nothing was set on. Intervals are Wilson's, 95 %. The second baseline was made for",
            "comments, likely those of Wikipedia.",
            "",
            "## Goals",
            "What is held for a person to look at counts as stopped here, as much as what is refused.",
            *goal_rows(results, latency),
            "",
            "## Decisions of the default pack",
            *_kinds(results["kinds"]),
            "",
            "## Hate by language (multilingual HateCheck, at score 0.5)",
            *_languages(results["hate_by_language"]),
            "",
            "## Harmless prompts and captions held, by language",
            *_shares(results["captions_by_language"], "language"),
            "",
            "## Published attacks held or refused",
            *_shares(results["attacks_found"], "attack"),
            "",
            "## Prompts that are caught, in disguise",
            "A disguise by itself holds where a listed word wears it, and so do harmless prompts in most disguises.",
            *_disguises(results["disguised"]),
            "",
            "## Labels, all classifiers together, at score 0.5",
            *_labels(results["by_label"]),
            "",
            "## Calibration",
            "Of the texts in each tenth of the score, the share that has the label:",
            "![calibration](../../evals/results/prompts_calibration.png)",
            "",
        ]
    )


def _kinds(found: dict[str, Any]) -> Iterator[str]:
    yield "| texts | way | unsafe found | harmless stopped | F1 |"
    yield "|---|---|---|---|---|"
    for kind, ways in found.items():
        for way, one in ways.items():
            yield (
                f"| {_KINDS[kind]} | {_WAYS[way]} | {_share(one['recall'])} | {_share(one['false_alarms'])} "
                f"| {one['f1']:.2f} |"
            )


def _languages(found: dict[str, Any]) -> Iterator[str]:
    yield f"Mean over the languages: AUC {found['mean']['auc']:.3f}, macro-F1 {found['mean']['macro_f1']:.3f}."
    yield ""
    yield "| language | AUC | macro-F1 | found | harmless stopped |"
    yield "|---|---|---|---|---|"
    for lang, one in found.items():
        if lang != "mean":
            yield (
                f"| {lang} | {one['auc']:.3f} | {one['macro_f1']:.3f} | {_share(one['recall'])} "
                f"| {_share(one['false_alarms'])} |"
            )


def _shares(found: dict[str, Any], name: str) -> Iterator[str]:
    yield f"| {name} | share |"
    yield "|---|---|"
    yield from (f"| {key} | {_share(one)} |" for key, one in found.items())


def _disguises(found: dict[str, Any]) -> Iterator[str]:
    yield "| disguise | still caught | harmless held |"
    yield "|---|---|---|"
    for name, one in found.items():
        yield f"| {name} | {_share(one['still_caught'])} | {_share(one['harmless_held'])} |"


def _labels(found: dict[str, Any]) -> Iterator[str]:
    yield "| label | style | AUC | found | false alarms |"
    yield "|---|---|---|---|---|"
    for label, styles in found.items():
        for style, sources in styles.items():
            if one := sources.get("together"):
                yield (
                    f"| `{label}` | {style} | {one['auc'] or 0:.3f} | {_share(one['recall'])} "
                    f"| {_share(one['false_alarms'])} |"
                )


def _share(one: dict[str, Any]) -> str:
    if one["share"] is None:
        return "–"
    return f"{100 * one['share']:.1f} % ({100 * one['low']:.1f}–{100 * one['high']:.1f}), n={one['n']}"


def _plot(found: dict[str, Any]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    for label, bins in found.items():
        axes.plot([one["mean_score"] for one in bins], [one["share"]["share"] for one in bins], marker="o", label=label)
    axes.set_xlabel("mean score")
    axes.set_ylabel("share that has the label")
    axes.legend()
    figure.savefig(PLOT, dpi=90, bbox_inches="tight")


if __name__ == "__main__":
    main()
