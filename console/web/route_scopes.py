"""Which scope a key needs for which route: one table, the first row that fits counts. What no row names needs them all.

Where a row gives several scopes, one of them is enough.

The service checks again what it does; this table also covers what has no service of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from core.errors import Forbidden
from core.roles import ALL_SCOPES, Principal, Scope, require_scope

_SAFE = {"GET", "HEAD", "OPTIONS"}

Scopes = frozenset[Scope]

_Rule = Callable[[str, str], Scopes]


def _always(scope: Scope) -> _Rule:
    return lambda _method, _path: frozenset({scope})


def _read_or(scope: Scope) -> _Rule:
    return lambda method, _path: frozenset({Scope.READ if method in _SAFE else scope})


def _cases(method: str, path: str) -> Scopes:
    own = (
        frozenset()
        if path.endswith(("/rule", "/resume", "/grant", "/uphold"))
        else _read_or(Scope.SUBMIT)(method, path)
    )
    return own | {Scope.MODERATE}


def _works(_method: str, path: str) -> Scopes:
    return frozenset({Scope.MANAGE, Scope.MODERATE}) if path.endswith("/active") else frozenset({Scope.MANAGE})


def _own_holder(method: str, _path: str) -> Scopes:
    return frozenset({Scope.MANAGE} | ({Scope.READ} if method in _SAFE else set()))


ROUTE_SCOPES: tuple[tuple[str, _Rule], ...] = (
    ("/v1/moderations", _always(Scope.VERIFY)),
    ("/v1/videos", _read_or(Scope.SUBMIT)),
    ("/v1/webhook_endpoints", _always(Scope.MANAGE)),
    ("/v1/webhook_event_types", _always(Scope.MANAGE)),
    ("/v1/models", _always(Scope.READ)),
    ("/v1/characters", _read_or(Scope.SUBMIT)),
    ("/v1/batches", _read_or(Scope.SUBMIT)),
    ("/beta/litellm_basic_guardrail_api", _always(Scope.VERIFY)),
    ("/api/screen", _always(Scope.VERIFY)),
    ("/api/likeness", _always(Scope.VERIFY)),
    ("/api/cases", _cases),
    ("/api/queue", _always(Scope.MODERATE)),
    ("/api/reviews", _always(Scope.MODERATE)),
    ("/api/cameos", _read_or(Scope.MANAGE)),
    ("/api/leases", _read_or(Scope.MANAGE)),
    ("/api/consent-requests", _read_or(Scope.MANAGE)),
    ("/consent-requests/for", _read_or(Scope.SUBMIT)),
    ("/consent-requests", _read_or(Scope.MANAGE)),
    ("/cameos", _read_or(Scope.MANAGE)),
    ("/api/acquaintances", _read_or(Scope.MANAGE)),
    ("/api/claim-reviews", _always(Scope.MODERATE)),
    ("/api/appeals", _always(Scope.MODERATE)),
    ("/api/claims", _read_or(Scope.MANAGE)),
    ("/api/blocked-accounts", _read_or(Scope.MANAGE)),
    ("/api/erasures", _read_or(Scope.MANAGE)),
    ("/api/end-users", _read_or(Scope.MANAGE)),
    ("/api/works", _works),
    ("/api/holders/me", _own_holder),
    ("/api/holders", lambda _method, _path: frozenset({Scope.MANAGE, Scope.MODERATE})),
    ("/holders", lambda _method, _path: frozenset({Scope.MANAGE, Scope.MODERATE})),
    ("/works", _read_or(Scope.MANAGE)),
    ("/api/notices", _always(Scope.READ)),
    ("/api/keys", _always(Scope.MANAGE)),
    ("/api/usage", _always(Scope.READ)),
    ("/c2pa", _always(Scope.MANAGE)),
    ("/api/reports/own", _always(Scope.READ)),
    ("/api/reports", _always(Scope.MODERATE)),
    ("/reports", _always(Scope.MODERATE)),
    ("/my-reports", _read_or(Scope.MANAGE)),
    ("/queue", _always(Scope.MODERATE)),
    ("/appeals", _always(Scope.MODERATE)),
    ("/enrolments", _always(Scope.MODERATE)),
    ("/wordings", _always(Scope.MODERATE)),
    ("/claim-reviews", _always(Scope.MODERATE)),
    ("/claims", _read_or(Scope.MANAGE)),
    ("/matches", _always(Scope.MODERATE)),
    ("/overview", _always(Scope.MODERATE)),
    ("/decisions", _always(Scope.MODERATE)),
    ("/decisions.csv", _always(Scope.MODERATE)),
    ("/quality", _always(Scope.MODERATE)),
    ("/cases", _cases),
    ("/me", _read_or(Scope.MANAGE)),
    ("/people", _read_or(Scope.MANAGE)),
    ("/notices", _always(Scope.READ)),
    ("/erasures", _read_or(Scope.MANAGE)),
    ("/enrol", _always(Scope.MANAGE)),
    ("/platform", _always(Scope.MANAGE)),
    ("/security", _always(Scope.MANAGE)),
    ("/policy", _always(Scope.MODERATE)),
)


def accepted_scopes(method: str, path: str) -> Scopes | None:
    """The scopes of which a key needs one for this request; None where no row names it: every scope is needed then."""
    for prefix, rule in ROUTE_SCOPES:
        if path == prefix or path.startswith(f"{prefix}/"):
            return rule(method.upper(), path)
    return None


def check_route_scope(who: Principal, method: str, path: str) -> None:
    """Raises Forbidden unless the key that was shown has the scope for this route."""
    accepted = accepted_scopes(method, path)
    if accepted is not None:
        require_scope(who, *sorted(accepted))
    elif not who.scopes >= ALL_SCOPES:
        raise Forbidden("this address needs a key with every scope")
