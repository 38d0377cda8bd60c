"""Ports in memory, for tests and evaluations. Not in the wheel; nothing that runs an installation imports it."""
