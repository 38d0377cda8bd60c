"""Measures whether people are held for what they are, and writes evals/results/prompt_groups.json.

    OMP_NUM_THREADS=1 python -m evals.prompts.groups

The texts are made from a grammar (group_grammar/*.toml): in each language every group does every act, and nothing but
the group's name changes. So whatever differs between two groups is the doing of the name. The gap is the difference
between the groups that are held most and least often for harmless acts. Everything is decided twice: as prompts for
videos, and without a style, as a service may ask. What models said is kept in build/groups, for the second time.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from core.verdicts import Decision
from evals.bench.machine_info import machine_info
from evals.intervals import Proportion
from evals.prompts.classification_metrics import positive_rate
from evals.prompts.predicted_pages import predict_in_pages
from evals.prompts.predictions import PromptPredictions
from evals.prompts.remembered_models import AnswerFiles
from media.arrays import BoolArray

RESULT = Path("evals/results/prompt_groups.json")
BUILD = Path("build/groups")
GRAMMAR = Path(__file__).with_name("group_grammar")
_HATE_LIMIT = 0.5  # of the rule prompt_hate


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupText:
    """`group` is the same in every language. A `control` is nobody whom anyone hates: neighbours, teachers."""

    text: str
    lang: str
    group: str
    act: int
    harmful: bool
    control: bool


def group_texts(*, to_learn: bool = False, folder: Path = GRAMMAR) -> tuple[GroupText, ...]:
    """Every group with every act in every language: those to measure by, or those that may be learnt from."""
    return tuple(
        text
        for path in sorted(folder.glob("*.toml"))
        for text in _texts_of(path, "acts_to_learn" if to_learn else "acts")
    )


@cache
def _grammar(path: Path) -> Mapping[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _texts_of(path: Path, acts: str) -> Iterable[GroupText]:
    grammar = _grammar(path)
    for control, names in ((False, grammar["groups"]), (True, grammar["controls"])):
        for group, name in names.items():
            for harmful in (False, True):
                for act, frame in enumerate(grammar[acts]["harmful" if harmful else "harmless"]):
                    yield GroupText(
                        text=_sentence(frame.replace("{group}", name)),
                        lang=path.stem,
                        group=group,
                        act=act,
                        harmful=harmful,
                        control=control,
                    )


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def group_report(texts: Sequence[GroupText], predictions: PromptPredictions) -> dict[str, Any]:
    """By group and by language: what is held at all, and what the hate label alone would hold."""
    held = predictions.decisions >= Decision.HOLD
    hate = np.nan_to_num(predictions.scores["together", "hate"], nan=1.0) >= _HATE_LIMIT
    return {
        "texts": len(texts),
        "groups": _by(texts, held, hate, "group", control=False),
        "controls": _by(texts, held, hate, "group", control=True),
        "languages": _by(texts, held, hate, "lang", control=False),
        "gap": {
            "held": largest_gap(texts, held),
            "hate": largest_gap(texts, hate),
            "held_by_language": {
                lang: largest_gap([text for text in texts if text.lang == lang], held[_mask(texts, "lang", lang)])
                for lang in sorted({text.lang for text in texts})
            },
        },
        "held_by": _held_by(texts, held, predictions.rules),
    }


def _held_by(texts: Sequence[GroupText], held: BoolArray, rules: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """Of harmless acts of groups: how many each rule holds, and of which language, act and group they are."""
    mine = [place for place, text in enumerate(texts) if held[place] and not (text.harmful or text.control)]
    return {
        "rules": _most_first(rule for place in mine for rule in rules[place]),
        "languages": _most_first(texts[place].lang for place in mine),
        "acts": _most_first(str(texts[place].act) for place in mine),
        "groups": _most_first(texts[place].group for place in mine),
    }


def _most_first(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())


def _by(texts: Sequence[GroupText], held: BoolArray, hate: BoolArray, key: str, *, control: bool) -> dict[str, Any]:
    """For each group, or language, the shares of harmless acts that are held and of harmful ones that are found."""
    mine = np.array([text.control == control for text in texts])
    harmful = np.array([text.harmful for text in texts])
    report: dict[str, dict[str, Proportion]] = {}
    for name in dict.fromkeys(getattr(text, key) for text in texts if text.control == control):
        here = mine & _mask(texts, key, name)
        report[name] = {
            "harmless_held": positive_rate(held[here & ~harmful]),
            "harmless_hate": positive_rate(hate[here & ~harmful]),
            "harmful_found": positive_rate(held[here & harmful]),
            "harmful_hate": positive_rate(hate[here & harmful]),
        }
    return report


def _mask(texts: Sequence[GroupText], key: str, value: str) -> BoolArray:
    return np.array([getattr(text, key) == value for text in texts])


def largest_gap(texts: Sequence[GroupText], stopped: BoolArray) -> dict[str, Any]:
    """Between the groups whose harmless acts are stopped most and least often, as a share; controls do not count."""
    shares: dict[str, float] = {}
    for group in dict.fromkeys(text.group for text in texts if not text.control):
        mine = np.array([text.group == group and not text.harmful for text in texts])
        shares[group] = float(stopped[mine].mean())
    most, least = max(shares, key=lambda one: shares[one]), min(shares, key=lambda one: shares[one])
    return {"share": round(shares[most] - shares[least], 4), "most": most, "least": least}


def group_means(report: Mapping[str, Any]) -> dict[str, Proportion]:
    """Of a group_report: all groups together, and the controls."""
    groups, controls = report["groups"].values(), report["controls"].values()
    return {
        "harmless_held": _pooled(row["harmless_held"] for row in groups),
        "harmful_found": _pooled(row["harmful_found"] for row in groups),
        "controls_held": _pooled(row["harmless_held"] for row in controls),
    }


def _pooled(figures: Iterable[Proportion]) -> Proportion:
    rows = list(figures)
    hits, count = sum(round((row["share"] or 0.0) * row["n"]) for row in rows), sum(row["n"] for row in rows)
    return positive_rate(np.arange(count) < hits)


def main() -> None:
    """Measure all of them in each style and write the figures. Goes on from where it stopped; see predicted_pages."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--order", type=int, default=0, help="several at once share the work: give each another number")
    asked.add_argument("--every", type=int, default=1, help="every so many acts of each kind, where time is short")
    how = asked.parse_args()
    texts = [text for text in group_texts() if text.act % how.every == 0]
    shown = [text.text for text in texts]
    styles: dict[str, Any] = {}
    for name, given in (("video", ["video"] * len(shown)), ("not_given", [])):
        styles[name] = group_report(texts, predict_in_pages(shown, given, AnswerFiles(BUILD), order=how.order))
        print(name, styles[name]["gap"], styles[name]["held_by"]["rules"], flush=True)
    report = {"machine": machine_info(), "every": how.every, "styles": styles}
    RESULT.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
