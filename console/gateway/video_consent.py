"""Whose consent a video waits for, and who may be asked: what stands as `assay.consent` of an answer."""

from __future__ import annotations

from typing import Any

from core.case import Case
from pipeline.service import CaseService


def consent_object(service: CaseService, case: Case) -> dict[str, Any] | None:
    """None where a video waits for nobody's consent.

    `people` are those whom it names and no lease covers; empty where it is held since somebody is recognised in it:
    who that is is not told, and whoever knows may name them in `cameo`.
    """
    if service.cameo_service is None:
        return None
    people = service.cameo_service.requests.askable(case)
    if people is None:
        return None
    return {
        "people": [
            {
                "cameo": one.cameo,
                "may_ask": one.may_ask,
                "state": one.state or None,
                "expires": one.expires.isoformat() if one.expires else None,
            }
            for one in people
        ],
        "method": "POST",
        "path": f"/v1/videos/{case.id}/consent-requests",
    }
