"""Unsigned labels that files carry: XMP, the Chinese AIGC label, and traces of generators."""
