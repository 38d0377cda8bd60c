"""The two servers that are struck: a broker that keeps nothing, and a Postgres that keeps everything."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
from psycopg.conninfo import conninfo_to_dict

from evals.faults.tcp_proxy import TcpProxy
from evals.local_broker import free_port, tansu_command, wait_for_port
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres


class StruckBroker:
    """Tansu in memory, behind a proxy that its clients are sent to: killed, it has forgotten all."""

    def __init__(self, folder: Path) -> None:
        """Starts it. Raises RuntimeError where there is no broker to start."""
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.proxy = TcpProxy(self._port)
        self.start()

    @property
    def address(self) -> str:
        """Where clients connect."""
        return f"127.0.0.1:{self.proxy.port}"

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it, with nothing in it."""
        command = tansu_command(self._port, advertised=self.proxy.port)
        with (self._folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for_port(self._port, self._process)

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """End it for good."""
        self.kill()
        self.proxy.close()


class StruckPostgres:
    """The embedded server, behind a proxy that workers connect to."""

    def __init__(self, folder: Path) -> None:
        """Starts it."""
        self.server = EmbeddedPostgres(folder)
        self.server.start()
        parts = conninfo_to_dict(self.server.application_dsn)
        self._passes = Path(str(parts["passfile"])).parent
        self.proxy = TcpProxy(Path(str(parts["host"])) / ".s.PGSQL.5432")

    def url(self, role: str) -> str:
        """Where a role connects, through the proxy."""
        passes = self._passes / f"{role}.pass"
        return f"postgresql://{role}@127.0.0.1:{self.proxy.port}/postgres?passfile={passes}&sslmode=disable"

    def kill(self) -> None:
        """Kill -9 of the server; its transactions are rolled back when it is started again."""
        for process in self._processes():
            with suppress(psutil.Error):
                process.kill()
        time.sleep(0.2)

    def freeze(self, *, on: bool) -> None:
        """Stop all its processes where they are, or let them go on."""
        for process in self._processes():
            with suppress(psutil.Error):
                os.kill(process.pid, signal.SIGSTOP if on else signal.SIGCONT)

    def start(self) -> None:
        """Start it again."""
        self.server.start()

    def close(self) -> None:
        """End it for good."""
        self.proxy.close()
        self.server.stop()

    def _processes(self) -> list[psutil.Process]:
        file = self.server.hba_file.parent / "postmaster.pid"
        with suppress(psutil.Error, OSError, ValueError, IndexError):
            postmaster = psutil.Process(int(file.read_text().splitlines()[0]))
            return [postmaster, *postmaster.children(recursive=True)]
        return []
