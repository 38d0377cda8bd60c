"""End users of a platform who leave: what the registry keeps of them is forgotten, and that is certified."""
