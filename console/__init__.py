"""Shows: gateway API, moderator console, public verifier. A thin skin over the service, which decides who may what."""
