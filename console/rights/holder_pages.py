"""The pages of rights holders: their works, what they allow, and how they are verified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from console.moderation.form_guard import require_csrf_token
from console.rights.holder_api import LicenceBody, desk_of
from console.web.auth import SessionUser, check_csrf_token
from console.web.context import ContextDep, RequestContext
from console.web.rendering import render_page
from console.web.scans import ACCOUNT_BUDGET, scan_file
from console.web.uploads import receive_form
from core.errors import BadInput, Forbidden, Unavailable
from core.roles import Principal, Role
from pipeline.rights.holder_verification import MAX_STATEMENT
from pipeline.rights.holder_words import LICENCE_PURPOSES, LICENSABLE_KINDS, PARODY_TERMS, RegisteredWork, WorkSound
from pipeline.rights.work_image_service import MAX_EXAMPLE_BYTES, WorkImages, require_work_images
from pipeline.rights.work_sound_service import MAX_SOUND_BYTES

holder_pages_router = APIRouter(prefix="/works", include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]
_PRIVATE = {"Cache-Control": "private, no-store"}
TERMS_TEXTS = {"ask": "Ask me about each video", "forbid": "Not allowed", "allow": "Allowed"}
KIND_TEXTS = {"character": "Character", "work": "Work", "brand": "Brand", "artist": "Artist", "person": "Person"}
RECEIPT_TEXTS = {
    "forbid": "not allowed from now on",
    "ask": "to be asked from now on",
    "allow": "allowed from now on",
    "granted": "licence granted",
    "changed": "licence changed",
    "revoked": "licence taken back",
    "approved": "draft approved",
    "refused": "draft refused",
}
PARODY_TEXTS = {"allowed": "parody too", "only": "parody only", "no": "no parody"}


@holder_pages_router.get("")
def works_page(request: Request, who: SessionUser, context: ContextDep, done: str = "") -> Response:
    """The account's works, the drafts that wait for its answer, and whether it is verified."""
    desk = desk_of(context)
    works = desk.works.own(who)
    if not (works or who.has(Role.RIGHTS_HOLDER)):
        raise Forbidden("this page is for rights holders: an operator opens such an account")
    return render_page(
        request,
        "works.html",
        works=works,
        names={work.id: work.names[0] for work in works},
        waiting=desk.matches.waiting(who),
        holder=desk.verification.status(who),
        notices=[one for one in context.service.cameos.notices(who) if one.code.startswith(("holder_", "work_"))][:20],
        kinds={kind: KIND_TEXTS[kind] for kind in LICENSABLE_KINDS},
        all_kinds=KIND_TEXTS,
        terms=TERMS_TEXTS,
        longest=MAX_STATEMENT,
        done=done,
    )


