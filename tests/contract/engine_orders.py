"""Orders for engines under test, and waiting for them."""

from core.ports import JobState, RenderRequest
from pipeline.engines.retry import RetryPolicy

CLIP = bytes(range(256)) * 1024
PROMPT = "a hedgehog called Zebedee"
QUICK = RetryPolicy(tries=3, seconds=20, first_delay=0.001)


def order(mood="", **given):
    return RenderRequest(**{"key": "case-1", "prompt": f"{PROMPT} [{mood}]", **given})


def finished(engine, given):
    job = engine.commission(given)
    for _ in range(20):
        if (progress := engine.poll(job)).state in (JobState.DONE, JobState.FAILED):
            return job, progress
    raise AssertionError("never finished")
