"""What whoever wanted a video may know and do without an account: a link, the story of their video, an appeal."""
