"""In which language a creator reads what: reasons in any that has a catalog, the page itself in those of the pages."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from console.languages.page_language import language_of
from console.web.context import accept_language
from console.web.translations import available_languages
from core.case import Phase
from core.recalls import CLAIM_RECALL
from pipeline.creator.creator_desk import CreatorView
from pipeline.creator_texts.catalogs import CreatorCatalog, creator_catalog, creator_catalogs
from pipeline.creator_texts.sentences import ENGINE_FAILED, FAILURE_CAUSES, REPLIES

_PEOPLE = ("_cameo_", "without_cameo", "protected", "_intimate_image")
_WORKS = ("_work", "copyright", "artist_style")


@dataclass(frozen=True, slots=True)
class ToldReply:
    """What a moderator wrote, and the code of its language for the page; empty where nobody knows it."""

    text: str
    language: str


def reason_catalog(request: Request) -> CreatorCatalog:
    """The catalog of the reasons: of the language that the address asks for, else of the page, unless the reader's
    browser asks for one that the pages are not in."""
    asked, page = request.query_params.get("lang", "").lower(), language_of(request)
    if asked in creator_catalogs():
        return creator_catalogs()[asked]
    if page.code != "en":
        return creator_catalog(page.code)
    wished = creator_catalog("", accept_language(request))
    return creator_catalog("en") if wished.code in available_languages() else wished


def told_reply(view: CreatorView, catalog: CreatorCatalog) -> ToldReply | None:
    """The reply in the reader's language where it was one that can be chosen, else as it was written."""
    if not view.reply:
        return None
    for sentence in REPLIES.values():
        if any(known.text(sentence) == view.reply for known in creator_catalogs().values()):
            return ToldReply(catalog.text(sentence), catalog.code)
    return ToldReply(view.reply, view.reply_language)


def engine_cause(view: CreatorView, catalog: CreatorCatalog) -> str:
    """Why the engine made no video, as far as its code tells; its own words may be about its insides."""
    if view.case.phase is Phase.FAILED and view.case.failed is not None:
        cause = FAILURE_CAUSES.get(view.case.failed.code, FAILURE_CAUSES["engine_error"])
        return catalog.text(ENGINE_FAILED, why=catalog.text(cause))
    return ""


def limits_named(view: CreatorView) -> frozenset[str]:
    """Whose limits stopped it, so that the page says what such a limit means: `person`, `work`, `claim`."""
    rules = [reason.rule for reason in view.explanation.reasons] if view.explanation else []
    named = {"person"} if any(part in rule for part in _PEOPLE for rule in rules) else set()
    named |= {"work"} if any(part in rule for part in _WORKS for rule in rules) else set()
    code = view.case.recalled.code if view.case.recalled is not None else ""
    named |= {"person"} if code == "consent_withdrawn" else set()
    return frozenset(named | ({"claim"} if code == CLAIM_RECALL else set()))
