"""Indexes of fingerprints and templates, exact and approximate. Begin at `fingerprint_index`."""
