"""Keeps bytes: the vault, which no one sees, and the shelf, where the public finds what is published."""
