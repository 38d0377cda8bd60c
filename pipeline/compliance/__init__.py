"""The evidence pack for transparency laws: which marks a release makes, what they survive, which duties ask for them.

Begin at `evidence_pack`. It is no legal advice.
"""
