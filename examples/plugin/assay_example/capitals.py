"""How much of a prompt is in capitals. Brings a label of its own, `shouting`, that rules may speak of."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from classifiers import Classifier, LabelDefinition, Material, PromptText
from classifiers.base import ClassifierExample
from core.signals import Signal, Subject

_FEWEST_LETTERS = 12  # of fewer letters a share says little: "USA", "OK"


class Capitals(Classifier):
    """The share of capitals among the letters that have a case."""

    name = "capitals"
    version = 1
    subjects = frozenset({Subject.PROMPT})
    labels = ("shouting",)
    new_labels = MappingProxyType(
        {"shouting": LabelDefinition(subjects, "The share of letters that are capitals. Harmless by itself.")}
    )
    covers = "Prompts in a script that has capitals, of twelve letters or more. Not what the words mean."

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """A share in [0, 1]; 0 for fewer than twelve letters. Raises TypeError for a video."""
        if not isinstance(material, PromptText):
            raise TypeError("capitals are counted in texts")
        cased = [letter for letter in material.text if letter.isupper() or letter.islower()]
        share = sum(letter.isupper() for letter in cased) / len(cased) if len(cased) >= _FEWEST_LETTERS else 0.0
        return [self.signal(subject, "shouting", share)]

    def examples(self) -> Sequence[ClassifierExample]:
        """Loud, quiet, short, and a script without capitals."""
        return [
            ClassifierExample(about="loud", material=PromptText("A DOG ON A BEACH"), label="shouting", low=1.0),
            ClassifierExample(about="quiet", material=PromptText("a dog on a beach"), label="shouting", high=0.0),
            ClassifierExample(about="short", material=PromptText("THE USA"), label="shouting", high=0.0),
            ClassifierExample(
                about="no case", material=PromptText("海辺を走る犬と子供たち"), label="shouting", high=0.0
            ),
        ]
