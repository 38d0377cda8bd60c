"""How well prompts are screened, and how fast. Begin at `accuracy`."""
