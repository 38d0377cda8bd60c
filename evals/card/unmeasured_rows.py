"""Rows that nobody can measure here yet, each with what is missing."""

from __future__ import annotations

from evals.card.row_plan import RowPlan

_CLIPS = "What is seen and heard in clips"


def unmeasured_rows() -> list[RowPlan]:
    """What the card would have and has not."""
    return [
        _row("nudity", "Nudity and sex", "no labelled footage: none was collected. Three nets must agree before "
             "anything is held, and what they miss is unknown"),
        _row("gore", "Blood and injury", "no labelled footage: none was collected. One net and the colour of blood are "
             "asked, and what they miss is unknown"),
        _row("violence", "Violence", "no classifier: it needs an OpenCLIP checkpoint (docs/reference/classifiers.md)"),
        _row("weapons", "Weapons, fire", "weapons need an OpenCLIP checkpoint; fire is looked for in shadow, so that "
             "nothing is held for it (its figures: docs/reference/classifiers.md)"),
        _row("minors", "Apparent minors", "how old somebody looks is told by nothing. Where the prompt asks for a "
             "child, nudity is held from a doubtful score on"),
        _row("other_letters", "On-screen text in Korean, Cyrillic, Arabic or Devanagari letters", "no font with these "
             "letters comes with the project, so that no clip is made. How many lines are read is in "
             "docs/reference/classifiers.md; what was read is judged as prompts of its language are (above)"),
        _row("other_speech", "Sound only, not English", "the voice that speaks the texts knows English alone"),
    ]  # fmt: skip


def _row(name: str, title: str, missing: str) -> RowPlan:
    return RowPlan(id=f"clip_{name}", group=_CLIPS, title=title, missing=f"Not measured: {missing}.", needs_data=False)
