"""Measures sound: whose voice it is and who speaks when. Begin at `voices`."""
