"""Pages and API of the claims desk: for anybody, for authors, and for moderators."""
