"""Turns margins into scores for evals.calibrate_prompts, one line for each style and label.

Platt's line (Platt 1999) where there are rows of both sides, equal odds assumed, then moved so that few harmless texts
lie above the score from which policy holds: of comments in other languages at most ALARMS for each label, of prompts,
chat and English comments at most MOST for all labels together, spent where it finds most (evals.limits).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.models.heads import PromptHeads
from classifiers.prompt_scores import FIRST
from evals.limits import limits
from evals.prompt_texts import LABELS, STYLES, Text, styles

Matrix = NDArray[np.float32]

MOST = {"video": 0.031, "chat": 0.055, "social": 0.12}  # of harmless texts that would be held for any label
ALARMS = {"video": 0.003, "chat": 0.01, "social": 0.01}  # of harmless texts that would be held, each label by itself
MORE_ALARMS = {("social", "hate"): 0.27, ("social", "harassment"): 0.08, ("social", "unsafe"): 0.05}
# From which score on the rules of the default pack hold; where a label is not named, 0.6.
HOLDS = {
    "violence": 0.7, "gore": 0.7, "self_harm": 0.7, "illicit": 0.75, "disinfo": 0.75, "weapons": 0.85,
    "jailbreak": 0.85,
    "hate": 0.5, "harassment": 0.5, "unsafe": 0.5, "intimate_image": 0.4,
}  # fmt: skip
# Labels that have harmless neighbours in every style; for the others a style alone has too few to learn a limit from.
_OF_EVERY_STYLE = ("sexual", "violence", "gore", "self_harm", "hate", "harassment", "illicit", "unsafe")
_HELD_TOO = frozenset({"public_figure", "copyright_ip", "artist_style", "political"})
_NAMES = ("public_figure", "copyright_ip", "artist_style")  # harmless texts name few: an invented name looks like one
_DOUBT = 1.5  # log-odds: no figure of the dev rows is lost by it, and most invented names are let pass
_FEWEST = 12
# Comments whose labels are doubtful, or that were made to be hard: limits for English comments are not set on them.
_NOT_FOR_LIMITS = frozenset({
    "davidson", "mlma", "civil_comments_spans", "hatemoji_build", "hatecheck", "conan", "conan_counter",
    "multitarget_conan",
})  # fmt: skip
_ENOUGH = 0.995  # of the unsafe texts that all sources together would hold, the first two must be wary of


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Texts with their sources' margins."""

    texts: Sequence[Text]
    shown: list[str]
    english: list[bool]
    sources: Matrix
    sides: Matrix
    told: Matrix


def lines(where: Weighed, together: Matrix) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """(styles, labels) slopes and offsets, for English texts and then for others.

    Of prompts and chat in other languages there are too few for lines of their own: theirs are those of all.
    """
    english = np.array(where.english)
    for mine, names in ((english, MOST), (~english, [name for name in MOST if name != "social"])):
        group = np.where(styles(where.texts)[:, STYLES.index("social")] == 1, mine, True)
        yield _lines(where, together, group, names)


def _lines(
    where: Weighed, together: Matrix, group: NDArray[np.bool_], names: Iterable[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    style = styles(where.texts).astype(bool) & group[:, None]
    benign = np.array(["benign" in one.said for one in where.texts])
    slope, offset = np.ones((len(STYLES), len(LABELS))), np.zeros((len(STYLES), len(LABELS)))
    chosen = {name: _limits(where, together, style[:, STYLES.index(name)], benign, MOST[name]) for name in names}
    for place, label in enumerate(LABELS):
        told = where.told[:, place] > 0.05
        everywhere = platt(together[told, place], where.sides[told, place])
        for column, name in enumerate(STYLES):
            mine = told & style[:, column]
            guilty = int(where.sides[mine, place].sum())
            enough = min(guilty, int(mine.sum()) - guilty) >= _FEWEST
            rises, lies = platt(together[mine, place], where.sides[mine, place]) if enough else everywhere
            rises = min(max(rises, 1.5), 4.0)
            share = alarms(name, label)
            limit = float(np.quantile(together[benign & style[:, column], place], 1 - share))
            if label not in _OF_EVERY_STYLE:
                limit = max(limit, float(np.quantile(together[benign, place], 1 - share)))
            held = HOLDS.get(label, 0.6)
            slope[column, place] = rises
            limit = chosen[name][place] if name in chosen else limit
            offset[column, place] = float(np.log(held / (1 - held))) - rises * limit
            if label in _NAMES or (name not in chosen and (name, label) not in MORE_ALARMS):
                offset[column, place] = min(lies, offset[column, place])
            if label == "public_figure":
                offset[column, place] -= _DOUBT
        print(label, np.round(slope[:, place], 2), np.round(offset[:, place], 2))
    return slope, offset


def _limits(
    where: Weighed, together: Matrix, mine: NDArray[np.bool_], benign: NDArray[np.bool_], most: float
) -> NDArray[np.float64]:
    """For one style; what is to be found is what is unsafe, and what has a label of its own that holds."""
    guilty = np.array([one.unsafe or bool(one.said & _HELD_TOO) for one in where.texts])
    fit = mine & np.array([one.source not in _NOT_FOR_LIMITS for one in where.texts])
    least = np.quantile(together[benign], 1 - ALARMS["video"], axis=0)
    least[[label in _OF_EVERY_STYLE for label in LABELS]] = -np.inf
    return limits(together, guilty & fit, benign & fit, most=most, least=least.tolist())


def wary(where: Weighed, heads: PromptHeads) -> NDArray[np.float64]:
    """(2,) for English and other texts: the highest score that nearly all unsafe texts that are held reach at first."""
    english = np.array(where.english)
    holds = np.array([HOLDS.get(label, 0.6) for label in LABELS])
    held = (heads.score(english, where.sources) >= holds).any(1)
    unsafe = np.array([one.unsafe for one in where.texts])
    first = where.sources.copy()
    for source in range(len(first)):
        first[source, [source not in FIRST[one] for one in where.english]] = np.nan
    scores = heads.score(english, first).max(1)
    found = []
    for mine in (english, ~english):
        found.append(float(np.quantile(scores[mine & held & unsafe], 1 - _ENOUGH)))
        print(
            "wary from", found[-1], "asked on:", float((scores[mine & ~unsafe] >= found[-1]).mean()), "of the harmless"
        )
    return np.array(found)


def alarms(style: str, label: str) -> float:
    """The share of harmless texts of a style that may be held for a label."""
    return MORE_ALARMS.get((style, label), ALARMS[style])


def platt(margins: NDArray[Any], sides: NDArray[Any]) -> tuple[float, float]:
    """Slope and offset of the logistic line through the margins, both sides weighing the same."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=10.0, class_weight="balanced").fit(margins[:, None], sides)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