@holder_pages_router.post("", dependencies=_CSRF_PROTECTED)
def register_a_work(
    who: SessionUser,
    context: ContextDep,
    names: Annotated[str, Form(max_length=10_000)],
    kind: Annotated[str, Form(max_length=20)] = "character",
    description: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Register a work, with a name on each line."""
    made = desk_of(context).works.register(who, kind=kind, names=names.splitlines(), description=description)
    return _see_other(f"/works/{made.id}?done=registered")


@holder_pages_router.post("/verification", dependencies=_CSRF_PROTECTED)
def ask_to_be_verified(
    who: SessionUser,
    context: ContextDep,
    name: Annotated[str, Form(max_length=200)] = "",
    says: Annotated[str, Form(max_length=MAX_STATEMENT)] = "",
) -> Response:
    """Say what you hold: a person verifies it."""
    desk_of(context).verification.ask(who, name=name, says=says)
    return _see_other("/works?done=asked")


@holder_pages_router.post("/leave", dependencies=_CSRF_PROTECTED)
def be_forgotten(who: SessionUser, context: ContextDep) -> Response:
    """Forget who they are and what they wrote."""
    desk_of(context).verification.leave(who)
    return _see_other("/works?done=left")


@holder_pages_router.get("/{work_id}")
def work_page(request: Request, work_id: str, who: SessionUser, context: ContextDep, done: str = "") -> Response:
    """One work: what it is called and looks like, what is allowed, what matched."""
    desk = desk_of(context)
    work = desk.works.work(who, work_id)
    licences = [one for one in reversed(desk.works.licences_of(who, work_id)) if one.revoked is None]
    receipts = desk.works.receipts(who, work_id)
    return render_page(
        request,
        "work.html",
        work=work,
        kinds=KIND_TEXTS,
        terms=TERMS_TEXTS,
        licences=licences,
        receipts=receipts,
        receipt_texts=RECEIPT_TEXTS,
        pictures=_pictures(context, who, work),
        sounds=_sounds(context, who, work),
        matches=desk.matches.matches(who, work_id, limit=100) if work.holder == who.id else (),
        months=desk.matches.statistics(who, work_id),
        purposes=LICENCE_PURPOSES,
        parody={name: PARODY_TEXTS[name] for name in PARODY_TERMS},
        done=done,
    )


@holder_pages_router.post("/{work_id}/describe", dependencies=_CSRF_PROTECTED)
def describe_a_work(
    work_id: str,
    who: SessionUser,
    context: ContextDep,
    names: Annotated[str, Form(max_length=10_000)],
    description: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Other names, and another description."""
    desk_of(context).works.describe(who, work_id, names=names.splitlines(), description=description)
    return _see_other(f"/works/{work_id}?done=described")


@holder_pages_router.post("/{work_id}/terms", dependencies=_CSRF_PROTECTED)
def state_terms_of_a_work(
    work_id: str, who: SessionUser, context: ContextDep, terms: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Forbid, ask me, or allow."""
    desk_of(context).works.state_terms(who, work_id, terms)
    return _see_other(f"/works/{work_id}?done=terms")


@holder_pages_router.post("/{work_id}/licences")
async def grant_a_licence(request: Request, work_id: str, who: SessionUser, context: ContextDep) -> Response:
    """Allow something beyond the terms."""
    form = await request.form()
    check_csrf_token(request, context, str(form.get("form_token", "")))
    until, account = str(form.get("until", "")), str(form.get("account", "")).strip()
    everyone = form.get("audience") == "*"
    if not everyone and not account:
        raise BadInput("name the account that you allow this, or choose everyone", param="account")
    body = _licence_body(
        {
            "licensee": "*" if everyone else account,
            "purposes": [str(value) for value in form.getlist("purpose")],
            "parody": str(form.get("parody", "allowed")),
            "territory": [part.strip().upper() for part in str(form.get("territory", "")).split(",") if part.strip()],
            "until": f"{until}T23:59:59Z" if until else None,
        }
    )
    await to_thread.run_sync(desk_of(context).works.grant, who, work_id, body.to_licence_request())
    return _see_other(f"/works/{work_id}?done=licensed")


@holder_pages_router.post("/{work_id}/licences/{licence_id}/revoke", dependencies=_CSRF_PROTECTED)
def revoke_a_licence(work_id: str, licence_id: str, who: SessionUser, context: ContextDep) -> Response:
    """Take a licence back."""
    desk_of(context).works.revoke(who, work_id, licence_id)
    return _see_other(f"/works/{work_id}?done=revoked")


@holder_pages_router.post("/{work_id}/pictures")
async def add_a_picture(request: Request, work_id: str, who: SessionUser, context: ContextDep) -> Response:
    """Give an example picture, or a clip."""
    service = require_work_images(context.service.work_images)
    limit = min(MAX_EXAMPLE_BYTES, context.max_upload_bytes)
    async with receive_form(request, context.upload_folder, field="file", limit=limit, seats=context.uploads) as upload:
        check_csrf_token(request, context, upload.field("form_token"))
        if (file := upload.file) is None or file.stat().st_size == 0:
            raise BadInput("choose a picture or a clip first", param="file")
        await scan_file(request, context, lambda: service.add(who, work_id, file), ACCOUNT_BUDGET)
    return _see_other(f"/works/{work_id}?done=picture")


@holder_pages_router.get("/{work_id}/pictures/{image_id}")
def picture_of_a_work(work_id: str, image_id: str, who: SessionUser, context: ContextDep) -> Response:
    """An example picture."""
    picture = require_work_images(context.service.work_images).picture(who, work_id, image_id)
    return Response(picture, media_type="image/jpeg", headers=_PRIVATE)


@holder_pages_router.post("/{work_id}/pictures/{image_id}/remove", dependencies=_CSRF_PROTECTED)
def remove_a_picture(work_id: str, image_id: str, who: SessionUser, context: ContextDep) -> Response:
    """Forget an example picture."""
    require_work_images(context.service.work_images).remove(who, work_id, image_id)
    return _see_other(f"/works/{work_id}?done=forgotten")


@holder_pages_router.post("/{work_id}/sounds")
async def add_a_sound(request: Request, work_id: str, who: SessionUser, context: ContextDep) -> Response:
    """Give an example sound."""
    desk, limit = desk_of(context), min(MAX_SOUND_BYTES, context.max_upload_bytes)
    async with receive_form(request, context.upload_folder, field="file", limit=limit, seats=context.uploads) as upload:
        check_csrf_token(request, context, upload.field("form_token"))
        if (file := upload.file) is None or file.stat().st_size == 0:
            raise BadInput("choose a recording or a clip first", param="file")
        name = upload.field("name")
        await scan_file(request, context, lambda: desk.sounds.add(who, work_id, file, name=name), ACCOUNT_BUDGET)
    return _see_other(f"/works/{work_id}?done=sound")


@holder_pages_router.post("/{work_id}/sounds/{sound_id}/remove", dependencies=_CSRF_PROTECTED)
def remove_a_sound(work_id: str, sound_id: str, who: SessionUser, context: ContextDep) -> Response:
    """Forget an example sound."""
    desk_of(context).sounds.remove(who, work_id, sound_id)
    return _see_other(f"/works/{work_id}?done=forgotten")


@holder_pages_router.post("/{work_id}/remove", dependencies=_CSRF_PROTECTED)
def remove_a_work(
    work_id: str, who: SessionUser, context: ContextDep, sure: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Remove a work, if its first name was written once more."""
    works = desk_of(context).works
    if sure.strip().casefold() != works.work(who, work_id).names[0].casefold():
        raise BadInput("write the first name of the work to remove it", param="sure")
    works.remove(who, work_id)
    return _see_other("/works?done=removed")


def _pictures(context: RequestContext, who: Principal, work: RegisteredWork) -> WorkImages | None:
    """The example pictures; None where they cannot be kept here."""
    try:
        return require_work_images(context.service.work_images).of_work(who, work.id)
    except (Unavailable, Forbidden):
        return None


def _sounds(context: RequestContext, who: Principal, work: RegisteredWork) -> Sequence[WorkSound] | None:
    """The example sounds; None where they cannot be read."""
    try:
        return desk_of(context).sounds.of_work(who, work.id)
    except (Unavailable, Forbidden):
        return None


def _licence_body(fields: dict[str, object]) -> LicenceBody:
    """What a form says of a licence. Raises BadInput with the name of the first field that cannot be read."""
    try:
        return LicenceBody.model_validate(fields)
    except ValidationError as error:
        name = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise BadInput(f"this cannot be read: {name}", param=name) from None


def _see_other(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
