"""Proof that comes with a claim or is asked for later: kept apart, under a key of its own, and erased on time."""
