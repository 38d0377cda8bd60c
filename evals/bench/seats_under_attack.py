"""How long an honest visitor waits for the verifier while others hold and burden it: `python -m evals.bench attack`.

`assay serve` runs as its users run it. Visitors and attackers come from addresses of 127.0.0.0/8, each with ranges of
their own (a /24 is one range), which Linux gives a machine without being asked. Slow uploads send a little more than
the least rate for as long as they are let, and begin again when they are ended; heavy files are the ones of
evals.provenance.hostile_corpus that took longest, sent again as soon as they are answered.
"""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from evals.bench.gateway_cost import RecordingEngine, serve_for_bench
from evals.bench.machine_info import BenchFigures, min_median_max
from evals.provenance.fuzz_corpus import make_seed_files
from evals.provenance.hostile_corpus import HOSTILE_FILES
from provenance.c2pa.signers.dev_keys import make_dev_keys

_VISITS = 30
"""Files that honest visitors have verified in each situation."""
_VISITORS = 3
"""Of them at a time, from addresses of their own."""
_HEAVY_KINDS = 8
"""Of the files that took longest, so many are sent in turn."""
_HEAVY_AT_ONCE = 4
"""Of one address."""
_SLOW_AT_ONCE = 8
"""Slow uploads of one address, and of one range."""
_SLOW_BYTES, _SLOW_SECONDS = 5000, 1.0
"""A slow upload sends so much, so often: more than the least rate."""
_SLOW_LENGTH = 400 << 20
"""Bytes that a slow upload says it has."""
_RETRY_SECONDS = 2.0
"""Before an attacker begins again."""
_TIMEOUT = 180.0
_RESULT = Path(__file__).parents[1] / "results" / "hostile.json"
_HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'


def measure_seats_under_attack() -> BenchFigures:
    """Seconds until a visitor has an answer, and how many were turned away, in four situations.

    What a visitor sends is two seconds of sound, which takes little computing itself: the time is that of waiting.
    """
    engine = RecordingEngine()
    with tempfile.TemporaryDirectory(dir="/tmp") as name, serve_for_bench(Path(name), engine.url) as server:
        port = urlsplit(server.url).port or 0
        keys = make_dev_keys(Path(name) / "keys").keys
        (Path(name) / "seeds").mkdir()
        seeds = dict(make_seed_files(Path(name) / "seeds", keys))
        heavy = _heaviest(seeds["plain.mp4"])
        visit = seeds["a.m4a"]
        figures = _situation("nobody else", port, visit, [])
        figures |= _situation("128 slow uploads, 16 ranges", port, visit, _slow(port, ranges=16))
        figures |= _situation(
            "these, and the heaviest files, 8 at a time, 2 ranges",
            port,
            visit,
            [*_slow(port, ranges=16), *_heavy(port, heavy, ranges=2)],
        )
        figures |= _situation("heaviest files, 16 at a time, 4 ranges", port, visit, _heavy(port, heavy, ranges=4))
    return figures


Attack = Callable[[threading.Event], None]


def _situation(name: str, port: int, visit: bytes, attacks: Sequence[Attack]) -> BenchFigures:
    with _under(attacks):
        time.sleep(min(10.0, len(attacks)))  # until they have begun
        with ThreadPoolExecutor(_VISITORS) as visitors:
            answers = list(visitors.map(lambda number: _post(port, f"127.9.{number}.7", visit), range(_VISITS)))
    served = [seconds for status, seconds in answers if status == http.client.OK]
    figures: BenchFigures = {f"{name}: visitors turned away, of {_VISITS}": _VISITS - len(served)}
    if served:
        figures[f"{name}: seconds to an answer"] = min_median_max(served)
    print(figures, flush=True)
    return figures


@contextmanager
def _under(attacks: Sequence[Attack]) -> Iterator[None]:
    ended = threading.Event()
    threads = [threading.Thread(target=attack, args=(ended,), daemon=True) for attack in attacks]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join(_TIMEOUT)


def _slow(port: int, *, ranges: int) -> list[Attack]:
    def send(address: str) -> Attack:
        return lambda ended: _upload_slowly(port, address, ended)

    return [send(f"127.1.{number}.10") for number in range(ranges) for _ in range(_SLOW_AT_ONCE)]


def _heavy(port: int, files: Sequence[bytes], *, ranges: int) -> list[Attack]:
    def send(address: str, first: int) -> Attack:
        return lambda ended: _send_heavy(port, address, [*files[first:], *files[:first]], ended)

    return [send(f"127.2.{number}.10", first) for number in range(ranges) for first in range(_HEAVY_AT_ONCE)]


def _heaviest(clip: bytes) -> list[bytes]:
    rows = json.loads(_RESULT.read_text(encoding="utf-8"))["files"]
    names = sorted((name for name in rows if name in HOSTILE_FILES), key=lambda name: -rows[name]["seconds"])
    return [HOSTILE_FILES[name](clip) for name in names[:_HEAVY_KINDS]]


def _upload_slowly(port: int, address: str, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            with _opened(port, address, _SLOW_LENGTH) as link:
                while not ended.wait(_SLOW_SECONDS):
                    link.sendall(bytes(_SLOW_BYTES))
        except OSError:  # ended by the server
            ended.wait(_RETRY_SECONDS)


def _send_heavy(port: int, address: str, files: Sequence[bytes], ended: threading.Event) -> None:
    for file in itertools.cycle(files):
        if ended.is_set():
            return
        status, _ = _post(port, address, file, ended)
        if status != http.client.OK:
            ended.wait(_RETRY_SECONDS)


def _post(port: int, address: str, file: bytes, ended: threading.Event | None = None) -> tuple[int, float]:
    """The status, 0 for none, and the seconds it took. An attacker leaves when the situation has `ended`."""
    body, began = _HEAD + file + b"\r\n--b--\r\n", time.perf_counter()
    try:
        with _opened(port, address, len(body)) as link:
            link.sendall(body)
            link.settimeout(0.5)
            while not (ended and ended.is_set()) and time.perf_counter() - began < _TIMEOUT:
                try:
                    line = link.recv(64)
                except TimeoutError:
                    continue
                return int(line.split()[1]), time.perf_counter() - began
    except (OSError, IndexError, ValueError):
        pass
    return 0, time.perf_counter() - began


def _opened(port: int, address: str, length: int) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(address, 0))
    link.sendall(
        b"POST /api/verify HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n"
        % length
        + (b"" if length < _SLOW_LENGTH else _HEAD)
    )
    return link
