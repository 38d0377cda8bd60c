"""Claims for the walk over all routes: each in the state in which its route can be used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from typing import Any

from core.roles import Principal, Role
from pipeline.claims.claim import Claim, ClaimDecision, ClaimKind
from pipeline.claims.claim_files import read_claim_upload
from pipeline.claims.claim_forms import ClaimForm
from pipeline.claims.claim_store import ClaimFilePurpose
from pipeline.claims.claims_service import ClaimsService
from tests.stories.access_objects import AccessObjects

Built = tuple[dict[str, str], dict[str, Any]]

SOMEBODY = Principal(id="acct_walker", roles=frozenset({Role.MODERATOR}))
WHO = {
    "name": "R. Holder",
    "email": "r@example.org",
    "address": "1 Main Street",
    "phone": "1",
    "signature": "R. Holder",
}
NOTICE = {**WHO, "kind": "copyright", "work": "a film", "about": "0" * 16, "statement": ["good_faith", "accurate"]}
COUNTER = {**WHO, "kind": "copyright", "statement": ["mistake", "jurisdiction"]}


def filed(made: AccessObjects, owner: Principal, **more: Any) -> tuple[Claim, str]:
    """A claim about a published video of this account, and its secret."""
    case, claims = made.published(owner), _claims(made)
    form = ClaimForm(
        kind=ClaimKind.COPYRIGHT, work="a film", statements=("good_faith", "accurate"), about=(case.id,), **WHO
    )
    upload = read_claim_upload(partial(BytesIO, b"%PDF-"), ClaimFilePurpose.IDENTITY)
    found = claims.videos.named(form.about)
    return claims.desk.submit(form, found=found, uploads=[upload], address="walk", now=datetime.now(UTC), **more)


def decided(made: AccessObjects, owner: Principal, decision: ClaimDecision, **more: Any) -> tuple[Claim, str]:
    claim, secret = filed(made, owner, **more)
    code = "copyright_infringed" if decision is ClaimDecision.UPHELD else "no_infringement"
    now, review = datetime.now(UTC), _claims(made).review
    return review.decide(SOMEBODY, claim.id, decision, code=code, revision=claim.revision, now=now), secret


def countered(made: AccessObjects, owner: Principal, **more: Any) -> tuple[Claim, str]:
    claim, secret = decided(made, owner, ClaimDecision.UPHELD, **more)
    form = ClaimForm(kind=ClaimKind.COPYRIGHT, statements=("mistake", "jurisdiction"), **WHO)
    _claims(made).answers.counter(owner, claim.id, form, datetime.now(UTC))
    return claim, secret


_POOL: dict[tuple[str, int, str], tuple[str, str]] = {}


def reused(name: str, made: AccessObjects, owner: Principal, make: Callable[..., Any], usable: Callable[[Claim], bool]):
    """A claim of this account that an earlier request left as it was, or a new one; and its secret.

    Making one costs keys on the disk, and taking a video down more: most who ask are turned away and change nothing.
    """
    key = name, id(made), owner.id
    if key not in _POOL or not usable(_claims(made).desk.store.get(_POOL[key][0])):
        claim, secret = make(made, owner)
        _POOL[key] = claim.id, secret
    claim_id, secret = _POOL[key]
    return _claims(made).desk.store.get(claim_id), secret


def _claims(made: AccessObjects) -> ClaimsService:
    return made.at.claims


def _waiting(made: AccessObjects, who: Principal) -> tuple[Claim, str]:
    return reused("waiting", made, who, filed, lambda claim: claim.open)


def _upheld(made: AccessObjects, who: Principal) -> Claim:
    def usable(claim: Claim) -> bool:
        return not _claims(made).desk.store.answers_to(claim.id)

    return reused("upheld", made, who, lambda at, owner: decided(at, owner, ClaimDecision.UPHELD), usable)[0]


def _file(made: AccessObjects, who: Principal) -> Built:
    claim, _ = _waiting(made, who)
    file, *_ = _claims(made).desk.store.files(claim.id)
    return {"claim_id": claim.id, "file_id": file.id}, {}


def _named(made: AccessObjects, who: Principal) -> Built:
    claim, _ = _waiting(made, who)
    fields = {"revision": str(claim.revision), "about": claim.case_ids[0]}
    return {"claim_id": claim.id}, {"data": fields}


def _decide(made: AccessObjects, who: Principal) -> Built:
    claim, _ = _waiting(made, who)
    fields = {"revision": str(claim.revision), "decision": "rejected", "code": "no_infringement"}
    return {"claim_id": claim.id}, {"data": fields}


def _against(**options: Any) -> Callable[[AccessObjects, Principal], Built]:
    return lambda made, who: ({"claim_id": _upheld(made, who).id}, options)


def _lost(**options: Any) -> Callable[[AccessObjects, Principal], Built]:
    """Of nobody in particular: whoever has the secret appeals."""
    return lambda made, who: ({"secret": decided(made, who, ClaimDecision.REJECTED)[1]}, options)


def _status(made: AccessObjects, who: Principal) -> Built:
    return {"secret": _waiting(made, who)[1]}, {}


def _court(**options: Any) -> Callable[[AccessObjects, Principal], Built]:
    def build(made: AccessObjects, who: Principal) -> Built:
        key = "countered", id(made), who.id
        if key not in _POOL:
            _POOL[key] = "", countered(made, who)[1]
        return {"secret": _POOL[key][1]}, options

    return build


PROOF = {"identity_file": ("p.pdf", b"%PDF-1.7", "application/pdf")}


def _own(made: AccessObjects, who: Principal) -> Built:
    """A claim that this account made itself."""
    claim, _ = reused("own", made, who, lambda at, owner: filed(at, at.maker, account=owner), lambda claim: claim.open)
    return {"claim_id": claim.id}, {}


def _own_lost(**options: Any) -> Callable[[AccessObjects, Principal], Built]:
    """A claim of this account that was rejected and that nobody appealed."""

    def made_by(at: AccessObjects, owner: Principal) -> tuple[Claim, str]:
        return decided(at, at.maker, ClaimDecision.REJECTED, account=owner)

    def build(made: AccessObjects, who: Principal) -> Built:
        claim, _ = reused("own lost", made, who, made_by, lambda one: not _claims(made).desk.store.answers_to(one.id))
        return {"claim_id": claim.id}, options

    return build


def _own_countered(**options: Any) -> Callable[[AccessObjects, Principal], Built]:
    """A claim of this account to which a counter-notice was sent."""

    def build(made: AccessObjects, who: Principal) -> Built:
        def counter(at: AccessObjects, owner: Principal) -> tuple[Claim, str]:
            return countered(at, at.maker, account=owner)

        claim, _ = reused("own countered", made, who, counter, lambda _one: True)
        return {"claim_id": claim.id}, options

    return build


def _with_proof(build: Callable[[AccessObjects, Principal], Built]) -> Callable[[AccessObjects, Principal], Built]:
    return lambda made, who: (build(made, who)[0], {"files": PROOF, "data": {"words": "that is me"}})


def _read(made: AccessObjects, who: Principal) -> Built:
    return {"claim_id": _waiting(made, who)[0].id}, {}


def _moved(option: str, **more: Any) -> Callable[[AccessObjects, Principal], Built]:
    """A change of a claim that waits, as JSON or as a form."""

    def build(made: AccessObjects, who: Principal) -> Built:
        claim, _ = _waiting(made, who)
        return {"claim_id": claim.id}, {option: {"revision": claim.revision, **more}}

    return build


def _proved(option: str) -> Callable[[AccessObjects, Principal], Built]:
    def build(made: AccessObjects, who: Principal) -> Built:
        claim, _ = _waiting(made, who)
        now, proofs = datetime.now(UTC), _claims(made).proofs
        moved = proofs.add(claim, (), "that is me", place="walk", now=now)
        return {"claim_id": claim.id}, {option: {"revision": moved.revision}}

    return build


def _to_name(made: AccessObjects, who: Principal) -> Built:
    claim, _ = _waiting(made, who)
    return {"claim_id": claim.id}, {"json": {"revision": claim.revision, "about": [claim.case_ids[0]]}}


CLAIM_PARAMETERS: dict[str, Callable[[AccessObjects, Principal], str]] = {
    "claim_id": lambda made, who: _upheld(made, who).id,
    "kind": lambda _made, _who: "likeness",
}

EMPTY_FILE = {"identity_file": ("", b"", "application/octet-stream")}

CLAIM_REQUESTS: dict[str, Callable[[AccessObjects, Principal], Built]] = {
    "POST /api/claims": lambda _made, _who: ({}, {"json": NOTICE}),
    "GET /api/claims/status/{secret}": _status,
    "POST /api/claims/status/{secret}/withdraw": _status,
    "GET /claims/status/{secret}": _status,
    "POST /claims/status/{secret}/withdraw": _status,
    "POST /api/claims/status/{secret}/appeal": _lost(json={"words": "look again"}),
    "POST /api/claims/status/{secret}/court": _court(json={"words": "N.D. Cal."}),
    "POST /api/claims/{claim_id}/appeal": _against(json={"words": "look again"}),
    "POST /api/claims/{claim_id}/counter": _against(json=COUNTER),
    "POST /claims/new": lambda _made, _who: ({}, {"data": NOTICE, "files": EMPTY_FILE}),
    "POST /claims/status/{secret}/appeal": _lost(data={"words": "look again"}),
    "POST /claims/status/{secret}/court": _court(data={"words": "N.D. Cal."}),
    "POST /claims/against/{claim_id}/appeal": _against(data={"words": "look again"}),
    "POST /claims/against/{claim_id}/counter": _against(data=COUNTER, files=EMPTY_FILE),
    "GET /claims/own/{claim_id}": _own,
    "POST /claims/own/{claim_id}/withdraw": _own,
    "POST /claims/own/{claim_id}/appeal": _own_lost(data={"words": "look again"}),
    "POST /claims/own/{claim_id}/court": _own_countered(data={"words": "N.D. Cal."}),
    "POST /claims/own/{claim_id}/proof": _with_proof(_own),
    "POST /api/claims/{claim_id}/withdraw": _own,
    "POST /api/claims/{claim_id}/court": _own_countered(json={"words": "N.D. Cal."}),
    "POST /claims/status/{secret}/proof": _with_proof(_status),
    "POST /api/claims/{claim_id}/proof": _with_proof(_own),
    "POST /api/claims/status/{secret}/proof": _with_proof(_status),
    "POST /claim-reviews/{claim_id}/proof": _moved("data", wanted="identity"),
    "POST /claim-reviews/{claim_id}/proved": _proved("data"),
    "GET /api/claim-reviews/{claim_id}": _read,
    "GET /api/claim-reviews/{claim_id}/files/{file_id}": _file,
    "POST /api/claim-reviews/{claim_id}/videos": _to_name,
    "POST /api/claim-reviews/{claim_id}/proof": _moved("json", wanted=["identity"]),
    "POST /api/claim-reviews/{claim_id}/proved": _proved("json"),
    "POST /api/claim-reviews/{claim_id}/decide": _moved("json", decision="rejected", code="no_infringement"),
    "GET /claim-reviews/{claim_id}/files/{file_id}": _file,
    "POST /claim-reviews/{claim_id}/videos": _named,
    "POST /claim-reviews/{claim_id}/decide": _decide,
}
