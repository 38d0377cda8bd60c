"""Whatever a person outside is told by a notice, a refusal or the creator's page, they are told in four languages."""

from __future__ import annotations

import inspect

import pytest

import core.errors
from console.web import http_errors
from console.web.translations import available_languages
from core.errors import AssayError
from pipeline.creator.video_story import STEP_CODES
from registry.consent import ENROLMENT_REFUSALS
from registry.consent.notices import NOTICE_TEXTS
from tests.conftest import ROOT

OUTSIDE = sorted(set(available_languages()) - {"en"})
# What ends inside the pipeline or is an operator's: no page and no answer of the public door has it as its own words.
INSIDE = {
    "AssayError",
    "Abandoned",
    "Declined",
    "EngineBusy",
    "EngineFault",
    "NotYet",
    "PolicyError",
    "RenderFailed",
    "SealBroken",
    "ConsentRequired",
}


def default_refusals():
    """What an error says that was raised without words of its own."""
    for module in (core.errors, http_errors):
        for name, kind in vars(module).items():
            if inspect.isclass(kind) and issubclass(kind, AssayError) and name not in INSIDE:
                yield " ".join((kind.__doc__ or "").split())


@pytest.mark.parametrize("code", OUTSIDE)
def test_every_kind_of_notice_is_said_in_every_language(code):
    assert OUTSIDE == ["de", "es", "fr"] and len(NOTICE_TEXTS) > 30
    language = available_languages()[code]
    told = {kind: language.translation(text) for kind, text in NOTICE_TEXTS.items()}
    assert [kind for kind, text in told.items() if not text or text == NOTICE_TEXTS[kind]] == []
    assert len(set(told.values())) == len(set(NOTICE_TEXTS.values()))


@pytest.mark.parametrize("code", OUTSIDE)
def test_every_reason_for_which_an_enrolment_is_refused_is_said_in_every_language(code):
    language = available_languages()[code]
    assert [text for text in ENROLMENT_REFUSALS.values() if not language.translation(text)] == []


@pytest.mark.parametrize("code", OUTSIDE)
def test_every_refusal_that_has_no_words_of_its_own_is_said_in_every_language(code):
    language = available_languages()[code]
    refusals = list(default_refusals())
    assert len(refusals) > 20
    assert [text for text in refusals if not language.translation(text)] == []


def test_every_step_of_a_videos_story_has_its_sentence_on_the_creators_page():
    page = (ROOT / "console/templates/creator.html").read_text("utf-8")
    assert [code for code in STEP_CODES if f'"{code}": t(' not in page] == []
