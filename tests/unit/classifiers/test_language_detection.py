"""The language that is told beside the scores."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from classifiers.models import PACKAGED_MODELS
from classifiers.text.language_detection import MAX_LANGUAGE_CHARS, detect_language
from core.errors import Unavailable


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a lighthouse on a cliff at dawn", "en"),
        ("eine Katze schläft auf dem Sofa", "de"),
        ("un homme marche sur la plage", "fr"),
        ("मुझे यह जगह पसंद है", "hi"),
        ("清晨的湖面上有一只白色的天鹅", "zh"),
        ("امرأة تقرأ في الحديقة", "ar"),
        ("a \u200blight\u200bhouse on a cliff at dawn", "en"),
        ("hm 123 🐟", None),
        ("", None),
    ],
)
def test_the_language_is_told_or_nothing_is(text: str, code: str | None) -> None:
    assert detect_language(text, PACKAGED_MODELS) == code


def test_a_long_text_is_told_by_its_beginning() -> None:
    assert (
        detect_language(
            "the cat sleeps. " * MAX_LANGUAGE_CHARS + "eine Katze schläft. " * MAX_LANGUAGE_CHARS, PACKAGED_MODELS
        )
        == "en"
    )


def test_without_the_model_nothing_is_told() -> None:
    def missing(name: str) -> object:
        raise Unavailable(f"{name} is not here")

    without = SimpleNamespace(get=missing)
    assert detect_language("a lighthouse on a cliff at dawn", without) is None
