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
    own = frozenset() if path.endswith(("/rule", "/resume")) else _read_or(Scope.SUBMIT)(method, path)
    return own | {Scope.MODERATE}


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
    ("/api/acquaintances", _read_or(Scope.MANAGE)),
    ("/api/works", _always(Scope.MANAGE)),
    ("/api/notices", _always(Scope.READ)),
    ("/api/keys", _always(Scope.MANAGE)),
    ("/api/usage", _always(Scope.READ)),
    ("/c2pa", _always(Scope.MANAGE)),
    ("/queue", _always(Scope.MODERATE)),
    ("/cases", _cases),
    ("/me", _read_or(Scope.MANAGE)),
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
