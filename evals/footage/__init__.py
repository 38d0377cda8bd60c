"""Figures of what is seen and heard in footage."""
