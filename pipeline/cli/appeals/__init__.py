"""Commands for appeals."""
