"""Measures texts: word lists, meaning, works by name; undoes disguises first. Begin at `prompt_intent`."""
