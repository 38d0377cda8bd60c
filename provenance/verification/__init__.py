"""From evidence to an answer: was this made by AI, and how do we know? Begin at `verify`."""
