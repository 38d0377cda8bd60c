"""Keeps cases: the ledger, the texts that can be erased, and what policy asks about an author."""
