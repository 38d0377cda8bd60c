"""What the server does when a prompt names a mood. Each is a way in which real servers have failed, or lied."""

FAULT_MODES = {
    "slow": "stays in the queue for two polls and shows progress for two more",
    "refused": "moderation refuses at once: HTTP 400, moderation_blocked",
    "forbidden": "moderation refuses at once: HTTP 403, type content_policy_violation",
    "moderated": "the job fails with sentinel_block",
    "fails": "the job fails with an error that repeats the prompt",
    "fails with a number": "the job fails with code 500, a number, as vLLM-Omni says it",
    "fails silently": "the job fails without any error",
    "worker died": "the job fails because a worker was lost: another order may help",
    "cancelled": "the job was cancelled by somebody else",
    "riddle": "the job has a status that no one knows",
    "invalid": "HTTP 400 with a message that repeats the prompt",
    "size": "HTTP 400 with pydantic's message about the size, which holds a path and an address",
    "no memory": "HTTP 500 that says that CUDA is out of memory",
    "busy": "HTTP 429 with Retry-After: 0, twice, then ok",
    "broken twice": "HTTP 500, twice, then ok",
    "broken": "HTTP 503 for ever",
    "hangs up": "creates the job and closes the socket without an answer, once",
    "vanishes": "closes the socket without an answer to the order, always",
    "stalls": "takes the order and does not answer for a long time",
    "nameless": "answers without a job id",
    "at once": "answers with a finished video instead of a job, as Dynamo does",
    "page for a job": "answers the order with a web page, HTTP 200",
    "chatter": "answers the order with megabytes of JSON",
    "drawls": "answers the order a byte at a time",
    "html": "the video is a web page, HTTP 200",
    "json": "the video is a JSON error, HTTP 200, application/json",
    "disguised": "the video is a JSON error that calls itself video/mp4",
    "empty": "the video has no bytes",
    "short": "the video ends before its Content-Length, always",
    "short once": "the video ends before its Content-Length, the first time",
    "large": "the video announces itself as larger than anything",
    "endless": "the video is sent in chunks for ever",
    "drip": "the video is sent a byte at a time",
    "lost": "the job is done and its video is not found",
    "elsewhere": "the video is behind a redirect",
    "far away": "the video is behind a redirect to another server",
    "round and round": "the video is behind redirects without an end",
    "exits": "the process ends in the middle of the video",
}


def fault_mode_of(prompt: str) -> str:
    """The mood that the prompt names in brackets, or none."""
    return next((mood for mood in FAULT_MODES if f"[{mood}]" in prompt), "")
