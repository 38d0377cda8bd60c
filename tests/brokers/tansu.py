"""Tansu, running beside a test."""

import subprocess
from contextlib import contextmanager
from pathlib import Path

from evals.local_broker import free_port, tansu_command, wait_for_port


@contextmanager
def tansu(folder: Path, *, port: int | None = None, advertised: int | None = None):
    """A running broker; gives its address. `advertised`: the port that clients are sent to, if another."""
    port = port or free_port()
    command = tansu_command(port, advertised=advertised or port)
    with (folder / "tansu.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_for_port(port, process)
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
