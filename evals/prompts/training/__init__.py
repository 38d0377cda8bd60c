"""Trains the models that read prompts. Begin at `encoder`."""
