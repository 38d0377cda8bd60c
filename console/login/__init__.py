"""Signing in: with a token. Begin at login_pages."""
