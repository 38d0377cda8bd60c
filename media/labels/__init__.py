"""The label that people see in a video: what it is, and how it is drawn."""
