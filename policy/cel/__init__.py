"""Compiles conditions written in CEL, proves them monotone, and evaluates them quickly. Begin at `compiled_rule`."""
