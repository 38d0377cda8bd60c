"""What creators are told, in every language: nothing missing, nothing left over, and the right way round."""

import re
import tomllib
from pathlib import Path

import pytest

from core.errors import RENDER_FAILURE_CODES
from core.verdicts import Gate
from pipeline.creator_texts import sentences
from pipeline.creator_texts.catalogs import (
    CATALOGS_FOLDER,
    ENGLISH_CATALOG,
    accepted_languages,
    creator_catalog,
    creator_catalogs,
)
from policy.decide import A_PERSON_REFUSED
from policy.rule_files import read_rules

OTHERS = [code for code in creator_catalogs() if code != "en"]
CODES = ["ar", "de", "es", "fr", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "tr", "zh"]
SAID = "This prompt asks for sexual content, which is not made here."
CUSTOM = "Too calm."
SCRIPTS = {
    "ar": "\u0600-\u06ff", "hi": "\u0900-\u097f", "ja": "\u3040-\u30ff", "ko": "\uac00-\ud7af",
    "ru": "\u0400-\u04ff", "zh": "\u4e00-\u9fff",
}  # fmt: skip


def creator_sentences():
    rules, _ = read_rules(Path(__file__).parents[3] / "policy" / "rules")
    return {rule.reason for rule in rules if rule.gate is not Gate.ENROL} | set(sentences.CREATOR_SENTENCES)


def placeholders(text):
    return sorted(re.findall(r"\{(\w+)\}", text))


def test_the_languages_are_those_that_are_promised():
    assert sorted(OTHERS) == CODES


def test_every_sentence_of_the_module_is_among_all():
    named = {value for name, value in vars(sentences).items() if name.isupper() and isinstance(value, str)}
    assert named <= set(sentences.CREATOR_SENTENCES)
    assert set(sentences.FAILURE_CAUSES) == set(RENDER_FAILURE_CODES)


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_that_a_creator_can_be_told_is_translated_and_no_other(code):
    catalog = creator_catalogs()[code]
    asked = creator_sentences()
    assert len(asked) > 100
    assert sorted(asked - set(catalog.sentences)) == []
    assert sorted(set(catalog.sentences) - asked) == [], "these sentences do not exist any more"


@pytest.mark.parametrize("code", OTHERS)
def test_placeholders_are_kept(code):
    for sentence, translated in creator_catalogs()[code].sentences.items():
        assert placeholders(translated) == placeholders(sentence), sentence


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_is_in_its_own_script_and_differs_from_every_other(code):
    translations = creator_catalogs()[code].sentences
    for sentence, translated in translations.items():
        assert translated.strip() == translated != sentence
        if code in SCRIPTS:
            assert re.search(f"[{SCRIPTS[code]}]", translated), sentence
        same = [other for other, text in translations.items() if text == translated]
        assert same == [sentence], "two sentences are told apart in English and not here"


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalog_is_a_file_that_a_translator_can_edit(code):
    text = (CATALOGS_FOLDER / f"{code}.toml").read_text("utf-8")
    assert list(tomllib.loads(text)) == ["name", "sentences"]
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", text), "invisible characters"


@pytest.mark.parametrize("code", OTHERS)
def test_a_reason_of_several_sentences_is_translated_sentence_by_sentence(code):
    catalog = creator_catalogs()[code]
    between = "" if code in ("ja", "zh") else " "
    assert catalog.reason(f"{SAID} {A_PERSON_REFUSED}") == between.join(
        (catalog.text(SAID), catalog.text(A_PERSON_REFUSED))
    )


@pytest.mark.parametrize("code", [code for code in OTHERS if code != "ar"])
def test_a_sentence_of_the_installations_own_policy_stays_english(code):
    catalog = creator_catalogs()[code]
    assert catalog.text(CUSTOM) == CUSTOM
    assert catalog.reason(CUSTOM, [CUSTOM]) == CUSTOM
    assert catalog.reason(f"{CUSTOM} {SAID}", [CUSTOM]) == f"{CUSTOM} {catalog.text(SAID)}"


def test_what_is_not_arabic_in_arabic_is_isolated_so_that_its_order_is_kept():
    catalog = creator_catalogs()["ar"]
    assert catalog.right_to_left
    assert "\u2068policy\u2069" in catalog.text(sentences.RECALLED, code="policy")
    assert catalog.text(CUSTOM) == f"\u2068{CUSTOM}\u2069"
    assert catalog.reason(f"{CUSTOM} {SAID}", [CUSTOM]) == f"\u2068{CUSTOM}\u2069 {catalog.text(SAID)}"


def test_what_is_filled_in_is_not_read_as_a_placeholder():
    assert ENGLISH_CATALOG.text(sentences.ENGINE_FAILED, why="{code} {0}") == (
        "The engine could not make this video: {code} {0}."
    )


@pytest.mark.parametrize(
    ("language", "accepted", "code"),
    [
        ("de", "fr", "de"),
        ("en", "fr", "en"),
        ("", "fr-CA,fr;q=0.9", "fr"),
        ("", "zh-Hans-CN", "zh"),
        ("sv", "de", "de"),
        ("sv", "", "en"),
        ("", "", "en"),
        ("ms", "", "id"),
        ("", "xx, *;q=0.1", "en"),
        ("", "de;q=0", "en"),
        ("../../x", ";;q=,=", "en"),
    ],
)
def test_the_language_is_the_prompts_then_the_readers_then_english(language, accepted, code):
    assert creator_catalog(language, accepted).code == code


def test_the_most_wished_for_language_is_first():
    assert accepted_languages("de;q=0.2, fr;q=0.9, en;q=0, it") == ["it", "fr", "de"]
