"""Reads and writes C2PA manifest stores. Begin at `reader` and `signing`."""
