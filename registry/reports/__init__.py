"""What people say is wrong with how their likeness is used, and what was answered. Begin at `likeness_reports`."""
