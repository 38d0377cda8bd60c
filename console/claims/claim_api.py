"""Claims for programs: without an account, or through one."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

from console.allowed_hosts import stated_address
from console.claims.claim_request import claims_of, read_claim, read_proof, submit_claim, take_in_proof
from console.claims.claim_views import claim_json, law_json, status_json
from console.web.auth import BearerUser, bearer_user
from console.web.context import AcceptLanguage, ContextDep, RequestContext, client_address
from console.web.translations import negotiate_language
from core.roles import Principal, Scope, require_scope
from pipeline.claims.claim import Claim, ClaimKind
from pipeline.claims.proof.proof_talk import proof_talk

claims_api_router = APIRouter(prefix="/api/claims")

_PUBLIC: list[str | Enum] = ["public"]
_ACCOUNTS: list[str | Enum] = ["claims"]

_OPTIONAL_BEARER = HTTPBearer(auto_error=False, description="The token of a key, where a claim comes with an account.")
_TEXT_NAMES = (
    "explanation", "name", "email", "address", "phone", "signature", "work", "authority", "deceased", "registration",
)  # fmt: skip
_FILES = {
    "file": "The video, or a picture of it.",
    "identity_file": "Proof of identity: PDF, PNG or JPEG.",
    "authority_file": "Proof that you may act for somebody: PDF, PNG or JPEG.",
    "work_file": "A picture of the work: PDF, PNG or JPEG.",
}
_PROPERTIES: dict[str, dict[str, object]] = {
    "kind": {"type": "string", "enum": [kind.value for kind in ClaimKind]},
    "law": {"type": "string", "description": "A law of the table; by default the first that applies."},
    "about": {"type": "string", "description": "Addresses or numbers of videos, one a line."},
    "statement": {"type": "array", "items": {"type": "string"}, "description": "Ids of the statements made."},
    "territory": {"type": "string", "description": "A country, as two letters."},
    "child_abuse": {"type": "boolean", "description": "About sexual abuse of children: no name is needed."},
    **{name: {"type": "string"} for name in _TEXT_NAMES},
}
_CLAIM_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["kind"],
                "properties": _PROPERTIES
                | {name: {"type": "string", "format": "binary", "description": says} for name, says in _FILES.items()},
            }
        },
        "application/json": {"schema": {"type": "object", "description": "The same fields, without files."}},
    },
}
_PROOF_FILES = {name: says for name, says in _FILES.items() if name != "file"}
_PROOF_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"words": {"type": "string", "description": "What proves it, in words."}}
                | {
                    name: {"type": "string", "format": "binary", "description": says}
                    for name, says in _PROOF_FILES.items()
                },
            }
        }
    },
}


class ClaimWords(BaseModel):
    """What somebody says to an appeal, or of a court."""

    words: str = Field(min_length=1, max_length=8000)


def optional_bearer_user(
    request: Request,
    context: ContextDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_OPTIONAL_BEARER)],
) -> Principal | None:
    """Whose token this is, None where there is none. Raises NotSignedIn for one that opens nothing."""
    return bearer_user(request, context, credentials) if credentials else None


@claims_api_router.get(
    "/laws", summary="By which laws can something be claimed, and by when is it decided?", tags=_PUBLIC
)
def claim_laws(context: ContextDep, accept: AcceptLanguage) -> list[dict[str, Any]]:
    """The table of laws, each with its source, its dates, and the statements it asks for."""
    language = negotiate_language("", accept, "").code
    return [law_json(law, language) for law in claims_of(context).desk.laws.by_id.values()]


@claims_api_router.post(
    "", summary="Claim something of a published video", openapi_extra={"requestBody": _CLAIM_BODY}, tags=_PUBLIC
)
async def make_claim(
    request: Request,
    context: ContextDep,
    accept: AcceptLanguage,
    who: Annotated[Principal | None, Security(optional_bearer_user)],
) -> dict[str, Any]:
    """No account is needed. The secret of the status page is told here and never again."""
    context.rate_limiter.consume(client_address(request), cost=5)
    async with read_claim(request, context, negotiate_language("", accept, "").code) as sent:
        claim, secret = await submit_claim(request, context, sent, who)
    base = stated_address(request, context.installation.settings)
    return {
        **claim_json(claim, datetime.now(UTC)),
        "secret": secret,
        "status_url": f"{base}/claims/status/{secret}",
    }


@claims_api_router.get("", summary="The claims that came through this account", tags=_ACCOUNTS)
def own_claims(who: BearerUser, context: ContextDep) -> list[dict[str, Any]]:
    """Without anything personal; the newest first."""
    require_scope(who, Scope.READ, Scope.MANAGE)
    now = datetime.now(UTC)
    return [claim_json(claim, now) for claim in claims_of(context).desk.store.of_account(who.id)]


@claims_api_router.get("/status/{secret}", summary="How does a claim stand?", tags=_PUBLIC)
def claim_status(request: Request, secret: str, context: ContextDep) -> dict[str, Any]:
    """For whoever has its secret."""
    context.rate_limiter.consume(client_address(request))
    desk, now = claims_of(context).desk, datetime.now(UTC)
    shown = desk.status(secret, now)
    return status_json(shown, proof_talk(desk, shown.claim), now)


@claims_api_router.post(
    "/status/{secret}/proof", summary="Add proof to a claim", openapi_extra={"requestBody": _PROOF_BODY}, tags=_PUBLIC
)
async def add_proof(request: Request, secret: str, context: ContextDep) -> dict[str, Any]:
    """As long as nobody has decided. The clock runs on, where it stood still for this."""
    context.rate_limiter.consume(client_address(request), cost=5)
    claim = await to_thread.run_sync(claims_of(context).desk.by_secret, secret)
    return await _add_proof(request, context, claim)


@claims_api_router.post(
    "/{claim_id}/proof",
    summary="Add proof to a claim of this account",
    openapi_extra={"requestBody": _PROOF_BODY},
    tags=_ACCOUNTS,
)
async def add_own_proof(request: Request, who: BearerUser, claim_id: str, context: ContextDep) -> dict[str, Any]:
    """The same, without its secret."""
    claim = await to_thread.run_sync(claims_of(context).own.get, who, claim_id)
    return await _add_proof(request, context, claim)


@claims_api_router.post("/status/{secret}/withdraw", summary="Take a claim back", tags=_PUBLIC)
def withdraw_claim(request: Request, secret: str, context: ContextDep) -> dict[str, Any]:
    """Only before it is decided."""
    context.rate_limiter.consume(client_address(request), cost=5)
    now = datetime.now(UTC)
    return claim_json(claims_of(context).desk.withdraw(secret, now), now)


@claims_api_router.post("/status/{secret}/appeal", summary="Ask that somebody else decides about a claim", tags=_PUBLIC)
def appeal_claim(request: Request, secret: str, context: ContextDep, body: ClaimWords) -> dict[str, Any]:
    """Once, within six months, where it was not upheld in full. Answers with the appeal."""
    context.rate_limiter.consume(client_address(request), cost=5)
    now = datetime.now(UTC)
    return claim_json(claims_of(context).desk.appeal(secret, body.words, now), now)


@claims_api_router.post(
    "/status/{secret}/court", summary="Say that a court was asked, after a counter-notice", tags=_PUBLIC
)
def claim_went_to_court(request: Request, secret: str, context: ContextDep, body: ClaimWords) -> dict[str, Any]:
    """What the counter-notice is about is then not put back."""
    context.rate_limiter.consume(client_address(request), cost=5)
    now = datetime.now(UTC)
    return claim_json(claims_of(context).desk.went_to_court(secret, body.words, now), now)


@claims_api_router.get("/{claim_id}", summary="A claim about a video of this account", tags=_ACCOUNTS)
def claim_against(who: BearerUser, claim_id: str, context: ContextDep) -> dict[str, Any]:
    """Why a video was hidden or taken down. Who made the claim is not told."""
    now = datetime.now(UTC)
    shown = claims_of(context).answers.against(who, claim_id, now)
    return {
        **claim_json(shown.claim, now),
        "videos": list(shown.own_cases),
        "reason": shown.reason or None,
        "may_appeal": shown.may_appeal,
        "counter_notice": law_json(shown.counter) if shown.counter else None,
        "answers": [claim_json(one, now) for one in shown.answers],
    }


@claims_api_router.post(
    "/{claim_id}/appeal", summary="Appeal a claim of this account, or one about a video of it", tags=_ACCOUNTS
)
def appeal_claim_against(who: BearerUser, claim_id: str, context: ContextDep, body: ClaimWords) -> dict[str, Any]:
    """Somebody else decides. Answers with the appeal."""
    now, claims = datetime.now(UTC), claims_of(context)
    side = claims.own if claims.desk.store.get(claim_id).via_account == who.id else claims.answers
    return claim_json(side.appeal(who, claim_id, body.words, now), now)


@claims_api_router.post("/{claim_id}/withdraw", summary="Take a claim of this account back", tags=_ACCOUNTS)
def withdraw_own(who: BearerUser, claim_id: str, context: ContextDep) -> dict[str, Any]:
    """Only before it is decided."""
    now = datetime.now(UTC)
    return claim_json(claims_of(context).own.withdraw(who, claim_id, now), now)


@claims_api_router.post(
    "/{claim_id}/court", summary="Say that a court was asked about a claim of this account", tags=_ACCOUNTS
)
def own_went_to_court(who: BearerUser, claim_id: str, context: ContextDep, body: ClaimWords) -> dict[str, Any]:
    """What the counter-notice is about is then not put back."""
    now = datetime.now(UTC)
    return claim_json(claims_of(context).own.went_to_court(who, claim_id, body.words, now), now)


@claims_api_router.post(
    "/{claim_id}/counter", summary="Send a counter-notice", openapi_extra={"requestBody": _CLAIM_BODY}, tags=_ACCOUNTS
)
async def counter_claim(
    request: Request, who: BearerUser, claim_id: str, context: ContextDep, accept: AcceptLanguage
) -> dict[str, Any]:
    """It is passed on to the claimant with the name and address in it. Answers with the counter-notice."""
    now = datetime.now(UTC)
    async with read_claim(request, context, negotiate_language("", accept, "").code) as sent:
        return claim_json(claims_of(context).answers.counter(who, claim_id, sent.form, now), now)


async def _add_proof(request: Request, context: RequestContext, claim: Claim) -> dict[str, Any]:
    async with read_proof(request, context) as sent:
        return claim_json(await take_in_proof(request, context, claim, sent), datetime.now(UTC))
