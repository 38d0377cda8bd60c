"""The page of whoever wanted a video: what happened, why, what to change, and an appeal. By a link, without account."""
