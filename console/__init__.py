"""Shows: gateway API, moderator console, public verifier. A thin skin over the desk, which decides who may what."""
