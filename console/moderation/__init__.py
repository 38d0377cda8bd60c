"""Queue, cases and rulings, as pages and as an API. Begin at `case_pages`."""
