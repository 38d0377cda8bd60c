"""What is done to the database beside its use: what is older than its time goes, and copies are made and restored."""
