"""Whoever reads chooses a language once, on any page, and every page keeps to it."""

from __future__ import annotations

import re

import pytest

from console.web.translations import available_languages
from tests.stories.http_installation import memory_installation, serve_installation


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("house"))) as serving:
        yield serving


def language_of(page):
    return re.search(r'<html lang="(\w+)">', page.text)[1]


def test_a_language_that_was_chosen_once_is_kept_on_every_page(at):
    with at.client() as reader:
        reader.headers.update({"Accept-Language": "en", "Accept": "text/html"})
        assert language_of(reader.get("/verify")) == "en"
        chosen = reader.get("/login?lang=fr")
        assert language_of(chosen) == "fr" and "assay_language=fr" in chosen.headers["set-cookie"]
        for page in ("/verify", "/login", "/docs", "/nowhere"):
            assert language_of(reader.get(page)) == "fr", page
        assert language_of(reader.get("/verify?lang=en")) == "en"
        assert language_of(reader.get("/docs")) == "en"


def test_a_language_that_is_not_there_is_neither_shown_nor_kept(at):
    with at.client() as reader:
        reader.headers.update({"Accept-Language": "fr", "Accept": "text/html"})
        asked = reader.get("/verify?lang=xx%3B%20Path%3D%2Fevil")
        assert language_of(asked) == "fr" and "set-cookie" not in asked.headers


def test_every_page_offers_the_languages_with_its_own_address(at):
    with at.client() as reader:
        reader.headers.update({"Accept": "text/html"})
        page = reader.get("/login?next=%2Fqueue%3Fafter%3D1").text
    links = re.findall(r'<a href="([^"]+)" lang="(\w+)" hreflang', page)
    assert [code for _, code in links] == list(available_languages())
    assert all(href == f"/login?next=%2Fqueue%3Fafter%3D1&amp;lang={code}" for href, code in links)


def test_the_answer_to_a_form_offers_an_address_that_can_be_opened(at):
    with at.client() as reader:
        reader.headers.update({"Accept": "text/html"})
        answered = reader.post("/verify", files={"file": ("a.txt", b"no video at all")})
        address = re.search(r'<a href="([^"]+)" lang="fr"', answered.text)[1]
        assert language_of(reader.get(address.replace("&amp;", "&"))) == "fr"


def test_a_browser_that_asks_for_a_page_is_refused_in_its_language_and_a_program_in_english(at):
    with at.client() as reader:
        reader.headers.update({"Accept-Language": "fr"})
        told = reader.get("/nowhere", headers={"Accept": "text/html"})
        assert "il n’y a rien à cette adresse" in told.text
        assert reader.get("/api/nowhere").json()["error"]["message"] == "there is nothing under this address"
