"""`assay serve` in a process of its own, and a client that asks again, with the same key, until it is answered."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from core.roles import Role
from evals.faults.house import FaultHouse
from pipeline.accounts import create_account


class FrontDoor:
    """The gateway of a house. It may be killed; whoever orders meanwhile asks again."""

    def __init__(self, house: FaultHouse) -> None:
        """Starts it."""
        self._house = house
        self._account, self._token = create_account(house.desk.accounts, [Role.PLATFORM])
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            self.port = int(bound.getsockname()[1])
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=20)
        self.asked_again = 0
        self.starts = 0
        self.start()

    def start(self) -> None:
        """Start it, if it does not run."""
        self.starts += 1
        command = [sys.executable, "-m", "pipeline.cli", "serve", "--port", str(self.port)]
        with (self._house.folder / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=self._house.environment,
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def keep_running(self) -> None:
        """Start it anew where it has ended."""
        if self._process.poll() is not None:
            self.start()

    def order(self, prompt: str, key: str, *, seconds: float = 120.0) -> str:
        """The case, once the gateway has answered with it; empty where it did not in so many seconds."""
        end = time.monotonic() + seconds
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": key}
        while time.monotonic() < end:
            try:
                answer = self._client.post("/v1/videos", json={"prompt": prompt}, headers=headers)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code == httpx.codes.OK:
                case_id = str(answer.json()["id"])
                self._house.orders[key], self._house.prompts[case_id] = case_id, prompt
                return case_id
            if (
                answer is not None
                and answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR
                and answer.status_code not in (409, 429)
            ):
                raise RuntimeError(f"the gateway answers {answer.status_code}: {answer.text[:200]}")
            self.asked_again += 1
            time.sleep(0.5)
        return ""

    def kill(self) -> None:
        """Kill -9."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it."""
        self._client.close()
        self.kill()
