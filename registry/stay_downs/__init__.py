"""What claims took down and keep down: the wishes of the claims desk, and how far each has got."""
