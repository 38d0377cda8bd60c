"""Nets that describe a picture so that altered copies of it are near, and other pictures of the same thing are not."""
