"""Marks of others that a file declares, which layers of marking are there, and where its seconds come from.

Begin at `incoming_marks`.
"""
