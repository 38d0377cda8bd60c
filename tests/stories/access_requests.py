"""A well-formed request for every route: what its path and body are made of, for things of a given account.

A route that is not here is asked with the things its path names, and nothing else. `LATER` are those where nobody is
answered with success in the walk, and why: there the matrix shows who gets past the door.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from console.gateway.models_api import model_names
from core.roles import Principal
from tests.stories.access_objects import AccessObjects

Built = tuple[dict[str, str], dict[str, Any]]
"""Values for the path, and arguments for httpx."""

Builder = Callable[[AccessObjects, Principal], Built]

JUNK = {"file": ("a.mp4", b"no video", "video/mp4")}
ORDER = {"prompt": "a rabbit in a meadow"}
BINDING = {"alg": "com.example.1", "bindingValue": "YQ=="}

PARAMETERS: dict[str, Callable[[AccessObjects, Principal], str]] = {
    "video_id": lambda made, who: made.published(who).id,
    "character_id": lambda made, who: made.cameo(who),
    "case_id": lambda made, who: made.held(who).id,
    "handle": lambda made, who: made.cameo(who),
    "cameo_id": lambda made, who: made.cameo(who, active=False),
    "key_id": lambda made, who: made.key(who),
    "endpoint_id": lambda made, who: made.endpoint(who),
    "manifestId": lambda made, who: made.manifest(who),
    "sha256": lambda made, who: made.receipt(who),
    "name": lambda made, who: made.shared(who),
    "challenge_id": lambda made, who: made.challenge(who),
    "work_id": lambda made, who: made.work(who),
    "image_id": lambda made, who: made.work_image(who)[1],
    "number": lambda _made, _who: "0",
    "account": lambda made, _who: made.maker.id,
    "model": lambda made, _who: model_names(made.at.settings)[0],
}


def body(**options: Any) -> Builder:
    """A request with this body; the path's things are made by their names."""
    return lambda _made, _who: ({}, options)


def of_case(make: Callable[..., Any], **fields: Any) -> dict[str, Any]:
    """Builders for a case in a certain state, as the API and as the page asks it, at its revision."""

    def api(made: AccessObjects, who: Principal) -> Built:
        case = make(made, who)
        return {"case_id": case.id}, {"json": {**fields, "revision": case.revision}}

    def page(made: AccessObjects, who: Principal) -> Built:
        case = make(made, who)
        return {"case_id": case.id}, {"data": {**fields, "revision": str(case.revision)}}

    return {"api": api, "page": page}


def of_use(**options: Any) -> Builder:
    """A video by another account that shows a cameo of this one."""

    def build(made: AccessObjects, who: Principal) -> Built:
        handle, case_id = made.use(who)
        return {"handle": handle, "case_id": case_id, "answer": "approve"}, options

    return build


def of_lease(*, words: str = "", **options: Any) -> Builder:
    def build(made: AccessObjects, who: Principal) -> Built:
        handle, lease_id = made.lease(who, words=words)
        return {"handle": handle, "lease_id": lease_id}, options

    return build


def of_work_image(made: AccessObjects, who: Principal) -> Built:
    work, image = made.work_image(who)
    return {"work_id": work, "image_id": image}, {}


def of_delivery(made: AccessObjects, who: Principal) -> Built:
    endpoint, delivery = made.delivery(who)
    return {"endpoint_id": endpoint, "delivery_id": delivery}, {"data": {"delivery": delivery}}


def of_erasure(made: AccessObjects, who: Principal) -> Built:
    handle = made.cameo(who)
    return {"handle": handle}, {"data": {"sure": handle}}


def bound(made: AccessObjects, who: Principal) -> Built:
    return {}, {"json": BINDING | {"manifestId": made.manifest(who)}}


def unbound(made: AccessObjects, who: Principal) -> Built:
    return {}, {"params": BINDING | {"bindingValue": "AA==", "manifestId": made.binding(who)}}


def draft_of(**more: Any) -> Builder:
    """What an order is made over: a video that is not published, and for others not there."""
    return lambda made, who: ({}, {"json": {**ORDER, **more, "video": {"id": made.held(who).id}}})


RULE = of_case(AccessObjects.held, decision="allow", code="context")
RESUME, APPEAL = of_case(AccessObjects.broken), of_case(AccessObjects.refused, note="why")
RECALL = of_case(AccessObjects.held, code="mistake")
LEASE = {"holder": "*"}

