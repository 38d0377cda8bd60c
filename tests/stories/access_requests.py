"""A well-formed request for every route: what its path and body are made of, for things of a given account.

A route that is not here is asked with the things its path names, and nothing else. `LATER` are those where nobody is
answered with success in the walk, and why: there the matrix shows who gets past the door.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from console.gateway.models_api import model_names
from core.roles import Principal
from policy.pack import DEFAULT_PACK
from tests.stories.access_claims import CLAIM_PARAMETERS, CLAIM_REQUESTS
from tests.stories.access_objects import AccessObjects

Built = tuple[dict[str, str], dict[str, Any]]
"""Values for the path, and arguments for httpx."""

Builder = Callable[[AccessObjects, Principal], Built]

JUNK = {"file": ("a.mp4", b"no video", "video/mp4")}
ORDER = {"prompt": "a rabbit in a meadow"}
BINDING = {"alg": "com.example.1", "bindingValue": "YQ=="}

PARAMETERS: dict[str, Callable[[AccessObjects, Principal], str]] = {
    **CLAIM_PARAMETERS,
    "video_id": lambda made, who: made.published(who).id,
    "character_id": lambda made, who: made.cameo(who),
    "case_id": lambda made, who: made.held(who).id,
    "handle": lambda made, who: made.cameo(who),
    "cameo_id": lambda made, who: made.cameo(who, active=False),
    "key_id": lambda made, who: made.key(who),
    "endpoint_id": lambda made, who: made.endpoint(who),
    "manifestId": lambda made, who: made.manifest(who),
    "request_id": lambda made, who: made.consent_request(who),
    "asker": lambda made, _who: made.maker.id,
    "sha256": lambda made, who: made.receipt(who),
    "name": lambda made, who: made.shared(who),
    "challenge_id": lambda made, who: made.challenge(who),
    "work_id": lambda made, who: made.work(who),
    "image_id": lambda made, who: made.work_image(who)[1],
    "sound_id": lambda made, who: made.work_sound(who)[1],
    "secret": lambda made, who: made.creator_link(who),
    "number": lambda _made, _who: "0",
    "key": lambda made, who: str(made.match(who)),
    "replay_id": lambda made, who: made.replay(who),
    "account": lambda made, _who: made.maker.id,
    "token": lambda made, who: made.published_token(who),
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


def of_waiting(made: AccessObjects, who: Principal) -> Built:
    handle, video = made.waiting(who)
    return {"video_id": video}, {"json": {"cameo": handle}}


def of_waiting_page(made: AccessObjects, who: Principal) -> Built:
    handle, case_id = made.waiting(who)
    return {"case_id": case_id}, {"data": {"cameo": handle}}


def of_found(**options: Any) -> Builder:
    """A video by another account that shows a cameo of this one, who has not allowed it."""

    def build(made: AccessObjects, who: Principal) -> Built:
        handle, case_id = made.found(who)
        return {"handle": handle, "case_id": case_id}, options

    return build


def of_takes(made: AccessObjects, who: Principal) -> Built:
    return {}, {"data": {"handle": made.cameo(who), "takes": "nobody"}}


def of_lease(*, words: str = "", **options: Any) -> Builder:
    def build(made: AccessObjects, who: Principal) -> Built:
        handle, lease_id = made.lease(who, words=words)
        return {"handle": handle, "lease_id": lease_id}, options

    return build


def of_takedown(made: AccessObjects, who: Principal) -> Built:
    handle, takedown = made.takedown(who)
    return {"handle": handle, "takedown_id": takedown}, {}


def of_erased(made: AccessObjects, who: Principal) -> Built:
    return {"cameo_id": made.erased(who)}, {}


def of_end_user(made: AccessObjects, who: Principal) -> Built:
    return {}, {"json": {"end_user": made.end_user(who)}}


def of_end_user_form(made: AccessObjects, who: Principal) -> Built:
    name = made.end_user(who)
    return {}, {"data": {"end_user": name, "again": name}}


def of_end_user_erasure(made: AccessObjects, who: Principal) -> Built:
    return {"erasure_id": made.erased_end_user(who)}, {}


def of_receipt(made: AccessObjects, who: Principal) -> Built:
    handle = made.cameo(who)
    return {"handle": handle, "digest": made.at.service.cameos.receipts(who, handle)[-1].hash}, {}


def certificate(made: AccessObjects, who: Principal) -> Built:
    given = made.at.service.cameos.portal.certificate(who, made.erased(who))
    return {}, {"json": {"certificate": given["certificate"]}}


def of_work_image(made: AccessObjects, who: Principal) -> Built:
    work, image = made.work_image(who)
    return {"work_id": work, "image_id": image}, {}


def of_work_sound(made: AccessObjects, who: Principal) -> Built:
    work, sound = made.work_sound(who)
    return {"work_id": work, "sound_id": sound}, {}


def of_licence(**options: Any) -> Builder:
    def build(made: AccessObjects, who: Principal) -> Built:
        work, licence = made.licence(who)
        return {"work_id": work, "licence_id": licence}, options

    return build


def of_work_draft(**options: Any) -> Builder:
    """A draft by another account that waits for the holder of a work of this one."""

    def build(made: AccessObjects, who: Principal) -> Built:
        work, case_id = made.work_draft(who)
        return {"work_id": work, "case_id": case_id}, options

    return build


def of_holder(**options: Any) -> Builder:
    return lambda made, who: ({"account": made.holder(who)}, options)


def as_holder(**options: Any) -> Builder:
    def build(made: AccessObjects, who: Principal) -> Built:
        made.own_holder(who)
        return {}, options

    return build


def of_enrolment_picture(made: AccessObjects, who: Principal) -> Built:
    cameo, picture = made.enrolment_picture(who)
    return {"cameo_id": cameo, "picture_id": picture}, {}


def of_report(**options: Any) -> Builder:
    """A report by the account that does nothing but order, so that whoever asks may answer it."""
    return lambda made, _who: ({"key": str(made.report(made.maker))}, options)


def of_creator_link(made: AccessObjects, who: Principal) -> Built:
    """An appeal through a link, whose form is made of the link and of no session."""
    secret = made.creator_link(who)
    token = made.context.sessions.csrf_token(f"creator link {secret}")
    return {"secret": secret}, {"data": {"words": "look again", "form_token": token}}


def of_rule(**fields: Any) -> Builder:
    """A rule that comes with Assay, and a form about it or about the policy in force."""

    def build(made: AccessObjects, _who: Principal) -> Built:
        digest = made.at.service.policy_service.rollout.installed_policy.digest
        return {"name": "prompt_gore"}, {"data": {**fields, "expected": digest, "seen": "0"}} if fields else {}

    return build


def of_policy(made: AccessObjects, _who: Principal) -> Built:
    return {}, {"params": {"digest": made.at.service.policy_service.rollout.installed_policy.digest}}


def of_delivery(made: AccessObjects, who: Principal) -> Built:
    endpoint, delivery = made.delivery(who)
    return {"endpoint_id": endpoint, "delivery_id": delivery}, {"data": {"delivery": delivery}}


def bulk(made: AccessObjects, who: Principal) -> Built:
    case = made.held(who)
    return {}, {"data": {"what": "skip:language", "cases": json.dumps({case.id: case.revision})}}


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
SEAL = of_case(AccessObjects.held, code="illegal_to_view")
CORRECTED = of_case(AccessObjects.held, code="mistake")
LEASE = {"holder": "*"}
WORK = {"kind": "character", "names": ["Walked Fox"]}

REQUESTS: dict[str, Builder] = {
    **CLAIM_REQUESTS,
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
    **{f"POST /api/cases/{{case_id}}/{what}": CORRECTED["api"] for what in ("reverse", "lift-seal")},
    "POST /api/cases/{case_id}/undo": of_case(AccessObjects.held)["api"],
    "POST /api/cases/{case_id}/seal": SEAL["api"],
    "POST /api/screen": body(json={"prompt": "a rabbit"}),
    "POST /api/cameos/challenges": lambda made, _who: ({}, {"json": {"handle": f"cameo{next(made.number)}"}}),
    "POST /api/cameos/take": lambda made, who: (
        {},
        {"data": {"challenge": made.challenge(who)}, "files": {"take": JUNK["file"]}},
    ),
    "POST /api/cameos/estates": body(data={"handle": "walked", "proof": "p"}, files={"picture": JUNK["file"]}),
    "POST /api/cameos/{handle}/leases": body(json=LEASE),
    "PUT /api/cameos/{handle}/audience": body(json={"audience": "me"}),
    "GET /api/cameos/{handle}/down/{takedown_id}": of_takedown,
    "POST /api/notices/read": body(json={}),
    "GET /api/erasures/{cameo_id}": of_erased,
    "GET /api/erasures/{cameo_id}/certificate": of_erased,
    "POST /api/certificates/check": certificate,
    "POST /api/end-users/erasures": of_end_user,
    "GET /api/end-users/erasures/{erasure_id}": of_end_user_erasure,
    "GET /api/end-users/erasures/{erasure_id}/certificate": of_end_user_erasure,
    "POST /platform/end-users": of_end_user_form,
    "GET /platform/end-users/{erasure_id}": of_end_user_erasure,
    "GET /platform/end-users/{erasure_id}/certificate": of_end_user_erasure,
    "PUT /api/leases/{lease_id}": of_lease(json=LEASE),
    "DELETE /api/leases/{lease_id}": of_lease(),
    "GET /api/cameos/{handle}/uses/{case_id}/content": of_use(),
    "POST /api/cameos/{handle}/uses/{case_id}/approve": of_use(),
    "POST /api/cameos/{handle}/uses/{case_id}/veto": of_use(),
    "POST /api/cameos/{handle}/uses/{case_id}/report": of_use(json={"note": "look"}),
    "POST /v1/videos/{video_id}/consent-requests": of_waiting,
    "POST /api/consent-requests/{request_id}/grant": body(json={}),
    "POST /api/consent-requests/{request_id}/refuse": body(json={}),
    "PUT /api/cameos/{handle}/takes-requests": body(json={"takes": "nobody"}),
    "GET /api/cameos/{handle}/found/{case_id}/still": of_found(),
    "GET /api/cameos/{handle}/found/{case_id}/content": of_found(),
    "POST /api/cameos/{handle}/found/{case_id}/remove": of_found(json={"words": "I never agreed"}),
    **{
        f"POST /api/cameos/{{handle}}/found/{{case_id}}/{what}": of_found()
        for what in ("archive", "not-me", "put-back")
    },
    "GET /consent-requests/for/{case_id}": lambda made, who: ({"case_id": made.waiting(who)[1]}, {}),
    "POST /consent-requests/for/{case_id}": of_waiting_page,
    "POST /consent-requests/takes": of_takes,
    "POST /consent-requests/unblock": body(data={"asker": "acct_nobody"}),
    "POST /consent-requests/{request_id}/answer": body(data={"answer": "no"}),
    "GET /cameos/{handle}/found/{case_id}/still": of_found(),
    "GET /cameos/{handle}/found/{case_id}/video": of_found(),
    "POST /cameos/{handle}/found/{case_id}/answer": of_found(data={"answer": "archive"}),
    "POST /api/reviews/cameos/{cameo_id}": body(json={"allow": True}),
    "POST /api/reviews/leases/{lease_id}": of_lease(words="no cars", json={}),
    "POST /api/receipts/check": lambda made, who: ({}, {"json": {"receipt": made.receipt(who)}}),
    "POST /api/likeness/compare": body(files={"a": JUNK["file"], "b": JUNK["file"]}),
    "POST /api/works": body(json=WORK),
    "PUT /api/works/{work_id}": body(json=WORK),
    "PUT /api/works/{work_id}/terms": body(json={"terms": "ask"}),
    "PUT /api/works/{work_id}/active": body(json={"active": False}),
    "POST /api/works/{work_id}/licences": body(json={"licensee": "*"}),
    "PUT /api/works/{work_id}/licences/{licence_id}": of_licence(json={"licensee": "*"}),
    "DELETE /api/works/{work_id}/licences/{licence_id}": of_licence(),
    **{f"GET {at}/works/{{work_id}}/matches/{{case_id}}": of_work_draft() for at in ("", "/api")},
    **{f"GET {at}/works/{{work_id}}/matches/{{case_id}}/draft": of_work_draft() for at in ("", "/api")},
    **{f"GET {at}/works/{{work_id}}/matches/{{case_id}}/picture": of_work_draft() for at in ("", "/api")},
    "POST /api/works/{work_id}/matches/{case_id}/approve": of_work_draft(),
    "POST /api/works/{work_id}/matches/{case_id}/refuse": of_work_draft(json={"code": "other"}),
    "POST /works/{work_id}/matches/{case_id}/approve": of_work_draft(data={}),
    "POST /works/{work_id}/matches/{case_id}/refuse": of_work_draft(data={"code": "other"}),
    "POST /api/holders/me": body(json={"name": "Walked Studios", "says": "We drew it"}),
    "DELETE /api/holders/me": as_holder(),
    "POST /works/leave": as_holder(data={}),
    "POST /api/holders/{account}": of_holder(json={"verify": True}),
    "POST /holders/{account}": of_holder(data={"decision": "verify"}),
    "POST /holders/works/{work_id}/active": body(data={"active": "yes"}),
    "POST /works": body(data={"names": "Walked Fox"}),
    "POST /works/verification": body(data={"name": "Walked Studios", "says": "We drew it"}),
    "POST /works/{work_id}/describe": body(data={"names": "Walked Fox"}),
    "POST /works/{work_id}/terms": body(data={"terms": "ask"}),
    "POST /works/{work_id}/licences": body(data={"audience": "*"}),
    "POST /works/{work_id}/licences/{licence_id}/revoke": of_licence(data={}),
    "POST /works/{work_id}/pictures": body(files=JUNK),
    "GET /works/{work_id}/pictures/{image_id}": of_work_image,
    "POST /works/{work_id}/pictures/{image_id}/remove": of_work_image,
    "POST /works/{work_id}/sounds": body(files=JUNK),
    "POST /works/{work_id}/sounds/{sound_id}/remove": of_work_sound,
    "POST /works/{work_id}/remove": body(data={"sure": "Walked Fox"}),
    "POST /api/works/{work_id}/images": body(files=JUNK),
    "GET /api/works/{work_id}/images/{image_id}": of_work_image,
    "DELETE /api/works/{work_id}/images/{image_id}": of_work_image,
    "POST /api/works/{work_id}/sounds": body(files=JUNK),
    "GET /api/works/{work_id}/sounds/{sound_id}": of_work_sound,
    "DELETE /api/works/{work_id}/sounds/{sound_id}": of_work_sound,
    "POST /api/keys": lambda made, _who: ({}, {"json": {"name": f"walked{next(made.number)}", "scopes": ["manage"]}}),
    "POST /api/keys/{key_id}/rotate": body(json={}),
    "POST /api/verify": body(files=JUNK),
    "POST /api/verify/consent": body(files={"receipt": (None, "ab" * 32)}),
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
    **{f"POST /cases/{{case_id}}/{what}": CORRECTED["page"] for what in ("undo", "reverse", "lift-seal")},
    "POST /cases/{case_id}/seal": SEAL["page"],
    "POST /api/cases/{case_id}/grant": of_case(AccessObjects.appealed_removal)["api"],
    "POST /api/cases/{case_id}/uphold": of_case(AccessObjects.appealed_removal, code="unclear")["api"],
    "POST /cases/{case_id}/grant": of_case(AccessObjects.appealed_removal)["page"],
    "POST /cases/{case_id}/uphold": of_case(AccessObjects.appealed_removal, code="unclear")["page"],
    "GET /cases/{case_id}/still": lambda made, who: ({"case_id": made.published(who).id}, {}),
    "POST /cases/{case_id}/seen": lambda made, who: ({"case_id": made.published(who).id}, {"data": {"step": "clip"}}),
    "POST /queue/next": body(data={}),
    "POST /queue/searches": body(data={"name": "gore", "query": "rule=gore"}),
    "POST /queue/searches/delete": body(data={"name": "gore"}),
    "POST /queue/bulk/preview": lambda made, who: ({}, {"data": {"what": "escalate", "case": made.held(who).id}}),
    "POST /queue/bulk": bulk,
    "POST /queue/bulk/undo": body(data={"bulk": "0" * 16}),
    "POST /cases/{case_id}/skip": of_case(AccessObjects.held, code="language")["page"],
    "POST /cases/{case_id}/escalate": of_case(AccessObjects.held)["page"],
    "POST /cases/{case_id}/hand-over": of_case(AccessObjects.held, to="nobody")["page"],
    "POST /cases/{case_id}/leave": of_case(AccessObjects.held)["page"],
    "POST /my-video/{secret}/appeal": of_creator_link,
    "GET /reports/{key}": of_report(),
    "GET /api/reports/{key}": of_report(),
    "POST /reports/{key}/answer": of_report(data={"decision": "dismiss", "code": "allowed"}),
    "POST /api/reports/{key}/answer": of_report(json={"decision": "dismiss", "code": "allowed"}),
    "GET /enrolments/{cameo_id}/pictures/{picture_id}": of_enrolment_picture,
    "POST /enrolments/{cameo_id}/decide": body(data={"decision": "allow"}),
    "GET /wordings/{lease_id}": of_lease(words="no cars"),
    "POST /wordings/{lease_id}/rules": of_lease(words="no cars", data={}),
    "POST /wordings/{lease_id}/refuse": of_lease(words="no cars", data={"code": "unclear"}),
    "POST /matches/{key}/decide": body(data={"answer": "keep:agreed"}),
    "POST /me/{handle}/appeal": lambda made, who: (
        {"handle": made.refused_cameo(who)},
        {"data": {"why": "look again"}},
    ),
    "GET /policy/preview": of_policy,
    "GET /policy/rules/{name}": of_rule(),
    "POST /policy/rules/{name}/draft": of_rule(text=(DEFAULT_PACK / "prompt_gore.toml").read_text("utf-8")),
    "POST /policy/stage": of_rule(share="5"),
    "POST /policy/replay": of_rule(rule=""),
    "POST /quality/settle": body(data={"case_id": "0" * 16, "revision": "3", "decision": "allow"}),
    "POST /quality/golden": body(data={"case_id": "0" * 16, "decision": "allow", "reason": "why"}),
    "POST /quality/golden/retire": body(data={"case_id": "0" * 16, "revision": "3"}),
    "POST /policy/rollback": body(data={"seen": "99"}),
    "POST /policy/promote": body(data={"seen": "99"}),
    "POST /platform/keys": lambda made, _who: ({}, {"data": {"name": f"walked{next(made.number)}", "scope": "manage"}}),
    "POST /platform/webhooks": body(data={"name": "a", "url": "http://10.1.2.3/", "event": "video.completed"}),
    "POST /platform/webhooks/{endpoint_id}/replay": of_delivery,
    "POST /me/{handle}/leases": body(data={"audience": "*", "face": "on", "confirm": "on"}),
    "POST /me/{handle}/audience": body(data={"who": "me"}),
    "GET /me/{handle}/down/{takedown_id}": of_takedown,
    **{f"GET /me/{{handle}}/uses/{{case_id}}{what}": of_use() for what in ("", "/video", "/picture")},
    **{f"GET /me/{{handle}}/receipts/{{digest}}{what}": of_receipt for what in ("", "/file")},
    "GET /erasures/{cameo_id}": of_erased,
    "GET /erasures/{cameo_id}/certificate": of_erased,
    "POST /people/{action}": lambda made, _who: ({"action": "know"}, {"data": {"account": made.maker.id}}),
    "POST /me/{handle}/leases/{lease_id}/revoke": of_lease(data={}),
    "POST /me/{handle}/uses/{case_id}/{answer}": of_use(data={}),
    "POST /me/{handle}/erase": of_erasure,
    "POST /enrol": lambda made, _who: ({}, {"data": {"handle": f"cameo{next(made.number)}"}}),
    "POST /enrol/take": lambda made, who: (
        {},
        {"data": {"challenge": made.challenge(who)}, "files": {"take": JUNK["file"]}},
    ),
    "POST /enrol/estate": body(data={"handle": "walked", "proof": "p"}, files={"picture": JUNK["file"]}),
    **{
        f"GET /record/{what}": body(params={"since": "2026-11-01", "until": "2026-11-30"})
        for what in ("statements.json", "statements.csv", "report.zip", "takedowns.json", "takedowns.csv")
    },
    "GET /record/bundle/{case_id}": lambda made, who: ({"case_id": made.refused(who).id}, {}),
    "POST /login": lambda made, _who: ({}, {"data": {"token": made.maker_token}}),
    "POST /verify": body(files=JUNK),
    "POST /verify/consent": body(files={"receipt": (None, "ab" * 32)}),
    "POST /verify/share": lambda made, _who: ({}, {"data": {"token": made.share_token()}}),
    "POST /verify/feedback": body(data={"verdict": "no_information", "opinion": "right"}),
}

LATER = {
    **{f"POST {at}/cases/{{case_id}}/undo": "no ruling waits to take effect" for at in ("", "/api")},
    **{f"POST {at}/cases/{{case_id}}/reverse": "no moderator refused it" for at in ("", "/api")},
    **{f"POST {at}/cases/{{case_id}}/lift-seal": "nobody here is a safety officer" for at in ("", "/api")},
    **{f"POST {at}/works/{{work_id}}/sounds": "the walk has no recording of three seconds" for at in ("", "/api")},
    "GET /verify/reader": "the reader was not fetched here",
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
    "POST /works/{work_id}/pictures": "the file is none",
    **{
        f"GET {at}/works/{{work_id}}/matches/{{case_id}}/picture": "the video looks like no work" for at in ("", "/api")
    },
    **{f"POST {at}": "nobody here has the role rights_holder" for at in ("/works", "/api/works")},
    "POST /works/verification": "nobody here has the role rights_holder",
    "POST /api/holders/me": "nobody here has the role rights_holder",
    "GET /cases/{case_id}/likenesses/{number}/picture": "nothing is like a registered work",
    "GET /cases/{case_id}/likenesses/{number}/example": "nothing is like a registered work",
    "GET /cases/{case_id}/likenesses/{number}/sound": "nothing is like a registered work",
    "POST /api/verify": "the file is none",
    "POST /c2pa/matches/byContent": "the file is none",
    "POST /c2pa/matches/byReference": "fetching is off",
    "POST /c2pa/manifests": "the manifest is none",
    "POST /queue/bulk/undo": "nothing was asked for",
    "POST /cases/{case_id}/escalate": "nobody is an expert",
    "POST /cases/{case_id}/hand-over": "there is no such moderator",
    "GET /queue/{case_id}/poster": "no poster is made",
    "POST /quality/settle": "it needs the roles lead and moderator together",
    "POST /quality/golden": "it needs the roles lead and moderator together",
    "POST /quality/golden/retire": "it needs the roles lead and moderator together",
    "POST /policy/rollback": "nothing is staged",
    "POST /policy/promote": "nothing is staged",
    "POST /policy/stage": "it is in force already",
    "POST /policy/replays/{replay_id}/resume": "it was not interrupted",
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
