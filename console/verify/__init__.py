"""The public verifier and the C2PA soft binding resolution API. Begin at `verify_api`."""