REQUESTS: dict[str, Builder] = {
    "POST /v1/videos": body(json=ORDER),
    "POST /v1/videos/sync": body(json=ORDER),
    "POST /v1/videos/{video_id}/remix": body(json=ORDER),
    "POST /v1/videos/edits": draft_of(),
    "POST /v1/videos/extensions": draft_of(seconds="4"),
    "POST /v1/videos/characters": body(data={"name": "walked"}, files={"video": JUNK["file"]}),
    "POST /v1/moderations": body(json={"input": "a rabbit"}),
    "POST /beta/litellm_basic_guardrail_api": body(json={"texts": ["a rabbit"], "input_type": "request"}),
    "POST /v1/webhook_endpoints": body(
        json={"name": "a", "url": "http://10.1.2.3/", "event_types": ["video.completed"]}
    ),
    "POST /v1/webhook_endpoints/{endpoint_id}": body(json={"name": "b"}),
    "POST /v1/webhook_endpoints/{endpoint_id}/rotate_secret": body(json={}),
    "POST /v1/webhook_endpoints/{endpoint_id}/test": body(json={"event_type": "video.completed"}),
    "POST /v1/webhook_endpoints/{endpoint_id}/deliveries/{delivery_id}/replay": of_delivery,
    "POST /api/cases/{case_id}/rule": RULE["api"],
    "POST /api/cases/{case_id}/resume": RESUME["api"],
    "POST /api/cases/{case_id}/appeal": lambda made, who: ({"case_id": made.refused(who).id}, {"json": {"note": "a"}}),
    "POST /api/cases/{case_id}/recall": RECALL["api"],
    "POST /api/screen": body(json={"prompt": "a rabbit"}),
    "POST /api/cameos/challenges": lambda made, _who: ({}, {"json": {"handle": f"cameo{next(made.number)}"}}),
    "POST /api/cameos/take": lambda made, who: (
        {},
        {"data": {"challenge": made.challenge(who)}, "files": {"take": JUNK["file"]}},
    ),
    "POST /api/cameos/estates": body(data={"handle": "walked", "proof": "p"}, files={"picture": JUNK["file"]}),
    "POST /api/cameos/{handle}/leases": body(json=LEASE),
    "PUT /api/leases/{lease_id}": of_lease(json=LEASE),
    "DELETE /api/leases/{lease_id}": of_lease(),
    "GET /api/cameos/{handle}/uses/{case_id}/content": of_use(),
    "POST /api/cameos/{handle}/uses/{case_id}/approve": of_use(),
    "POST /api/cameos/{handle}/uses/{case_id}/veto": of_use(),
    "POST /api/cameos/{handle}/uses/{case_id}/report": of_use(json={"note": "look"}),
    "POST /api/reviews/cameos/{cameo_id}": body(json={"allow": True}),
    "POST /api/reviews/leases/{lease_id}": of_lease(words="no cars", json={}),
    "POST /api/receipts/check": lambda made, who: ({}, {"json": {"receipt": made.receipt(who)}}),
    "POST /api/likeness/compare": body(files={"a": JUNK["file"], "b": JUNK["file"]}),
    "POST /api/works/{work_id}/images": body(files=JUNK),
    "GET /api/works/{work_id}/images/{image_id}": of_work_image,
    "DELETE /api/works/{work_id}/images/{image_id}": of_work_image,
    "POST /api/keys": lambda made, _who: ({}, {"json": {"name": f"walked{next(made.number)}", "scopes": ["manage"]}}),
    "POST /api/keys/{key_id}/rotate": body(json={}),
    "POST /api/verify": body(files=JUNK),
    "GET /c2pa/matches/byBinding": body(params={"alg": "com.example.1", "value": "YQ=="}),
    "POST /c2pa/matches/byBinding": body(json={"alg": "com.example.1", "value": "YQ=="}),
    "POST /c2pa/matches/byContent": body(content=b"no video", headers={"Content-Type": "video/mp4"}),
    "POST /c2pa/matches/byReference": body(json={"referenceUrl": "https://a.invalid/a.mp4", "assetLength": 9}),
    "POST /c2pa/manifests": body(content=b"no manifest", headers={"Content-Type": "application/c2pa"}),
    "POST /c2pa/bindings": bound,
    "PUT /c2pa/bindings": bound,
    "DELETE /c2pa/bindings": unbound,
    "GET /cases/{case_id}/video": lambda made, who: ({"case_id": made.published(who).id}, {}),
    "GET /cases/{case_id}/film": lambda made, who: ({"case_id": made.published(who).id}, {}),
    "GET /cases/{case_id}/waveform": lambda made, who: ({"case_id": made.published(who).id}, {}),
    "POST /cases/{case_id}/rule": RULE["page"],
    "POST /cases/{case_id}/resume": RESUME["page"],
    "POST /cases/{case_id}/appeal": APPEAL["page"],
    "POST /cases/{case_id}/recall": RECALL["page"],
    "POST /queue/next": body(data={}),
    "POST /cases/{case_id}/skip": of_case(AccessObjects.held, code="language")["page"],
    "POST /cases/{case_id}/leave": of_case(AccessObjects.held)["page"],
    "POST /policy/rollback": body(data={"seen": "99"}),
    "POST /policy/promote": body(data={"seen": "99"}),
    "POST /platform/keys": lambda made, _who: ({}, {"data": {"name": f"walked{next(made.number)}", "scope": "manage"}}),
    "POST /platform/webhooks": body(data={"name": "a", "url": "http://10.1.2.3/", "event": "video.completed"}),
    "POST /platform/webhooks/{endpoint_id}/replay": of_delivery,
    "POST /me/{handle}/leases": body(data={"audience": "*", "face": "on"}),
    "POST /me/{handle}/leases/{lease_id}/revoke": of_lease(data={}),
    "POST /me/{handle}/uses/{case_id}/{answer}": of_use(data={}),
    "POST /me/{handle}/erase": of_erasure,
    "POST /enrol": lambda made, _who: ({}, {"data": {"handle": f"cameo{next(made.number)}"}}),
    "POST /enrol/take": lambda made, who: (
        {},
        {"data": {"challenge": made.challenge(who)}, "files": {"take": JUNK["file"]}},
    ),
    "POST /enrol/estate": body(data={"handle": "walked", "proof": "p"}, files={"picture": JUNK["file"]}),
    "POST /login": lambda made, _who: ({}, {"data": {"token": made.maker_token}}),
    "POST /verify": body(files=JUNK),
    "POST /verify/share": lambda made, _who: ({}, {"data": {"token": made.share_token()}}),
    "POST /verify/feedback": body(data={"verdict": "no_information", "opinion": "right"}),
}

