"""Works that rights holders registered. Begin at `registered_works`."""
