"""Enrolling and managing a likeness, as pages and as an API. Begin at `cameo_api`."""
