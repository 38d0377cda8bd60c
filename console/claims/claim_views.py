"""What pages and programs are shown of a claim."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pipeline.claims.claim import Claim
from pipeline.claims.claim_codes import CLAIM_CODE_TEXTS
from pipeline.claims.claim_desk import ClaimStatus
from pipeline.claims.claim_laws import ClaimLaw
from pipeline.claims.claim_review import ClaimDossier, WaitingClaim
from pipeline.claims.proof.proof_talk import ProofTalk


def clock_view(claim: Claim, now: datetime) -> tuple[str, float | None]:
    """How its clock stands (met, late, running, stopped, none), and the seconds that are left or that it is over."""
    if claim.due_at is None:
        return "none", None
    if claim.is_late(now):
        return "late", None if not claim.open else (now - claim.due_at).total_seconds()
    if not claim.open or claim.paused_at is not None:
        return "met", None
    if claim.clock_stopped_at is not None:
        return "stopped", (claim.due_at - claim.clock_stopped_at).total_seconds()
    return "running", (claim.due_at - now).total_seconds()


def law_json(law: ClaimLaw, language: str = "en") -> dict[str, Any]:
    """A row of the table of laws."""
    return {
        "id": law.id,
        "title": law.title,
        "kinds": [kind.value for kind in law.kinds],
        "source": law.source,
        "enacted": law.enacted.isoformat(),
        "in_force": law.in_force.isoformat(),
        "written": law.written.isoformat(),
        "hours": law.hours,
        "statutory": law.statutory,
        "business_days": list(law.business_days) if law.business_days else None,
        "hides": law.hides,
        "proof_days": law.proof_days,
        "proof_stops_clock": law.proof_stops_clock,
        "asks": list(law.asks),
        "takes": list(law.takes),
        "statements": [{"id": one.id, "section": one.section, "text": one.said(language)} for one in law.statements],
    }


def claim_json(claim: Claim, now: datetime) -> dict[str, Any]:
    """A claim without anything personal."""
    return {
        "id": claim.id,
        "revision": claim.revision,
        "kind": claim.kind.value,
        "law": claim.law,
        "received_at": _iso(claim.received_at),
        "due_at": _iso(claim.due_at),
        "late": claim.is_late(now),
        "decision": claim.decision.value if claim.decision else None,
        "decided_at": _iso(claim.decided_at),
        "code": claim.code or None,
        "because": CLAIM_CODE_TEXTS.get(claim.code),
        "clock_stopped_at": _iso(claim.clock_stopped_at),
        "proof_asked_at": _iso(claim.proof_asked_at),
        "proof_due_at": _iso(claim.proof_due_at),
        "proof_came_at": _iso(claim.proof_came_at),
        "hidden_at": _iso(claim.paused_at),
        "removed_at": _iso(claim.removed_at),
        "restored_at": _iso(claim.restored_at),
        "restore_from": _iso(claim.restore_from),
        "videos": list(claim.case_ids),
        "certain": claim.certain,
        "trusted_flagger": claim.trusted_flagger,
        "counter_of": claim.counter_of,
        "appeal_of": claim.appeal_of,
    }


def proof_json(talk: ProofTalk) -> dict[str, Any]:
    """What is asked for as proof."""
    return {
        "wanted": [one.value for one in talk.wanted],
        "words": talk.words or None,
        "waits": talk.waits,
        "may_add": talk.may_add,
    }


def status_json(status: ClaimStatus, talk: ProofTalk, now: datetime) -> dict[str, Any]:
    """How a claim stands, for whoever has its secret."""
    return {
        **claim_json(status.claim, now),
        "proof": proof_json(talk),
        "reason": status.reason or None,
        "visible": dict(status.visible),
        "may_appeal": status.may_appeal,
        "steps": [{"at": _iso(step.at), "step": step.step, "code": step.code or None} for step in status.steps],
        "answers": [
            {**claim_json(one.claim, now), "contact": dict(one.contact), "words": dict(one.words)}
            for one in status.answers
        ],
    }


def waiting_json(row: WaitingClaim, now: datetime) -> dict[str, Any]:
    """A line of the moderators' queue."""
    return {
        **claim_json(row.claim, now),
        "seconds_left": row.seconds_left,
        "waits_because": row.guarded.message if row.guarded else None,
    }


def dossier_json(shown: ClaimDossier, now: datetime) -> dict[str, Any]:
    """A claim as a moderator reads it."""
    return {
        **claim_json(shown.claim, now),
        "contact": dict(shown.contact),
        "words": dict(shown.words),
        "authority": shown.authority or None,
        "urls": list(shown.claim.urls),
        "account": shown.claim.via_account or None,
        "statements": [
            {"id": one.id, "section": one.section, "text": one.said("en")}
            for one in shown.law.statements
            if one.id in shown.claim.statements
        ],
        "files": [
            {"id": one.id, "purpose": one.purpose.value, "media_type": one.media_type, "size": one.size}
            for one in shown.files
        ],
        "proof": {
            **proof_json(shown.proof),
            "may_accept": shown.proof.may_accept,
            "said": list(shown.proof.more),
        },
        "reason": shown.reason or None,
        "steps": [
            {"at": _iso(step.at), "step": step.step, "by": step.by or None, "code": step.code or None}
            for step in shown.steps
        ],
        "about": claim_json(shown.about, now) if shown.about else None,
        "answers": [claim_json(one.claim, now) for one in shown.answers],
        "others": [claim_json(one, now) for one in shown.others],
        "conflict": shown.conflict or None,
        "choices": {decision.value: dict(reasons) for decision, reasons in shown.choices.items()},
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
