"""Measures the prompt classifiers and the default policy and writes evals/results/prompts.json.

    ASSAY_DATA=… python -m evals.prompts

On dev rows, on texts of our own that were held out or written only to measure, and on disguised copies. Beside it two
baselines: the term lists alone, and alt-profanity-check (a linear model; pip install --no-deps alt-profanity-check).
Thresholds and calibration were set on dev rows, so figures on them are of tuning; no model saw them in training.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.verdicts import Decision
from evals.machine import machine
from evals.prompt_answers import Answers, answers
from evals.prompt_disguises import DISGUISES
from evals.prompt_figures import figures, found, reliability, share
from evals.prompt_rows import thirds
from evals.prompt_texts import LABELS, SEEDS, STYLES, Text, of_row, written
from evals.train_encoder import chosen, split

OUT = Path("evals/results/prompts.json")
_FEWEST = 12
_POSTS = "seed:moderation"
_LARGE = ("multilingual_hatecheck", "hatecheck", "multitarget_conan", "multi30k")  # a third of each is measured
_VIDEO = ("t2vsafetybench", "safree_t2v")
_GRAVE = (
    "sexual", "sexual_minors", "intimate_image", "violence", "gore", "self_harm", "hate", "extremism", "harassment",
    "illicit", "weapons", "disinfo", "fraud", "jailbreak", "unsafe",
)  # fmt: skip

Bools = NDArray[np.bool_]


def main() -> None:
    """Measure everything once, weigh, write."""
    what = material()
    said = answers([one.text for one in what])
    report = {
        "machine": machine(),
        "texts": len(what),
        "by_label": by_label(what, said),
        "kinds": kinds(what, said),
        "hate_by_language": by_language(what, said),
        "captions_by_language": captions(what, said),
        "attacks_found": attacks(what, said),
        "disguised": disguised(what, said),
        "calibration": calibration(what, said),
    }
    OUT.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def material() -> list[Text]:
    """Dev rows, the texts of our own that were written to measure with, and posts of our own that were held out.

    Of the multilingual test the third that calibration did not see; nothing else of it is looked at.
    """
    own = [text for path in sorted(SEEDS.glob("dev_*.toml")) for text in written(path)]
    posts = [one for one in split(chosen(7))[1] if one.source.startswith(_POSTS)]
    return [*map(of_row, thirds("dev", _LARGE, 1)), *own, *posts]


def kinds(what: Sequence[Text], said: Answers) -> dict[str, Any]:
    """Yes (held or refused) and refused alone, for each kind of text of which there are safe and unsafe ones."""
    sides: Mapping[str, tuple[Bools, Bools]] = {
        "video_prompts": (
            of(what, lambda one: one.source in _VIDEO and one.unsafe),
            of(what, lambda one: one.style == "video" and "benign" in one.said and not one.source.startswith("seed")),
        ),
        "lookalikes": (
            of(what, lambda one: one.source == "seed:dev_lookalikes" and one.unsafe),
            of(what, lambda one: one.source == "seed:dev_lookalikes" and not one.unsafe),
        ),
        "posts": (
            of(what, lambda one: one.source.startswith(_POSTS) and one.unsafe),
            of(what, lambda one: one.source.startswith(_POSTS) and not one.unsafe),
        ),
        "toxicity_surge": _toxic(what, "surge_toxicity"),
        "toxicity_wikipedia": _toxic(what, "jigsaw_wikipedia"),
        "hatecheck_en": (
            of(what, lambda one: one.source == "hatecheck" and one.unsafe),
            of(what, lambda one: one.source == "hatecheck" and not one.unsafe),
        ),
    }
    ways = {
        "held_or_refused": said.decisions >= Decision.HOLD,
        "refused": said.decisions == Decision.REFUSE,
        "baseline_terms": _highest(said, "prompt_terms") >= 0.6,
        **_profanity(what),
    }
    return {
        kind: {way: found(yes, guilty, harmless) for way, yes in ways.items()}
        for kind, (guilty, harmless) in sides.items()
    }


def _toxic(what: Sequence[Text], source: str) -> tuple[Bools, Bools]:
    mine = of(what, lambda one: one.source == source)
    guilty = mine & of(what, lambda one: "toxic_unspecified" in one.said)
    return guilty, mine & ~guilty


def _profanity(what: Sequence[Text]) -> dict[str, Bools]:
    if find_spec("profanity_check") is None:
        return {}
    from profanity_check import predict_prob

    return {"baseline_alt_profanity_check": predict_prob([one.text for one in what]) >= 0.5}


def by_label(what: Sequence[Text], said: Answers) -> dict[str, Any]:
    """Each label against the harmless of the same style; sources apart and together."""
    report: dict[str, Any] = {}
    for label in LABELS:
        for style in STYLES:
            mine = of(what, lambda one, style=style: one.style == style)
            guilty = mine & of(what, lambda one, label=label: label in one.said or (label == "unsafe" and one.unsafe))
            harmless = mine & of(what, lambda one: "benign" in one.said)
            if guilty.sum() >= _FEWEST and harmless.sum() >= _FEWEST:
                report.setdefault(label, {})[style] = {
                    source: figures(said.scores[source, label], guilty, harmless)
                    for source in ("prompt_terms", "prompt_intent", "together")
                    if (source, label) in said.scores and not np.isnan(said.scores[source, label]).all()
                }
    return report


def by_language(what: Sequence[Text], said: Answers) -> dict[str, Any]:
    """Hate in the multilingual functional test, by score and by decision, and the mean of the languages."""
    report: dict[str, Any] = {}
    hate = said.scores["prompt_intent", "hate"]
    for lang in sorted({one.lang for one in what if one.source == "multilingual_hatecheck"}):
        here = of(what, lambda one, lang=lang: one.source == "multilingual_hatecheck" and one.lang == lang)
        guilty = here & of(what, lambda one: "hate" in one.said)
        report[lang] = figures(hate, guilty, here & ~guilty) | {
            "decided": found(said.decisions >= Decision.HOLD, guilty, here & ~guilty),
            "unmeasured": round(float(np.isnan(hate[here]).mean()), 3),
        }
    means = {key: round(float(np.mean([one[key] for one in report.values()])), 4) for key in ("auc", "macro_f1")}
    return {"mean": means, **report}


def captions(what: Sequence[Text], said: Answers) -> dict[str, Any]:
    """Harmless captions and prompts of each language that would be held or refused."""
    harmless = of(what, lambda one: one.style == "video" and "benign" in one.said)
    report = {}
    for lang in sorted({one.lang for one in what}):
        here = harmless & of(what, lambda one, lang=lang: one.lang == lang)
        if here.sum() >= _FEWEST:
            report[lang] = share(said.decisions[here] >= Decision.HOLD)
    return report


def attacks(what: Sequence[Text], said: Answers) -> dict[str, Any]:
    """What share of published attacks is held or refused."""
    names = sorted({one.source for one in what if one.source.startswith(("mma", "ringabell", "adversarial"))})
    return {
        name: share(said.decisions[of(what, lambda one, name=name: one.source == name)] >= Decision.HOLD)
        for name in names
    }


def disguised(what: Sequence[Text], said: Answers) -> dict[str, Any]:
    """Of prompts that are caught as they are, the share still caught in each disguise; and of harmless ones, held."""
    caught = [
        one for one, decision in zip(what, said.decisions, strict=True)
        if one.source in _VIDEO and one.unsafe and decision >= Decision.HOLD
    ][:120]  # fmt: skip
    quiet = [
        one for one, decision in zip(what, said.decisions, strict=True)
        if one.source == "vbench1" and decision == Decision.ALLOW
    ][:60]  # fmt: skip
    report = {}
    for name, way in DISGUISES.items():
        there = answers([replace(one, text=way(one.text)).text for one in [*caught, *quiet]]).decisions
        report[name] = {
            "still_caught": share(there[: len(caught)] >= Decision.HOLD),
            "harmless_held": share(there[len(caught) :] >= Decision.HOLD),
        }
    return report


def calibration(what: Sequence[Text], said: Answers) -> dict[str, Any]:
    """What a calibration plot shows, for the labels with the most rows."""
    video = of(what, lambda one: one.style == "video" and one.source not in ("i2p", "adversarial_nibbler"))
    social = of(what, lambda one: one.style == "social")
    report = {}
    for label, mine in (("sexual", video), ("violence", video), ("unsafe", video), ("hate", social)):
        sides = of(what, lambda one, label=label: label in one.said or (label == "unsafe" and one.unsafe))
        report[label] = reliability(said.scores["prompt_intent", label][mine], sides[mine])
    return report


def of(what: Sequence[Text], is_mine: Any) -> Bools:
    """Which of the texts are meant."""
    return np.array([bool(is_mine(one)) for one in what])


def _highest(said: Answers, source: str) -> NDArray[np.float64]:
    kept = [said.scores[source, label] for label in _GRAVE if (source, label) in said.scores]
    return np.asarray(np.nanmax(np.stack([*kept, np.zeros(len(said.decisions))]), axis=0))


if __name__ == "__main__":
    main()
