"""Copies of a whole installation, and a new one from a copy."""
