"""Reports of how a likeness is used: the moderators' list and answer, and what whoever reported is told."""
