"""A model of capacity: service times as measured, a simulation held against a real run, and what days need."""
