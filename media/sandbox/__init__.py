"""Runs functions over strangers' files in processes of their own, limited and filtered. Begin at `client`.

This file imports nothing: `child` has to stay with the standard library until the restrictions hold.
"""
