"""Makes what is released: lists of exact versions with their digests, and a wheel that was tried."""
