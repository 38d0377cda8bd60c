"""Sealed videos that a file looks or sounds like, and those that it is a copy of. Begin at `near_duplicate_search`."""
