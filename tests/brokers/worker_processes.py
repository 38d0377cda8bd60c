"""Worker processes over a broker and a Postgres, as they run in earnest; their stages are the toy ones."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

SWEEPER_OPTIONS = ("--sweep", "--sweep-every=0.5", "--older-than=1")


class WorkerProcesses:
    """Starts workers and ends them. `stage_log` is where slow stages leave a line when they begin and when they end."""

    def __init__(self, servers, dsn, folder, topics, *, slow=0.0):
        self.servers, self.folder, self.topics, self.processes = servers, folder, topics, []
        self.stage_log = folder / "diary"
        self.stage_log.touch()
        self.environment = os.environ | {
            "TOY_DATABASE": dsn,
            "TOY_SERVERS": servers,
            "TOY_PREFIX": topics.prefix,
            "TOY_DIARY": str(self.stage_log),
            "TOY_SLOW": str(slow),
        }

    def start_worker(self, *roles, options=()):
        command = [sys.executable, "-m", "pipeline.runners", "--build=tests.stub_pipeline.context:build"]
        log = self.folder / f"{'-'.join(roles)}-{len(self.processes)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [
                    *command,
                    f"--roles={','.join(roles)}",
                    f"--servers={self.servers}",
                    f"--prefix={self.topics.prefix}",
                    "--session=10",
                    *options,
                ],
                env=self.environment,
                cwd=Path(__file__).parents[2],
                stdout=out,
                stderr=out,
            )
        self.processes.append(process)
        return process

    def close(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def embedded_ledger(folder):
    """An embedded Postgres of its own; gives the ledger and the DSN."""
    from pipeline.ledgers.database import open_database
    from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
    from pipeline.ledgers.postgres_ledger import PostgresLedger

    server = EmbeddedPostgres(folder / "home")
    database = open_database(server.start())
    try:
        yield PostgresLedger(database, first_retry_delay=timedelta(0)), server.dsn
    finally:
        database.close()
        server.stop()


def wait_until(come, seconds=60):
    """Wait until `come()` is true; what it was at last is in the error."""
    end = time.monotonic() + seconds
    while not (value := come()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain; at last: {value!r}")
        time.sleep(0.05)
    return value
