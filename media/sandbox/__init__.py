"""Runs functions over untrusted files in separate processes with limits and a system call filter. Begin at `client`.

This file imports nothing: `child` has to stay with the standard library until the restrictions hold.
"""
