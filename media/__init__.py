"""Reads and writes video and audio: the only package that knows containers and codecs."""
