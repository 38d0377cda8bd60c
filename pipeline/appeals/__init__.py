"""Appeals of videos that were taken down: those that wait for somebody who had no part in it."""
