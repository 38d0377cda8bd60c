"""What a platform does for one of its end users as a whole."""
