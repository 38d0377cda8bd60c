"""The claims desk: what people outside say of published videos, by which law, until when, and what was decided.

`claim` says what a claim is, `claim_store` how it is kept, `claim_desk` takes it in, `claim_review` decides about it.
"""
