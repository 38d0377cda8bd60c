"""What claims keep down as they stand, and what one that is closed left down by accident."""
