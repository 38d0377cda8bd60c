"""An example of a plugin for Assay: one classifier, one engine."""
