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
        _row("weapons", "Weapons, fire", "no classifier: weapons need an OpenCLIP checkpoint, nothing looks for fire"),
        _row("minors", "Apparent minors", "no classifier of age"),
        _row("symbols", "Hate symbols", "no classifier"),
        _row("characters", "Characters drawn anew", "no classifier: copies of registered pictures are found, another "
             "rendering of a character is not looked for"),
        _row("music", "Music", "no classifier: there are no fingerprints of music to compare with"),
        _row("other_letters", "On-screen text in Korean, Cyrillic, Arabic or Devanagari letters", "the reader of these "
             "letters is missing, so that such words are not read"),
        _row("other_speech", "Sound only, not English", "the voice that speaks the texts knows English alone"),
    ]  # fmt: skip


def _row(name: str, title: str, missing: str) -> RowPlan:
    return RowPlan(id=f"clip_{name}", group=_CLIPS, title=title, missing=f"Not measured: {missing}.", needs_data=False)
