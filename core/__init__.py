"""The domain model of Assay. Standard library only; imports no other package."""
