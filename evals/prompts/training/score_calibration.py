"""Turns margins into scores for evals.prompts.training.calibrate, one line for each style and label.

Platt's line (Platt 1999) where there are rows of both sides, equal odds assumed, then moved so that few harmless texts
lie above the score from which policy holds: of comments in other languages at most LABEL_FALSE_ALARMS for each
label, of prompts,
chat and English comments at most MAX_FALSE_ALARMS for all labels together, spent where it finds most
(evals.prompts.training.threshold_selection).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.models.prompt_heads import PromptHeads
from classifiers.text.prompt_ensemble import FIRST_SOURCES
from evals.prompts.corpus import LABELS, STYLES, LabelledText, style_one_hot
from evals.prompts.training.threshold_selection import select_thresholds
from media.arrays import AnyArray, FloatMatrix

MAX_FALSE_ALARMS = {"video": 0.03, "chat": 0.07, "social": 0.12}  # of harmless texts that would be held for any label
FOREIGN_FALSE_ALARMS = {"video": 0.015, "chat": 0.07}
"""The same share of texts that are not English. Theirs are easy captions for the most part: less is left to find."""
LABEL_FALSE_ALARMS = {"video": 0.003, "chat": 0.01, "social": 0.01}
"""Share of the harmless texts of a style that would be held, for each label by itself."""
LABEL_FALSE_ALARM_EXCEPTIONS = {("social", "hate"): 0.27, ("social", "harassment"): 0.08, ("social", "unsafe"): 0.05}
"""The same share, where a style and a label have one of their own."""
# From which score on the rules of the default pack hold; where a label is not named, 0.6.
HOLD_SCORES = {
    "violence": 0.7, "gore": 0.7, "self_harm": 0.7, "illicit": 0.75, "disinfo": 0.75, "weapons": 0.85,
    "jailbreak": 0.85,
    "hate": 0.5, "harassment": 0.5, "unsafe": 0.5, "intimate_image": 0.4,
}  # fmt: skip
# Labels that have harmless neighbours in every style; for the others a style alone has too few to learn a limit from.
_LABELS_OF_EVERY_STYLE = ("sexual", "violence", "gore", "self_harm", "hate", "harassment", "illicit", "unsafe")
HARMLESS_BUT_HELD = frozenset({"public_figure", "copyright_ip", "artist_style", "political"})
_NAME_LABELS = (
    "public_figure",
    "copyright_ip",
    "artist_style",
)  # harmless texts name few: an invented name looks like one
_PUBLIC_FIGURE_OFFSET = 1.5  # log-odds: no figure of the dev rows is lost by it, and most invented names are let pass
_NEWTON_STEPS = 40
_LONGEST_STEP = 2.0  # by which slope or offset may change at once
_PENALTY = np.array([0.1, 0.0])  # on slope and offset
_MIN_ROWS = 12
"""Texts of each side, at the least, on which a calibration is fitted; below that, the one of all styles."""
# Comments whose labels are doubtful, or that were made to be hard: limits for English comments are not set on them. Nor
# are limits for prompts on one sentence with many names, which would fill the share of false alarms with what is easy.
_EXCLUDED_SOURCES = frozenset({
    "davidson", "mlma", "civil_comments_spans", "hatemoji_build", "hatecheck", "conan", "conan_counter",
    "multitarget_conan", "seed:named",
})  # fmt: skip
_ESCALATED_SHARE = 0.995  # of the unsafe texts that all sources together would hold, the first two must be wary of


@dataclass(frozen=True, slots=True, eq=False)
class SourceMargins:
    """Texts with their sources' margins."""

    texts: Sequence[LabelledText]
    normalised: list[str]
    english: list[bool]
    source_margins: FloatMatrix
    targets: FloatMatrix
    weights: FloatMatrix

    def subset(self, kept: Sequence[bool] | NDArray[np.bool_]) -> SourceMargins:
        """Those of the texts that are kept."""
        mask = np.asarray(kept, bool)
        places = np.flatnonzero(mask).tolist()
        return SourceMargins(
            [self.texts[place] for place in places],
            [self.normalised[place] for place in places],
            [self.english[place] for place in places],
            self.source_margins[:, mask],
            self.targets[mask],
            self.weights[mask],
        )


