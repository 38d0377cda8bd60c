"""What a request may say, whichever way it comes: over HTTP, as a message, as a line of a batch.

Begin with `engine_parameters` (checked against an engine's profile) and `reference_sources` (what it may start from).
"""
