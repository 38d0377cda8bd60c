"""Moves cases: stages, the route they come in, the desk, and the adapters to the outside."""
