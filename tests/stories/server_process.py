"""`assay serve` as its users run it: a process of its own."""

from __future__ import annotations

import os
import time
from pathlib import Path

import httpx

from evals.local_broker import free_port
from tests.stories.forked_commands import ForkedProcess, start

_START_SECONDS = 120.0
_STOP_SECONDS = 60.0


def start_server(env: dict[str, str], log: Path) -> tuple[ForkedProcess, str]:
    """The process and its base URL, once it is ready. What it says goes to the log."""
    port = free_port()
    with log.open("a") as out, Path(os.devnull).open() as nothing:
        process = start(
            ["-m", "pipeline.cli", "serve", "--port", str(port)], env=env, stdin=nothing, stdout=out, stderr=out
        )
    url, until = f"http://127.0.0.1:{port}", time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return process, url
        except httpx.HTTPError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError(f"the server is not ready: {log.read_text()}")


def stop_server(process: ForkedProcess) -> None:
    """End it as a service manager does. Nothing happens to one that has ended."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    finally:
        process.kill()
