"""Reads a claim out of a request: a form with files, or JSON without."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from anyio import to_thread
from fastapi import Request

from console.web.context import RequestContext, client_address
from console.web.http_errors import TooLarge, TooMany
from console.web.rate_limits import client_network
from console.web.scans import scan_file
from console.web.uploads import Upload, read_body, receive_form
from core.errors import BadInput, BadMedia, Unavailable
from core.roles import Principal
from pipeline.claims.claim import Claim, ClaimKind
from pipeline.claims.claim_files import MAX_CLAIM_FILE_BYTES, MAX_CLAIM_FILES, ClaimUpload, read_claim_upload
from pipeline.claims.claim_forms import ClaimForm
from pipeline.claims.claim_store import ClaimFilePurpose
from pipeline.claims.claim_videos import ClaimedVideos, FoundVideos
from pipeline.claims.claims_service import ClaimsService

_TEXT_FIELDS = (
    "law", "explanation", "name", "email", "address", "phone", "signature", "work", "authority", "deceased",
    "registration",
)  # fmt: skip
_PROOFS: Mapping[str, ClaimFilePurpose] = {
    "identity_file": ClaimFilePurpose.IDENTITY,
    "authority_file": ClaimFilePurpose.AUTHORITY,
    "work_file": ClaimFilePurpose.WORK,
}
_MAX_JSON = 256 * 1024
MAX_PROOF_BYTES = MAX_CLAIM_FILES * MAX_CLAIM_FILE_BYTES
"""Of all files of proof that come at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadClaim:
    """A claim as it arrived. `file` is the video, or a picture of it, that it is about; `form_token` the page's."""

    form: ClaimForm
    file: Path | None
    uploads: tuple[ClaimUpload, ...]
    form_token: str = ""


def claims_of(context: RequestContext) -> ClaimsService:
    """The claims desk. Raises Unavailable where no claims are taken."""
    if context.installation.claims is None:
        raise Unavailable("no claims are taken here")
    return context.installation.claims


