"""An engine behind the Videos API that hangs, lies, repeats itself or goes away, as it is told or by lot."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Lie = Literal["", "other video", "no file", "wrong bytes", "half a file", "fails", "repeats", "slow"]
LIES: tuple[Lie, ...] = ("other video", "no file", "wrong bytes", "half a file", "fails", "repeats", "slow")
"""other video: a red one that nobody asked for. no file: it says done and has none. repeats: another order's job."""

_SLOW_POLLS = 4


@dataclass
class EngineJob:
    """One order that was taken. `lie` is how it goes wrong."""

    id: str
    key: str
    prompt: str
    lie: Lie
    polls: int = 0
    fetched: int = 0


@dataclass
class EngineState:
    """What the engine does, and what it was asked. `lies` are shares of the orders by lie; `away` refuses all."""

    good: bytes
    bad: bytes
    seed: int = 0
    lies: dict[Lie, float] = field(default_factory=dict)
    away: bool = False
    hanging: bool = False
    jobs: dict[str, EngineJob] = field(default_factory=dict)
    orders: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def order(self, key: str, prompt: str) -> EngineJob:
        """The job of this order: the same for the same key."""
        with self.lock:
            self.orders[key] += 1
            if key in self.jobs:
                return self.jobs[key]
            lie = self._lie(len(self.jobs))
            if lie == "repeats" and self.jobs:
                return next(iter(self.jobs.values()))
            job = EngineJob(id=f"job-{len(self.jobs) + 1}", key=key, prompt=prompt, lie="" if lie == "repeats" else lie)
            self.jobs[key] = job
            return job

    def job(self, job_id: str) -> EngineJob | None:
        """The job of this id."""
        with self.lock:
            return next((job for job in self.jobs.values() if job.id == job_id), None)

    def _lie(self, number: int) -> Lie:
        drawn = random.Random(f"{self.seed} {number}").random()  # noqa: S311 - by lot, and the same lot for the same seed
        for lie, share in self.lies.items():
            if drawn < share:
                return lie
            drawn -= share
        return ""


class LyingEngine(ThreadingHTTPServer):
    """The server, on a port of its own."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, state: EngineState) -> None:
        """Serves at once, in threads."""
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.state = state
        self.released = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Base URL of its API."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def close(self) -> None:
        """End."""
        self.released.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are no news here."""


class _Conversation(BaseHTTPRequestHandler):
    server: LyingEngine
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self._stopped():
            return
        asked = json.loads(body)
        self._job(self.server.state.order(self.headers.get("idempotency-key", ""), str(asked.get("prompt", ""))))

    def do_GET(self) -> None:
        if self._stopped():
            return
        job_id, _, rest = self.path.removeprefix("/v1/videos/").partition("/")
        if (job := self.server.state.job(job_id)) is None:
            self._send(404, "application/json", b'{"error": {"message": "no such video"}}')
        elif rest == "content":
            self._video(job)
        else:
            job.polls += 1
            self._job(job)

    def do_DELETE(self) -> None:
        self._send(200, "application/json", b'{"deleted": true}')

    def _stopped(self) -> bool:
        state = self.server.state
        if state.away:
            self.close_connection = True
            return True
        while state.hanging and not self.server.released.wait(0.05):
            pass
        return False

    def _job(self, job: EngineJob) -> None:
        status = "completed"
        if not job.polls or (job.lie == "slow" and job.polls < _SLOW_POLLS):
            status = "queued"
        elif job.lie == "fails":
            status = "failed"
        told = {"id": job.id, "object": "video", "model": "lies", "status": status, "progress": 100}
        if status == "failed":
            told["error"] = {"code": 500, "message": "worker died, connection lost"}
        self._send(200, "application/json", json.dumps(told).encode())

    def _video(self, job: EngineJob) -> None:
        state = self.server.state
        job.fetched += 1
        video = (state.bad if job.lie == "other video" else state.good) + _free_box(job.id)
        match job.lie:
            case "no file":
                self._send(404, "application/json", b'{"error": {"message": "it has expired"}}')
            case "wrong bytes":
                self._send(200, "video/mp4", video[: len(video) // 2][::-1])
            case "half a file" if job.fetched == 1:
                self._send(200, "video/mp4", video[: len(video) // 2], length=len(video))
            case _:
                self._send(200, "video/mp4", video)

    def _send(self, status: int, media_type: str, body: bytes, *, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or length is not None


def _free_box(text: str) -> bytes:
    """A box of an MP4 that players skip, so that no two jobs have the same bytes."""
    content = text.encode()
    return (len(content) + 8).to_bytes(4) + b"free" + content