LATER = {
    "POST /v1/videos/sync": "waits for a video that nobody makes here",
    "POST /v1/videos/edits": "there is no video yet",
    "POST /v1/videos/extensions": "there is no video yet",
    "POST /v1/videos/characters": "people enrol themselves: it is refused to everybody",
    "POST /v1/webhook_endpoints/{endpoint_id}/test": "there is no receiver",
    "POST /platform/webhooks/{endpoint_id}/test": "there is no receiver",
    "POST /api/cameos/challenges": "the account is enrolled already",
    "POST /enrol": "the account is enrolled already",
    "POST /api/cameos/take": "the file is none",
    "POST /api/cameos/estates": "the file is none",
    "POST /api/likeness/compare": "the file is none",
    "POST /api/works/{work_id}/images": "the file is none",
    "GET /cases/{case_id}/likenesses/{number}/picture": "nothing is like a registered work",
    "GET /cases/{case_id}/likenesses/{number}/example": "nothing is like a registered work",
    "POST /api/verify": "the file is none",
    "POST /c2pa/matches/byContent": "the file is none",
    "POST /c2pa/matches/byReference": "fetching is off",
    "POST /c2pa/manifests": "the manifest is none",
    "POST /queue/next": body(data={}),
    "POST /cases/{case_id}/skip": of_case(AccessObjects.held, code="language")["page"],
    "POST /cases/{case_id}/leave": of_case(AccessObjects.held)["page"],
    "POST /policy/rollback": "nothing is staged",
    "POST /policy/promote": "nothing is staged",
    "POST /enrol/take": "the file is none",
    "POST /enrol/estate": "the file is none",
    "POST /verify": "the file is none",
    "POST /login/code": "no sign-in was begun",
    "POST /login/enrol": "no sign-in was begun",
    "POST /login/passkey": "no passkey is shown",
    "POST /login/passkey/options": "no address is set to which passkeys are bound",
    "GET /login/oidc": "no OpenID provider is set",
    "GET /login/oidc/callback": "no OpenID provider is set",
    "POST /security/authenticator/codes": "no authenticator was begun",
    "POST /security/authenticator/confirm": "no authenticator was begun",
    "POST /security/authenticator/remove": "no authenticator was begun",
    "POST /security/passkeys": "no passkey is shown",
    "POST /security/passkeys/options": "no address is set to which passkeys are bound",
}
