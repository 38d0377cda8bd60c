"""Moves cases: stages, the route they come in, the service, and the adapters to the outside."""
