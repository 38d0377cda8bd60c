"""Marks and proves: watermark, C2PA credentials, fingerprint, seal, verify."""
