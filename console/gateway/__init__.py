"""OpenAI's Videos API and moderations, for platforms. Begin at `videos_api`."""
