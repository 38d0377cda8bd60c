"""The C2PA manifest repository, and what else is open to anyone. Begin at `repository`."""
