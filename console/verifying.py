"""The verifier's page: a file, or an address, and the answer in the reader's language; sharing it, and objecting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from console import words
from console.auth import Visitor
from console.history import lineage, proofs, timeline
from console.languages import Language, language_of, languages
from console.public import found_in
from console.refusals import FormExpired
from console.rendering import page
from console.room import In, Room, address_of
from core.codec import dump, load
from core.finding import Finding, FindingVerdict
from pipeline.pictures import Picture, pictures

verifying = APIRouter(include_in_schema=False)

_SHARE_WITHIN = 3600  # seconds in which an answer can be shared after it was given
_LONGEST = 200_000


@verifying.get("/verify")
def verifier(request: Request, room: In, lang: str = "") -> Response:
    """Choose or drop a file, or name an address."""
    return _page(request, room, "verify.html", _language(request, lang))


@verifying.post("/verify")
async def verified(request: Request, room: In, who: Visitor, part: str = "", lang: str = "") -> Response:
    """What the verifier says, as a page; with `part` only the answer, for the script that showed the progress.

    Carries no form token: nothing is changed by asking, and nobody is acted for. Pictures of the history are on this
    page only: an answer that is shared has none.
    """
    finding, seen = await found_in(request, room, partial(pictures, room.desk, who))
    shown = _shown(finding, seen) | {"token": _signer(room).dumps(dump(finding)), "until": None}
    return _page(request, room, "finding.html" if part else "verified.html", _language(request, lang), **shown)


@verifying.post("/verify/share")
def share(
    request: Request, room: In, token: Annotated[str, Form(max_length=_LONGEST)], lang: Annotated[str, Form()] = ""
) -> Response:
    """Keep an answer that was given here, without the file and its name, under a link that nobody can guess."""
    room.pace.step(address_of(request), cost=5)
    try:
        finding: Finding = load(Finding, _signer(room).loads(token, max_age=_SHARE_WITHIN))
    except (BadData, TypeError, ValueError):
        raise FormExpired from None
    name = room.desk.public.sharing.share(finding)
    return RedirectResponse(f"/verify/shared/{name}?lang={_language(request, lang).code}", status_code=303)


@verifying.get("/verify/shared/{name}")
def shared(request: Request, room: In, name: str, lang: str = "") -> Response:
    """An answer that somebody shared. 404 once it has expired."""
    room.pace.step(address_of(request))
    finding, until = room.desk.public.sharing.shared(name)
    shown = _shown(finding) | {"token": "", "until": until, "name": name}
    return _page(request, room, "shared.html", _language(request, lang), **shown)


@verifying.post("/verify/feedback")
def feedback(
    request: Request,
    room: In,
    verdict: Annotated[FindingVerdict, Form()],
    opinion: Annotated[str, Form(max_length=20)],
    note: Annotated[str, Form(max_length=2000)] = "",
    lang: Annotated[str, Form()] = "",
) -> Response:
    """What somebody thinks of an answer; nothing tells who, or of which file."""
    room.pace.step(address_of(request), cost=5)
    room.desk.public.sharing.say(verdict.value, opinion, note)
    return _page(request, room, "thanks.html", _language(request, lang))


def _page(request: Request, room: Room, template: str, language: Language, **shown: Any) -> Response:
    return page(
        request,
        template,
        language=language,
        languages=languages(),
        t=language,
        said=language.said,
        most=room.upload_bytes,
        urls=room.house.settings.verify_urls,
        **shown,
    )


def _shown(finding: Finding, seen: Sequence[Picture] = ()) -> dict[str, Any]:
    headline, tone = words.FINDINGS[finding.verdict]
    return {
        "finding": finding,
        "headline": headline,
        "tone": tone,
        "bars": timeline(finding),
        "branches": lineage(finding, seen),
        "proofs": proofs(finding),
        "json": json.dumps(dump(finding), indent=2, ensure_ascii=False),
    }


def _language(request: Request, asked: str) -> Language:
    return language_of(asked, request.headers.get("accept-language", ""))


def _signer(room: Room) -> URLSafeTimedSerializer:
    return room.sessions.signer("assay.answer")
