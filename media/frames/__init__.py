"""Looks at pictures of a video one after another while they are decoded."""
