"""Settings of consent, and what of policy its desks ask."""