@asynccontextmanager
async def read_claim(request: Request, context: RequestContext, language: str) -> AsyncIterator[ReadClaim]:
    """The claim in this request; its file is there for as long as the context lasts. Raises BadInput, TooLarge."""
    if request.headers.get("content-type", "").startswith("application/json"):
        yield ReadClaim(form=_form(_json(await read_body(request, _MAX_JSON)), language), file=None, uploads=())
        return
    async with receive_form(
        request,
        context.upload_folder,
        field="file",
        limit=context.max_upload_bytes,
        on_disk=_PROOFS.__contains__,
        seats=context.uploads,
    ) as upload:
        values: dict[str, list[str]] = {}
        for name, value in upload.fields:
            values.setdefault(name, []).append(value)
        uploads = await to_thread.run_sync(_proofs_of, upload)
        file = upload.file if upload.file is not None and upload.file.stat().st_size else None
        form = _form(values, language)
        yield ReadClaim(form=form, file=file, uploads=uploads, form_token=upload.field("form_token"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SentProof:
    """Proof as it arrived for a claim that there is. `wrong` says why its files are refused: none is kept."""

    uploads: tuple[ClaimUpload, ...] = ()
    words: str = ""
    form_token: str = ""
    wrong: BadInput | TooLarge | None = None


@asynccontextmanager
async def read_proof(request: Request, context: RequestContext) -> AsyncIterator[SentProof]:
    """The proof in this request, a form; its files are there for as long as the context lasts."""
    form = receive_form(
        request, context.upload_folder, limit=MAX_PROOF_BYTES, on_disk=_PROOFS.__contains__, seats=context.uploads
    )
    async with AsyncExitStack() as stack:
        try:
            upload = await stack.enter_async_context(form)
        except TooLarge as error:
            sent = SentProof(wrong=error)
        else:
            sent = SentProof(words=upload.field("words"), form_token=upload.field("form_token"))
            try:
                sent = replace(sent, uploads=await to_thread.run_sync(_proofs_of, upload))
            except BadInput as error:
                sent = replace(sent, wrong=error)
        yield sent


async def take_in_proof(request: Request, context: RequestContext, claim: Claim, sent: SentProof) -> Claim:
    """Add proof as it arrived. Raises why its files are refused, and whatever the desk says of them."""
    if sent.wrong is not None:
        raise sent.wrong
    claims = claims_of(context)
    # The keyed hash of where it comes from, as the claims desk counts it.
    place = claims.desk.claim_keys("", client_network(client_address(request)))[-1]
    add = partial(claims.proofs.add, claim, sent.uploads, sent.words, place=place, now=datetime.now(UTC))
    return await to_thread.run_sync(add)


async def submit_claim(
    request: Request, context: RequestContext, sent: ReadClaim, account: Principal | None
) -> tuple[Claim, str]:
    """Find the videos it is about, in the sandbox where a file was sent, and keep the claim."""
    claims = claims_of(context)
    found = await _find_videos(request, context, sent, claims.videos)
    submit = partial(
        claims.desk.submit,
        sent.form,
        found=found,
        uploads=sent.uploads,
        account=account,
        address=client_network(client_address(request)),
        now=datetime.now(UTC),
    )
    return await to_thread.run_sync(submit)


async def _find_videos(
    request: Request, context: RequestContext, sent: ReadClaim, videos: ClaimedVideos
) -> FoundVideos:
    """The videos it is about. Where one is named, a file that cannot be looked at now costs nobody their claim."""
    find = partial(videos.both, sent.form.about, sent.file)
    if sent.file is None:
        return await to_thread.run_sync(find)
    try:
        return await scan_file(request, context, find)
    except (BadMedia, TooMany, Unavailable):
        if not sent.form.about:
            raise
        named = await to_thread.run_sync(videos.named, sent.form.about)
        return replace(named, unread=True)


def claim_form_of(values: Mapping[str, list[str]], language: str) -> ClaimForm:
    """A form from the fields of a page."""
    return _form(values, language)


def _form(values: Mapping[str, list[str]], language: str) -> ClaimForm:
    def last(name: str) -> str:
        given = values.get(name) or [""]
        return given[-1]

    try:
        kind = ClaimKind(last("kind"))
    except ValueError:
        raise BadInput("Choose what it is about.", param="kind") from None
    about = [line.strip() for text in values.get("about", ()) for line in text.splitlines() if line.strip()]
    return ClaimForm(
        kind=kind,
        about=tuple(about),
        statements=tuple(values.get("statement", ())),
        territory=last("territory").strip().upper(),
        language=language,
        child_abuse=last("child_abuse") in ("on", "true"),
        **{name: last(name) for name in _TEXT_FIELDS},
    )


def _json(body: bytes) -> dict[str, list[str]]:
    try:
        found = json.loads(body)
    except ValueError:
        raise BadInput("the body is no JSON") from None
    if not isinstance(found, dict):
        raise BadInput("the body is no JSON object")
    values: dict[str, list[str]] = {}
    for name, value in found.items():
        field = "statement" if name == "statements" else str(name)
        many = value if isinstance(value, list) else [value]
        values[field] = [str(one).lower() if isinstance(one, bool) else str(one) for one in many]
    return values


def _proofs_of(upload: Upload) -> tuple[ClaimUpload, ...]:
    sent = [part for part in upload.parts if part.path.stat().st_size]
    if len(sent) > MAX_CLAIM_FILES:
        raise BadInput("Send six files of proof at most.", param="identity")
    return tuple(_read_proof(part.path, _PROOFS[part.name]) for part in sent)


def _read_proof(path: Path, purpose: ClaimFilePurpose) -> ClaimUpload:
    return read_claim_upload(lambda: path.open("rb"), purpose)
