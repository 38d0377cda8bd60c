"""Measures pictures and sampled frames: faces, nudity and gore, known pictures, labels by OpenCLIP. Begin at
`frame_faces`.
"""
