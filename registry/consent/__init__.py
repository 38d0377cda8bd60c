"""Consent from enrolment to takedown: cameos, leases, receipts, uses. Begin at `cameo_service`."""
