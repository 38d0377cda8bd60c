"""Who signs claims: keys in files, hardware modules and key management services."""
