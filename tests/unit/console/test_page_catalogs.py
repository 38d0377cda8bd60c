"""The catalogs of the pages: PO files that a translator edits, and no sentence of a page without its translation."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import PoFileError

from console.languages import from_toml, po_files, update
from console.languages.po_files import catalog_files, read_catalog, usable_sentences
from console.languages.template_sentences import TEMPLATES_FOLDER, template_sentences, untranslatable_words
from console.web.translations import available_languages

ASKED = template_sentences()
PUBLIC = {
    *(
        "claims.html",
        "claim_form.html",
        "claim_fields.html",
        "claim_parts.html",
        "claim_status.html",
        "claim_proof.html",
    ),
    *("badge.html", "base.html", "error.html", "finding.html", "finding_parts.html", "login.html", "shared.html"),
    *(
        "enrol.html",
        "challenge.html",
        "creator.html",
        "creator_gone.html",
        "enrolled.html",
        "second_factor.html",
        "signed_in.html",
        "signed_out.html",
        "thanks.html",
        "reading.html",
        "transparency.html",
        "verify.html",
        "verify_tools.html",
    ),
}  # which strangers see
CODE_BLOCKS = {"platform.html", "verify_tools.html"}  # shows programs, which are no language


@pytest.mark.parametrize("template", sorted(ASKED))
def test_every_sentence_of_a_page_has_its_french(template):
    french = usable_sentences(read_catalog(po_files.LANGUAGES_FOLDER / "fr.po"))
    assert [one for one in ASKED[template] if one not in french] == []


@pytest.mark.parametrize("template", sorted(PUBLIC))
@pytest.mark.parametrize("code", ["de", "es"])
def test_every_sentence_of_a_public_page_has_its_german_and_spanish(code, template):
    known = usable_sentences(read_catalog(po_files.LANGUAGES_FOLDER / f"{code}.po"))
    assert [one for one in ASKED[template] if one not in known] == []


@pytest.mark.parametrize("template", sorted(set(ASKED) - CODE_BLOCKS))
def test_no_words_of_a_page_pass_by_the_catalogs(template):
    assert untranslatable_words(TEMPLATES_FOLDER / template) == []


@pytest.mark.parametrize("script", sorted((TEMPLATES_FOLDER.parent / "static").glob("*.js")), ids=lambda one: one.name)
def test_no_script_has_a_sentence_of_its_own(script):
    without_comments = re.sub(r"/\*.*?\*/|(?m:^\s*//.*$|\s//\s.*$)", "", script.read_text("utf-8"), flags=re.DOTALL)
    strings = re.findall(r'"([^"\n]*)"|`([^`]*)`', without_comments)
    said = [re.sub(r"\$\{[^}]*\}", "", plain or template) for plain, template in strings]
    assert [one for one in said if re.search(r"\b[A-Za-z]{2,}\s+[a-z]{2,}\b", one)] == []


def test_words_that_pass_by_the_catalogs_are_found(tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<p class="one">Said {{ t("to all") }} <code>as it is</code> · 12</p>')
    assert untranslatable_words(page) == ["Said"]


def test_sentences_are_found_wherever_a_template_calls_for_them(tmp_path):
    (tmp_path / "page.html").write_text(
        """{% set says = {"a": t("one")} %}<p title="{{ said("two") }}">{{ t("three %s") % 3 if x else t("one") }}</p>"""
    )
    assert template_sentences(tmp_path) == {"page.html": ("one", "two", "three %s")}


@pytest.mark.parametrize("file", catalog_files(), ids=lambda file: file.stem)
def test_a_translation_fills_in_as_many_numbers_as_its_sentence(file):
    wrong = [one for one, said in usable_sentences(read_catalog(file)).items() if one.count("%s") != said.count("%s")]
    assert wrong == []


def test_no_catalog_is_left_in_a_form_that_nothing_reads():
    assert [file.name for file in po_files.LANGUAGES_FOLDER.iterdir() if file.suffix not in (".po", ".py", "")] == []


def test_what_is_fuzzy_or_empty_is_not_shown(tmp_path):
    (tmp_path / "fr.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
        '#, fuzzy\nmsgid "maybe"\nmsgstr "peut-être"\n\nmsgid "none"\nmsgstr ""\n\nmsgid "yes"\nmsgstr "oui"\n'
    )
    french = available_languages(tmp_path)["fr"]
    assert (french("maybe"), french("none"), french("yes"), french.name) == ("maybe", "none", "oui", "Français")


def test_a_broken_catalog_is_an_error_and_not_an_empty_one(tmp_path):
    (tmp_path / "fr.po").write_text('msgid "yes"\nmsgstr "oui\nmsgid "no"\n')
    with pytest.raises(PoFileError):
        read_catalog(tmp_path / "fr.po")


def test_a_catalog_in_toml_gives_what_the_po_file_lacks_and_changes_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(from_toml, "LANGUAGES_FOLDER", tmp_path)
    source = tmp_path / "fr.toml"
    source.write_text('name = "F"\n\n[sentences]\n# a room\n"yes" = "oui"\n"{n} done" = "{n} fait"\n')
    assert from_toml.add_from_toml(source) == 2
    source.write_text('[sentences]\n# a room\n"yes" = "ja"\n# another\n"no" = "non"\n')
    assert from_toml.add_from_toml(source) == 1
    french = usable_sentences(read_catalog(tmp_path / "fr.po"))
    assert french == {"yes": "oui", "{n} done": "{n} fait", "no": "non"}
    assert "# another\nmsgid" in (tmp_path / "fr.po").read_text()


def test_a_new_language_begins_with_every_sentence_that_pages_show(tmp_path, monkeypatch):
    monkeypatch.setattr(update, "LANGUAGES_FOLDER", tmp_path)
    monkeypatch.setattr(update, "catalog_files", lambda: [])
    update.update_catalogs(["it"])
    catalog = read_catalog(tmp_path / "it.po")
    assert {str(message.id) for message in catalog} >= {one for asked in ASKED.values() for one in asked}
    assert usable_sentences(catalog) == {}
    assert "#: console/templates/base.html" in (tmp_path / "it.po").read_text()
