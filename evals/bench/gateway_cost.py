"""What the gateway costs: the delay that it adds to a prompt, orders it accepts, memory while files stream.

`assay serve` runs as its users run it, in a process of its own over an embedded Postgres, with all classifiers. The
engine is a stand-in in this process that takes orders and never finishes them: it only notes when each arrived.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from evals.bench.machine_info import BenchFigures, min_median_max
from evals.local_broker import free_port

_PROMPTS = 200
"""Prompts sent through the gateway, and as many straight to the engine, one after the other."""
_WARM_UP = 20
"""Prompts before the first that counts."""
_REFUSALS, _TAKEDOWNS = 20, 20
"""Prompts that are refused, and videos that are taken down, while renders are under way."""
_REFUSED_PROMPT = "A completely naked woman poses on the bed"
_CLIENTS = 16
"""Clients that order at once."""
_ORDER_SECONDS = 20.0
"""How long they do."""
UPLOADS, UPLOADS_AT_ONCE = 100, 10
"""Files that are streamed, and how many of them at a time."""
_UPLOAD_WARM_UP = 2
"""Files before the first that counts: the models that look at references are loaded by then."""
_UPLOAD_BYTES = 50 << 20
"""Size of each."""
_START_SECONDS = 180.0
"""How long the server may take to start."""

_LONGEST_STEP_SECONDS = 300.0
"""How long a video may take to come to a phase: a machine may be shared."""

_SUBJECTS = ("heron", "lighthouse", "tram", "violin", "glacier", "market", "kite", "harbour", "orchard", "staircase")
_SCENES = (
    "at dawn",
    "in light rain",
    "seen from above",
    "in an old film",
    "with slow camera movement",
    "after the storm",
)


class RecordingEngine(ThreadingHTTPServer):
    """Takes orders and finishes none. `arrived` says when each prompt came, by time.perf_counter()."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Orders)
        self.arrived: dict[str, float] = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Orders(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RecordingEngine

    def do_POST(self) -> None:
        now = time.perf_counter()
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.headers.get("content-type", "").startswith("application/json"):  # one with a reference is a form
            self.server.arrived[json.loads(body)["prompt"]] = now
        self._answer({"id": f"job_{len(self.server.arrived)}", "status": "queued"})

    def do_GET(self) -> None:
        self._answer({"id": self.path.rsplit("/", 1)[-1], "status": "in_progress", "progress": 1})

    def do_DELETE(self) -> None:
        self._answer({"deleted": True})

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _answer(self, body: dict[str, object]) -> None:
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def measure_gateway() -> BenchFigures:
    """Milliseconds added to a prompt, refusals and takedowns beside renders, orders a second."""
    engine = RecordingEngine()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, serve_for_bench(Path(folder), engine.url) as server:
        figures = _added_delay(server.client, engine)
        figures |= _beside_renders(server.client)
        figures |= _orders_a_second(server)
        return figures


def measure_uploads(*, count: int = UPLOADS, at_once: int = UPLOADS_AT_ONCE) -> BenchFigures:
    """MiB of memory while files stream: each is prepared in the sandbox, so a hundred take many minutes."""
    engine = RecordingEngine()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, serve_for_bench(Path(folder), engine.url) as server:
        return _memory_of_uploads(server, Path(folder), count, at_once)


class BenchServer:
    """`assay serve` in a process of its own, and a client with a platform's token."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, token: str) -> None:
        self.process, self.url = process, url
        self.headers = {"Authorization": f"Bearer {token}"}
        self.client = self.new_client()

    def new_client(self) -> httpx.Client:
        """With the token."""
        return httpx.Client(base_url=self.url, headers=self.headers, trust_env=False, timeout=120.0)


@contextmanager
def serve_for_bench(home: Path, engine_url: str) -> Iterator[BenchServer]:
    """`assay serve` with a home, keys and an account of its own, for as long as the context lasts."""
    port = free_port()
    environment = os.environ | {
        "ASSAY_HOME": str(home / "home"),
        "ASSAY_ENGINE": "http",
        "ASSAY_ENGINE_URL": engine_url,
        "ASSAY_PORT": str(port),
        "ASSAY_MAX_RENDERS": "1000000",
        "ASSAY_REQUESTS_PER_MINUTE": "0",
    }
    _assay(environment, "keys", "dev")
    token = json.loads(_assay(environment, "account", "add", "--role", "platform", "--json"))["token"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "serve"], env=environment, stdout=log, stderr=log
        )
    try:
        wait_for_server(f"http://127.0.0.1:{port}/healthz", process)
        yield BenchServer(process, f"http://127.0.0.1:{port}", token)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def _added_delay(client: httpx.Client, engine: RecordingEngine) -> BenchFigures:
    """From sending a prompt to its arrival at the engine, through the gateway less straight, by turns in one run."""
    direct = httpx.Client(trust_env=False, timeout=60.0)
    through, straight = [], []
    for number in range(_WARM_UP + _PROMPTS):
        prompt = _prompt(number)
        began = time.perf_counter()
        client.post("/v1/videos", json={"prompt": prompt}).raise_for_status()
        arrived = _arrival(engine, prompt)
        began_straight = time.perf_counter()
        direct.post(f"{engine.url}/videos", json={"prompt": f"straight {number}"}).raise_for_status()
        if number >= _WARM_UP:
            through.append((arrived - began) * 1000)
            straight.append((engine.arrived[f"straight {number}"] - began_straight) * 1000)
    added = sorted(one - other for one, other in zip(through, straight, strict=True))
    return {
        "delay added to a prompt, verdict included, ms": min_median_max(added),
        "the same, p99, ms": round(added[int(0.99 * len(added))], 1),
        "straight to the engine, ms": min_median_max(straight),
    }


def _beside_renders(client: httpx.Client) -> BenchFigures:
    """How long a refusal and a takedown take while all renders ordered so far are under way, in milliseconds."""
    videos = client.get("/v1/videos", params={"limit": _TAKEDOWNS}).json()["data"]
    refused, taken_down = [], []
    for number in range(_REFUSALS):
        began = time.perf_counter()
        video_id = client.post("/v1/videos", json={"prompt": f"{_REFUSED_PROMPT}, take {number}"}).json()["id"]
        _until(client, video_id, ("refused",))
        refused.append((time.perf_counter() - began) * 1000)
    for video in videos:
        began = time.perf_counter()
        client.delete(f"/v1/videos/{video['id']}").raise_for_status()
        _until(client, video["id"], ("withdrawn",))
        taken_down.append((time.perf_counter() - began) * 1000)
    return {
        "a refusal beside more than 200 renders under way, ms": min_median_max(refused),
        "a takedown beside them, ms": min_median_max(taken_down),
    }


def _until(client: httpx.Client, video_id: str, phases: tuple[str, ...], *, interval: float = 0.005) -> None:
    end = time.monotonic() + _LONGEST_STEP_SECONDS
    while client.get(f"/v1/videos/{video_id}").json()["assay"]["phase"] not in phases:
        if time.monotonic() > end:
            raise RuntimeError(f"a video came to none of {', '.join(phases)}")
        time.sleep(interval)


def _orders_a_second(server: BenchServer) -> BenchFigures:
    """Orders that are accepted while so many clients order as fast as they can; their screening goes on behind."""
    end = time.monotonic() + _ORDER_SECONDS
    before = process_cpu_seconds(server.process.pid)

    def order(client_number: int) -> int:
        count = 0
        with server.new_client() as client:
            while time.monotonic() < end:
                response = client.post("/v1/videos", json={"prompt": _prompt(client_number * 100_000 + count)})
                count += response.status_code == 200
        return count

    with ThreadPoolExecutor(_CLIENTS) as pool:
        accepted = sum(pool.map(order, range(_CLIENTS)))
    return {
        f"orders accepted a second, {_CLIENTS} clients": round(accepted / _ORDER_SECONDS, 1),
        "CPU ms of the server an order, screening of some included": round(
            (process_cpu_seconds(server.process.pid) - before) * 1000 / max(accepted, 1), 2
        ),
    }


def _memory_of_uploads(server: BenchServer, folder: Path, count: int, at_once: int) -> BenchFigures:
    """The most memory that the server held while files were streamed to it, beside what it held before.

    The two halves apart: where memory is flat, the second half needs no more than the first did.
    """
    file = folder / "upload.mp4"
    clip = (Path(__file__).parents[2] / "deploy" / "demo" / "bunny.mp4").read_bytes()
    padding = _UPLOAD_BYTES - len(clip)
    file.write_bytes(clip + padding.to_bytes(4, "big") + b"free" + bytes(padding - 8))
    done, sent = threading.Event(), list[int]()
    peaks = [0.0, 0.0]

    def watch() -> None:
        while not done.wait(0.1):
            half = int(len(sent) >= count / 2)
            peaks[half] = max(peaks[half], _memory_mib(server.process.pid))

    def send(number: int) -> httpx.Response:
        with server.new_client() as client, file.open("rb") as opened:
            files = {"input_reference": ("clip.mp4", opened, "video/mp4")}
            response = client.post("/v1/videos", data={"prompt": _prompt(number)}, files=files)
        sent.append(response.status_code)
        return response

    for video in [send(number).raise_for_status().json()["id"] for number in range(_UPLOAD_WARM_UP)]:
        _until(
            server.client, video, ("commissioned", "held", "refused"), interval=0.5
        )  # it is screened behind the answer
    sent.clear()
    before = _memory_mib(server.process.pid)
    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(send, range(_UPLOAD_WARM_UP, _UPLOAD_WARM_UP + count)))
    done.set()
    watcher.join()
    return {
        f"{count} uploads of 50 MiB, {at_once} at once: accepted": float(sent.count(200)),
        "MiB held before them, the models loaded": round(before, 1),
        "most MiB held during the first half": round(peaks[0], 1),
        "most MiB held during the second half": round(peaks[1], 1),
    }


def _prompt(number: int) -> str:
    subject, scene = _SUBJECTS[number % len(_SUBJECTS)], _SCENES[number // len(_SUBJECTS) % len(_SCENES)]
    return f"A {subject} {scene}, take {number}"


def _arrival(engine: RecordingEngine, prompt: str) -> float:
    end = time.monotonic() + 60
    while prompt not in engine.arrived:
        if time.monotonic() > end:
            raise RuntimeError(f"the engine never got this order: {prompt}")
        time.sleep(0.0005)
    return engine.arrived[prompt]


def _assay(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "pipeline.cli", *words]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def wait_for_server(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until it answers. Raises RuntimeError where it ends before, or does not in time."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            if httpx.get(url, trust_env=False, timeout=2.0).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError("the server did not start")


def _memory_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def process_cpu_seconds(pid: int) -> float:
    """What a process has computed so far, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
