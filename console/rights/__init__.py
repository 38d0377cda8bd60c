"""What rights holders do over HTTP."""
