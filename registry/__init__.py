"""Remembers: protected faces, hashes of known material, and what people allowed to be done with their likeness."""
