"""Names for everything Assay speaks of. Standard library only; knows no one above it."""
