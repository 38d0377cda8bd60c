"""Perceptual hashes of pictures and sound, to find a video again by what it shows."""
