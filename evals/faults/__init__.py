"""Faults: real workers, a real Postgres and a real broker, struck in many ways; laws say what holds after each."""
