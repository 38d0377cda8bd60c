"""What an account used of what it may, and what its videos cost, for the account itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter

from console.web.auth import BearerUser
from console.web.context import ContextDep, RequestContext
from core.roles import Principal
from pipeline.access.usage import MeasureUsage, limit_of
from pipeline.access.video_costs import total_amount

usage_router = APIRouter(prefix="/api/usage", tags=["keys"])


@usage_router.get("", summary="What you have used, and what you may")
def usage(who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """`account` is what all keys used together, `key` what the one did that was shown. Without a limit it is null.

    `costs` are this month's by the engines' prices, and null where none are stated or they are not shown.
    """
    meter, defaults = context.service.usage, context.installation.settings.usage_limits
    return {
        "account": _usage_object(meter.account_usage(who.id, who.account_limits)),
        "key": _usage_object(meter.key_usage(who.key, who.key_limits)),
        "requests_per_minute": {
            "account": limit_of(who.account_limits, defaults, "requests_per_minute"),
            "key": who.key_limits.requests_per_minute or None,
        },
        "costs": month_costs(who, context),
    }


def month_costs(who: Principal, context: RequestContext) -> dict[str, Any] | None:
    """What the account's videos of this month (UTC) cost, and what its refused requests would have.

    None where costs are not shown, or no price was stated when any of them was asked for.
    """
    settings, costs = context.installation.settings, context.service.costs
    if costs is None or not settings.show_costs:
        return None
    now = datetime.now(UTC)
    since = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    lines = costs.lines(since, now + timedelta(days=1), author=who.id)
    if all(line.unpriced == line.videos for line in lines):
        return None
    return {
        "since": since.isoformat(),
        "currency": settings.currency,
        "seconds": sum(line.seconds for line in lines if line.outcome == "rendered"),
        "cost": total_amount(lines, "rendered"),
        "saved": total_amount(lines, "refused"),
        "unpriced": sum(line.unpriced for line in lines),
    }


def _usage_object(measures: Sequence[MeasureUsage]) -> dict[str, Any]:
    return {
        one.measure.value: {"used": one.used, "limit": one.limit, "resets": one.resets.isoformat()} for one in measures
    }
