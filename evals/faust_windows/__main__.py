"""`python -m evals.faust_windows HOST:PORT`: four questions to a windowed table on that broker, and what it answered.

Are doubled, late and reordered events counted once? How long is a table behind? How long after a worker was killed does
it stand again? Do windows that came back from the changelog ever end?
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kafka import KafkaAdminClient, KafkaProducer

from evals.faust_windows.worker import CHANGELOG, EXPIRES_SECONDS, PARTITIONS, TOPIC, WINDOW_SECONDS

_ACCOUNTS, _CASES = 12, 20
_PATIENCE = 120.0


class Worker:
    """One process; `known` is what it last said."""

    def __init__(self, servers: str, folder: Path, name: str) -> None:
        self._told = folder / name
        self._told.touch()
        environment = os.environ | {"WINDOWS_SERVERS": servers, "WINDOWS_TOLD": str(self._told)}
        command = [
            sys.executable,
            "-m",
            "evals.faust_windows.worker",
            "worker",
            "-l",
            "error",
        ]
        with (folder / f"{name}.log").open("wb") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def known(self) -> dict[tuple[str, float], int]:
        """Refusals by account and beginning of the window."""
        lines = self._told.read_text("utf-8").splitlines()
        return {(key, start): count for key, start, count in json.loads(lines[-1])["windows"]} if lines else {}

    def stop(self, how: signal.Signals) -> None:
        """End it."""
        self._process.send_signal(how)
        self._process.wait(60)


def main(servers: str) -> None:
    """Ask, and print what came out."""
    admin = KafkaAdminClient(bootstrap_servers=servers)
    admin.create_topics({name: {"num_partitions": PARTITIONS, "replication_factor": 1} for name in (TOPIC, CHANGELOG)})
    admin.close()
    producer = KafkaProducer(bootstrap_servers=servers)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = Worker(servers, folder, "first")
        begun = _send_a_minute(producer)
        total = _ACCOUNTS * _CASES
        _seconds_until(lambda: sum(first.known().values()) >= total)
        time.sleep(2)  # for what would be counted twice
        _say("refusals sent once, doubled or late", total, "counted", sum(first.known().values()))
        sent = time.time()
        _send(producer, "behind", "case", time.time())
        _seconds_until(lambda: any(key == "behind" for key, _ in first.known()))
        _say("seconds that the table was behind", round(time.time() - sent, 2))
        first.stop(signal.SIGKILL)
        killed = time.time()
        second = Worker(servers, folder, "second")
        _seconds_until(lambda: sum(second.known().values()) > total)
        _say("seconds until it stood again after SIGKILL", round(time.time() - killed, 1))
        time.sleep(max(0.0, begun + WINDOW_SECONDS + EXPIRES_SECONDS + 30 - time.time()))
        stale = sum(start < begun + WINDOW_SECONDS for _, start in second.known())
        _say("windows from the changelog that are still there 30 s after they ended", stale)
        second.stop(signal.SIGTERM)
    producer.close()


def _send_a_minute(producer: KafkaProducer) -> float:
    """Of each account so many refusals in one window, a third of them twice, in no order. Returns its beginning."""
    begun = time.time() // WINDOW_SECONDS * WINDOW_SECONDS
    refusals = [(f"account-{a}", f"case-{c}") for a in range(_ACCOUNTS) for c in range(_CASES)]
    refusals += refusals[::3]
    random.Random(3).shuffle(refusals)  # noqa: S311 - not for secrets
    for account, case in refusals:
        _send(producer, account, case, begun + 1)
    return begun


def _send(producer: KafkaProducer, account: str, case: str, at: float) -> None:
    value = json.dumps({"account": account, "event": f"{case}:3", "at": at}).encode()
    producer.send(TOPIC, key=account.encode(), value=value).get(10)


def _seconds_until(come: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not come():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {_PATIENCE:.0f} s in vain")
        time.sleep(0.05)


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
