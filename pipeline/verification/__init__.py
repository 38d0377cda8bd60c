"""Verifying, marking and comparing files outside a case, with the keys of this installation. Begin at `verifier`."""
