"""Whether the events are as they were written: their chain, the Merkle log over it, and what outsiders can check.

Begin with `event_record` (what is hashed), then `transparency_log` (what is signed) and `audit_walk` (what is checked).
"""
