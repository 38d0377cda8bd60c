"""Videos in which somebody is recognised and that no lease of theirs covers. Begin at `found_desk`."""
