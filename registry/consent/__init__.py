"""Consent from enrolment to takedown: cameos, leases, receipts, uses. Begin at `cameo_service`.

What pages and commands need is named here; the modules are for the wiring, and for one another.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry.consent.cameo_service import CameoService, LeaseRequest
    from registry.consent.lease_terms import BANNED_TOPICS, PURPOSES, LeaseTerms
    from registry.consent.leases import Lease

__all__ = ["BANNED_TOPICS", "PURPOSES", "CameoService", "Lease", "LeaseRequest", "LeaseTerms"]

_MODULES = {
    "BANNED_TOPICS": "lease_terms",
    "PURPOSES": "lease_terms",
    "CameoService": "cameo_service",
    "Lease": "leases",
    "LeaseRequest": "cameo_service",
    "LeaseTerms": "lease_terms",
}


def __getattr__(name: str) -> Any:
    """Imported when first asked for: who needs the terms of a lease alone loads no templates and no cryptography."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
