"""Banks of known footage as people keep them, and what follows from a hash that is new. Begin at `bank_service`."""
