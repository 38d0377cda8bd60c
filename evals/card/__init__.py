"""Measures the release card: unsafe and harmless requests through the whole pipeline. Begin at `measure_card`."""
