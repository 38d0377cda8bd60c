"""Measures sound: whose voice is heard and who speaks when. Begin at `voices`."""
