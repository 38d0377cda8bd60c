"""The qualitative part of the report in words: what this software does, and the figures that say how right it is."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pipeline.legal_record.report_figures import ReportFigures

_ACCURACY = 4  # the indicator of accuracy and error


def qualitative_texts(figures: ReportFigures) -> Mapping[int, str]:
    """By the number of the indicator in part 11. Those for very large platforms are left to the provider."""
    texts = tomllib.loads((Path(__file__).parent / "report_texts.toml").read_text("utf-8"))
    told = {int(number): text.format(restrictions=figures.restrictions) for number, text in texts.items()}
    return told | {_ACCURACY: _accuracy(figures)}


def _accuracy(figures: ReportFigures) -> str:
    found, right = figures.automation, figures.accuracy
    overturned = _rate(found.checked - found.confirmed, found.checked, "rate of error among these")
    alarms = _rate(right.held - right.confirmed, right.held, "share of false alarms")
    wrong = _rate(right.golden - right.golden_right, right.golden, "rate of error")
    told = [
        "Accuracy and recall over everything are not known: what was let through is not looked at again.",
        f"Automatic refusals: {found.alone}, of which {found.checked} were looked at by a person on appeal",
        f"and {found.confirmed} upheld{overturned}.",
        f"Held by automatic means and then decided by a person: {right.held}, of which {right.confirmed} were",
        f"refused{alarms}. Decisions of people that an appeal overturned: {figures.overturned_human}.",
        f"Moderators gave {right.golden} answers to cases whose right answer is known, {right.golden_right} of them",
        f"right{wrong}.",
        "Figures of few cases say little. Refusals that nobody appealed against are in none of these rates.",
    ]
    return " ".join(told)


def _rate(wrong: int, of: int, name: str) -> str:
    return f" ({name}: {wrong / of:.3f})" if of else ""
