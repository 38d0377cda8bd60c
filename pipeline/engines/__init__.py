"""What makes the videos: a server of the Videos API, or a folder of footage that stands in for one."""
