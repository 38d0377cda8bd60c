"""Unsigned labels that files carry: XMP, the Chinese AIGC label, and what generators leave."""