def calibration_lines(
    measured: SourceMargins, margins: FloatMatrix
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """(styles, labels) slopes and offsets, for English texts and then for others.

    Lines for English prompts are set on those of all languages, which finds more; of chat others have too little.
    """
    english, style = np.array(measured.english), style_one_hot(measured.texts).astype(bool)
    social, chat = (style[:, STYLES.index(name)] for name in ("social", "chat"))
    yield _lines(measured, margins, english | ~social, MAX_FALSE_ALARMS)
    yield _lines(measured, margins, ~english | chat, FOREIGN_FALSE_ALARMS)


def _lines(
    measured: SourceMargins, margins: FloatMatrix, group: NDArray[np.bool_], most: Mapping[str, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    style = style_one_hot(measured.texts).astype(bool) & group[:, None]
    benign = np.array(["benign" in text.labels for text in measured.texts])
    slope, offset = np.ones((len(STYLES), len(LABELS))), np.zeros((len(STYLES), len(LABELS)))
    chosen = {
        name: _limits(measured, margins, style[:, STYLES.index(name)], benign, share) for name, share in most.items()
    }
    for place, label in enumerate(LABELS):
        annotated = measured.weights[:, place] > 0.05
        everywhere = fit_platt(margins[annotated, place], measured.targets[annotated, place])
        for column, name in enumerate(STYLES):
            mine = annotated & style[:, column]
            guilty = int(measured.targets[mine, place].sum())
            enough = min(guilty, int(mine.sum()) - guilty) >= _MIN_ROWS
            line_slope, line_offset = (
                fit_platt(margins[mine, place], measured.targets[mine, place]) if enough else everywhere
            )
            line_slope = min(max(line_slope, 1.5), 4.0)
            share = allowed_false_alarms(name, label)
            limit = float(np.quantile(margins[benign & style[:, column], place], 1 - share))
            if label not in _LABELS_OF_EVERY_STYLE:
                limit = max(limit, float(np.quantile(margins[benign, place], 1 - share)))
            held = HOLD_SCORES.get(label, 0.6)
            slope[column, place] = line_slope
            limit = chosen[name][place] if name in chosen else limit
            offset[column, place] = float(np.log(held / (1 - held))) - line_slope * limit
            if label in _NAME_LABELS or (name not in chosen and (name, label) not in LABEL_FALSE_ALARM_EXCEPTIONS):
                offset[column, place] = min(line_offset, offset[column, place])
            if label == "public_figure":
                offset[column, place] -= _PUBLIC_FIGURE_OFFSET
        print(label, np.round(slope[:, place], 2), np.round(offset[:, place], 2))
    return slope, offset


def _limits(
    measured: SourceMargins, margins: FloatMatrix, mine: NDArray[np.bool_], benign: NDArray[np.bool_], most: float
) -> NDArray[np.float64]:
    """For one style; what is to be found is what is unsafe, and what has a label of its own that holds."""
    guilty = np.array([text.unsafe or bool(text.labels & HARMLESS_BUT_HELD) for text in measured.texts])
    fit = mine & np.array([text.source not in _EXCLUDED_SOURCES for text in measured.texts])
    least = np.quantile(margins[benign], 1 - LABEL_FALSE_ALARMS["video"], axis=0)
    least[[label in _LABELS_OF_EVERY_STYLE for label in LABELS]] = -np.inf
    return select_thresholds(margins, guilty & fit, benign & fit, max_false_alarms=most, lowest=least.tolist())


def escalation_thresholds(measured: SourceMargins, heads: PromptHeads) -> NDArray[np.float64]:
    """(2,) for English and other texts: the highest score that nearly all unsafe texts that are held reach at first."""
    english = np.array(measured.english)
    holds = np.array([HOLD_SCORES.get(label, 0.6) for label in LABELS])
    held = (heads.score(english, measured.source_margins) >= holds).any(1)
    unsafe = np.array([text.unsafe for text in measured.texts])
    first = measured.source_margins.copy()
    for source in range(len(first)):
        first[source, [source not in FIRST_SOURCES[is_english] for is_english in measured.english]] = np.nan
    scores = heads.score(english, first).max(1)
    thresholds = []
    for mine in (english, ~english):
        thresholds.append(float(np.quantile(scores[mine & held & unsafe], 1 - _ESCALATED_SHARE)))
        print(
            "wary from",
            thresholds[-1],
            "asked on:",
            float((scores[mine & ~unsafe] >= thresholds[-1]).mean()),
            "of the harmless",
        )
    return np.array(thresholds)


def allowed_false_alarms(style: str, label: str) -> float:
    """The share of harmless texts of a style that may be held for a label."""
    return LABEL_FALSE_ALARM_EXCEPTIONS.get((style, label), LABEL_FALSE_ALARMS[style])


def fit_platt(margins: AnyArray, targets: AnyArray) -> tuple[float, float]:
    """Slope and offset of the logistic line through the margins, both sides weighing the same.

    Newton's method on two numbers, with a slope held back a little (a penalty of a twentieth of its square).
    """
    x, y = np.asarray(margins, float), np.asarray(targets, float)
    weights = np.where(y == 1, len(y) / (2.0 * max(y.sum(), 1.0)), len(y) / (2.0 * max((1 - y).sum(), 1.0)))
    inputs = np.stack([x, np.ones_like(x)])
    line = np.zeros(2)
    for _ in range(_NEWTON_STEPS):
        shares = 1.0 / (1.0 + np.exp(-np.clip(line @ inputs, -30, 30)))
        gradient = inputs @ (weights * (shares - y)) + _PENALTY * line
        curve = (inputs * (weights * shares * (1 - shares) + 1e-9)) @ inputs.T + np.diag(_PENALTY)
        step = np.linalg.solve(curve, gradient)
        line -= step * min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-12))
    return float(line[0]), float(line[1])
