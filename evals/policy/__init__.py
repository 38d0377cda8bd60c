"""What decisions by policy cost. Begin at `decision_latency`."""
