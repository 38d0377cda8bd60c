"""What became of a request, and why a message is none, as messages: ids, codes, digests, URLs and nobody's words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core.case import WAITED_TOO_LONG, Case, Phase

DeadLetterReason = Literal[
    "not_json",
    "not_a_request",
    "unknown_version",
    "unknown_field",
    "invalid_field",
    "account_missing",
    "account_not_allowed",
    "account_unknown",
    "account_closed",
    "id_reused",
    "internal_error",
]

OutcomeStatus = Literal["accepted", "waiting", "held", "refused", "failed", "published", "withdrawn"]

_STATUSES: dict[Phase, OutcomeStatus] = {
    Phase.HELD: "held",
    Phase.REFUSED: "refused",
    Phase.FAILED: "failed",
    Phase.PUBLISHED: "published",
    Phase.WITHDRAWN: "withdrawn",
}


class OutcomeDocumentV1(BaseModel):
    """Version 1. `event` is the same each time that it is sent; of two outcomes of a case the higher revision counts.

    `code` says why, from a closed list; `sha256` and `manifest_id` name the published file and its credentials,
    `policy` the policy in force. `field` names what of a request could not be honoured, where it was one field's fault.
    Who reads these passes over fields that they do not know.
    """

    model_config = ConfigDict(frozen=True)

    type: Literal["assay.outcome"] = "assay.outcome"
    version: Literal[1] = 1
    event: str
    request: str
    account: str
    case: str | None
    revision: int
    status: OutcomeStatus
    code: str | None = None
    at: datetime
    policy: str | None = None
    url: str | None = None
    sha256: str | None = None
    manifest_id: str | None = None
    field: str | None = Field(default=None, exclude_if=lambda field: field is None)


class DeadLetterV1(BaseModel):
    """Version 1. Where the message lies that is no request, and why it is none; nothing of what is in it."""

    model_config = ConfigDict(frozen=True)

    type: Literal["assay.dead-letter"] = "assay.dead-letter"
    version: Literal[1] = 1
    topic: str
    partition: int
    offset: int
    reason: DeadLetterReason
    field: str = ""
    at: datetime


def outcome_of(case: Case, *, request: str, account: str, at: datetime) -> OutcomeDocumentV1:
    """The outcome as the case stands; `at` is when its last event was stored."""
    status = _STATUSES.get(case.phase, "waiting" if case.waiting else "accepted")
    published = case.published if status == "published" else None
    sealed = case.sealed if published else None
    return OutcomeDocumentV1(
        event=f"{case.id}:{case.revision}",
        request=request,
        account=account,
        case=case.id,
        revision=case.revision,
        status=status,
        code=_code(case, status),
        at=at,
        policy=case.verdict.policy if case.verdict else None,
        url=published.url if published else None,
        sha256=sealed.asset.digest if sealed else None,
        manifest_id=sealed.manifest_id if sealed else None,
    )


def rejected_outcome(*, request: str, account: str, code: str, field: str = "") -> OutcomeDocumentV1:
    """The outcome of a request for which no case was opened, with the field at fault if there is one."""
    return OutcomeDocumentV1(
        event=f"{account}:{request}:{code}{f':{field}' if field else ''}",
        request=request,
        account=account,
        case=None,
        revision=0,
        status="failed",
        code=code,
        at=datetime.now(UTC),
        field=field or None,
    )


def _code(case: Case, status: OutcomeStatus) -> str | None:
    match status:
        case "refused":
            return "engine_declined" if case.declined else "policy_refused"
        case "failed":
            return case.failed.code if case.failed else "engine_error"
        case "withdrawn":
            return case.recalled.code if case.recalled else "policy"
        case "waiting":
            return "unavailable"
        case "held" if case.held_by_failure and case.last_failure:
            return "waited_too_long" if case.last_failure.kind == WAITED_TOO_LONG else "stage_failed"
        case "held":
            return "policy_hold"
    return None
