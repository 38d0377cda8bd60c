"""noida-db: a small broker of the Kafka protocol over TCP. One node; a member that is killed is never evicted,

so a test that kills a worker gives the next one a fresh group.
"""

import importlib.util
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def noida(folder: Path):
    """A running broker; gives its address."""
    binary = Path(importlib.util.find_spec("noida_db").origin).with_name("noida-db")
    binary.chmod(0o755)
    port = free_port()
    command = [binary, "start", "--only", "kafka", "--kafka-port", str(port), "--data-dir", folder / "noida"]
    with (folder / "noida.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_for_port(port, process)
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process):
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError("the broker ended at once: see its log")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the broker does not listen")
