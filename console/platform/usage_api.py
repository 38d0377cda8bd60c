"""What an account used of what it may, for the account itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from console.web.auth import BearerUser
from console.web.context import ContextDep
from pipeline.access.usage import MeasureUsage, limit_of

usage_router = APIRouter(prefix="/api/usage", tags=["keys"])


@usage_router.get("", summary="What you have used, and what you may")
def usage(who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """`account` is what all keys used together, `key` what the one did that was shown. Without a limit it is null."""
    meter, defaults = context.service.usage, context.installation.settings.usage_limits
    return {
        "account": _usage_object(meter.account_usage(who.id, who.account_limits)),
        "key": _usage_object(meter.key_usage(who.key, who.key_limits)),
        "requests_per_minute": {
            "account": limit_of(who.account_limits, defaults, "requests_per_minute"),
            "key": who.key_limits.requests_per_minute or None,
        },
    }


def _usage_object(measures: Sequence[MeasureUsage]) -> dict[str, Any]:
    return {
        one.measure.value: {"used": one.used, "limit": one.limit, "resets": one.resets.isoformat()} for one in measures
    }
