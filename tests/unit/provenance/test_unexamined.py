"""What was left out of a finding is said in words, in every language of the page."""

from __future__ import annotations

import pytest

from console.web.translations import available_languages
from core.errors import OverBudget
from provenance.unexamined import unexamined_part, with_unexamined, within_budget

REASONS = (
    "looking at it takes more than 60 s",
    "looking at it takes more than 80 s of computing",
    "looking at it takes more than 1536 MiB of memory",
    "looking at it takes more memory or time than is allowed",
    "it has more than 50,000 boxes",
    "it has more than 64 tracks",
    "340 or more pictures of 7680 × 7680 pixels would have to be decoded",
)


@pytest.mark.parametrize(
    "part", ["credentials", "picture", "sound", "other_installations", "labels", "recovered", "similar"]
)
@pytest.mark.parametrize("why", REASONS)
@pytest.mark.parametrize("code", [code for code in available_languages() if code != "en"])
def test_every_part_and_reason_has_its_sentence_in_every_language(part: str, why: str, code: str) -> None:
    left_out = unexamined_part(part, OverBudget(why))
    translated = available_languages()[code](left_out.says)
    assert translated != left_out.says
    assert why not in translated


@pytest.mark.parametrize("code", [code for code in available_languages() if code != "en"])
def test_the_summary_says_that_something_was_left_out(code: str) -> None:
    nothing = "Nothing was found that says how this was made. That does not mean that it was made without AI."
    summary = with_unexamined(nothing, [unexamined_part("picture", OverBudget(REASONS[0]))])
    assert summary.startswith(nothing) and summary != nothing
    assert "Not everything" not in available_languages()[code](summary)
    assert with_unexamined(nothing, ()) == nothing


def test_what_takes_too_much_is_named_and_what_does_not_is_answered() -> None:
    def too_much() -> str:
        raise OverBudget(REASONS[0])

    assert within_budget("sound", lambda: "found", str) == ("found", ())
    found, left_out = within_budget("sound", too_much, str)
    assert found == REASONS[0]
    assert left_out[0].part == "sound" and REASONS[0] in left_out[0].says
