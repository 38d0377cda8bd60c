"""The catalogs of the pages, one PO file a language, and what keeps them in step with the templates."""
