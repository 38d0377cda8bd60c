"""Consent from enrolment to takedown: cameos, leases, receipts, uses. Begin at `cameo_service`.

What pages and commands need is named here; the modules are for the wiring, and for one another.
"""

from registry.consent.cameo_service import CameoService, LeaseRequest
from registry.consent.lease_terms import BANNED_TOPICS, PURPOSES, LeaseTerms
from registry.consent.leases import Lease

__all__ = ["BANNED_TOPICS", "PURPOSES", "CameoService", "Lease", "LeaseRequest", "LeaseTerms"]
