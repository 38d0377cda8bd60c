"""Search among biometric templates of one space. Begin at `template_index`."""
