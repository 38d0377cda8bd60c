"""Consent from enrolment to takedown: cameos, leases, receipts, uses. Begin at `cameo_service`.

What pages and commands need is named here; the modules are for the wiring, and for one another.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry.consent.cameo_review import WORDING_REFUSALS
    from registry.consent.cameo_service import CameoService, LeaseRequest
    from registry.consent.enrolment_decisions import ENROLMENT_REFUSALS
    from registry.consent.found.found_desk import MAX_WORDS_LENGTH, FoundMatch
    from registry.consent.found.found_store import FoundAnswer
    from registry.consent.lease_terms import BANNED_TOPICS, PURPOSES, LeaseTerms
    from registry.consent.leases import Lease
    from registry.consent.portal.audiences import AudienceRequest, LikenessAudience
    from registry.consent.portal.plain_terms import lease_sentences
    from registry.consent.portal.safe_leases import (
        DEFAULT_BANS,
        DEFAULT_PURPOSES,
        LeaseScope,
        asks_each_time,
        default_end,
        wide_points,
    )
    from registry.consent.requests.request_desk import MAX_MESSAGE_LENGTH, UNANSWERED, ReceivedRequest
    from registry.consent.requests.request_store import ConsentRequest, RequestsFrom

__all__ = [
    "BANNED_TOPICS",
    "DEFAULT_BANS",
    "DEFAULT_PURPOSES",
    "ENROLMENT_REFUSALS",
    "MAX_MESSAGE_LENGTH",
    "MAX_WORDS_LENGTH",
    "PURPOSES",
    "UNANSWERED",
    "WORDING_REFUSALS",
    "AudienceRequest",
    "CameoService",
    "ConsentRequest",
    "FoundAnswer",
    "FoundMatch",
    "Lease",
    "LeaseRequest",
    "LeaseScope",
    "LeaseTerms",
    "LikenessAudience",
    "ReceivedRequest",
    "RequestsFrom",
    "asks_each_time",
    "default_end",
    "lease_sentences",
    "wide_points",
]

_MODULES = {
    "BANNED_TOPICS": "lease_terms",
    "ConsentRequest": "requests.request_store",
    "ENROLMENT_REFUSALS": "enrolment_decisions",
    "FoundAnswer": "found.found_store",
    "FoundMatch": "found.found_desk",
    "MAX_MESSAGE_LENGTH": "requests.request_desk",
    "MAX_WORDS_LENGTH": "found.found_desk",
    "ReceivedRequest": "requests.request_desk",
    "UNANSWERED": "requests.request_desk",
    "RequestsFrom": "requests.request_store",
    "PURPOSES": "lease_terms",
    "WORDING_REFUSALS": "cameo_review",
    "CameoService": "cameo_service",
    "LikenessAudience": "portal.audiences",
    "AudienceRequest": "portal.audiences",
    "DEFAULT_BANS": "portal.safe_leases",
    "DEFAULT_PURPOSES": "portal.safe_leases",
    "LeaseScope": "portal.safe_leases",
    "asks_each_time": "portal.safe_leases",
    "default_end": "portal.safe_leases",
    "lease_sentences": "portal.plain_terms",
    "wide_points": "portal.safe_leases",
    "Lease": "leases",
    "LeaseRequest": "cameo_service",
    "LeaseTerms": "lease_terms",
}


def __getattr__(name: str) -> Any:
    """Imported when first asked for: who needs the terms of a lease alone loads no templates and no cryptography."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
