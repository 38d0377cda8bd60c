"""A ledger of a million cases: `python -m evals.bench ledger`.

The rows are written straight into the tables. What the server says of its own time (EXPLAIN ANALYZE) and the CPU time
and memory of processes are measured, since wall time means little on a machine that others use: a sweep and its
queries, the payloads with which a damaged mark is compared, and the index of fingerprints, each beside what went before
it (read off the events, and held by each process).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from core.case import Phase
from evals.bench.machine_info import BenchFigures, min_median_max
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.ledgers.database import open_database
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.ledgers.postgres_ledger import DUE, IS_REFERENCED, LEASE_DUE, PostgresLedger
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.sweeper import resend_due_tickets

CASES = 1_000_000
SECONDS = 6
"""Fingerprints of each sealed video."""
_BATCH = 50_000
_TIMES = 9
_SWEPT = tuple(
    Phase(name)
    for name in (
        "submitted",
        "screened",
        "admitted",
        "commissioned",
        "rendered",
        "inspected",
        "cleared",
        "sealed",
        "recalled",
    )
)

# In a thousand cases: 1 held, 20 refused, 2 on their way, of which half are due; all others are published.
_SEED_CASES = """
INSERT INTO cases (id, phase, revision, author, body, digests, submitted, moved, due_at)
SELECT lpad(to_hex(n), 16, '0'),
       CASE n %% 1000 WHEN 0 THEN 'held' WHEN 1 THEN 'rendered' WHEN 2 THEN 'commissioned'
            ELSE CASE WHEN n %% 50 = 3 THEN 'refused' ELSE 'published' END END,
       9, 'account' || n %% 20, '{"verdicts": []}', ARRAY[md5(n::text) || md5((n + 1)::text)],
       now() - n * interval '0.1 s', now() - n * interval '0.1 s',
       now() + CASE n %% 1000 WHEN 2 THEN interval '1 day' ELSE interval '-1 minute' END
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
_SEED_SEALED = """
INSERT INTO events (case_id, revision, body, at, hash)
SELECT lpad(to_hex(n), 16, '0'), 8,
       jsonb_build_object('type', 'Sealed', 'payload', '01000007' || lpad(to_hex(n), 16, '0'), 'manifest_id', 'm' || n,
           'soft_binding', 'b', 'asset', jsonb_build_object('digest', md5(n::text)), 'sound', '[]'::jsonb,
           'fingerprint', (SELECT jsonb_agg(s || ':' || md5(n::text || 'a' || s) || md5(n::text || 'b' || s) || ':90')
            FROM generate_series(0, %(seconds)s - 1) AS s)),
       now() - n * interval '0.1 s', '\\x00'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
_SEED_PAYLOADS = """
INSERT INTO issued_payloads (case_id, payload, at)
SELECT lpad(to_hex(n), 16, '0'), decode('01000007' || lpad(to_hex(n), 16, '0'), 'hex'), now() - n * interval '0.1 s'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
_PAYLOADS_OFF_EVENTS = """
SELECT payload, at FROM sealed_videos WHERE payload ~ '^[0-9a-f]{24}$' AND at > '2000-01-01'
ORDER BY at DESC LIMIT 100000
"""
_PAYLOADS = (
    "SELECT payload, at FROM issued_payloads WHERE at > '2000-01-01' ORDER BY at DESC, payload DESC LIMIT 100001"
)

_SEARCH = """
import hashlib, json, resource, sys, time
from pathlib import Path
import numpy as np
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.ledgers.database import Database
from registry.near_duplicates import LedgerFingerprints

dsn, folder, tail, number = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
def known(letter, second):
    return bytes.fromhex(hashlib.md5(f"{number}{letter}{second}".encode(), usedforsecurity=False).hexdigest())
probes = np.frombuffer(b"".join(known("a", s) + known("b", s) for s in range(6)), np.uint8).reshape(-1, 32)
index = LedgerFingerprints(Database(dsn), folder, tail=tail)
before = time.process_time()
found = index.search(probes, range(6))
first = time.process_time() - before
assert [one.id for one in found] == [f"{int(number):016x}"], found
before = time.process_time()
for _ in range(20):
    index.search(probes, range(6))
each = (time.process_time() - before) / 20
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
own, files = (int(status[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile"))
print(json.dumps({"first": first, "each": each, "own": own, "files": files,
                  "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def measure_ledger(cases: int = CASES) -> BenchFigures:
    """The server's milliseconds for each query; seconds of CPU and MB of memory of a process that searches."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        database = open_database(folder / "home")
        with psycopg.connect(EmbeddedPostgres(folder / "home").dsn, autocommit=True) as owner:
            seed_ledger(owner, cases)
            figures: BenchFigures = {"cases": cases, "fingerprints": cases * SECONDS}
            figures |= _measure_queries(owner)
        dsn = EmbeddedPostgres(folder / "home").application_dsn
        for what, tail, number in (
            ("held by each process", cases + 1, "1234"),
            ("in files, made once", 5_000, "2345"),
            ("in files, made before", 5_000, "3456"),
        ):
            said = _search(dsn, folder / "index", tail, number)
            figures[f"fingerprints {what}: first search, s of CPU"] = round(said["first"], 2)
            figures[f"fingerprints {what}: each search after it, s of CPU"] = round(said["each"], 4)
            figures[f"fingerprints {what}: memory of the process's own, MB"] = round(said["own"])
            figures[f"fingerprints {what}: files in memory, for all processes, MB"] = round(said["files"])
        database.close()
    return figures


def measure_sweep(cases: int = CASES) -> BenchFigures:
    """What a sweep costs where so many cases are stored, of which a thousand are due and a thousand are rendered: the
    server's milliseconds, and the worker's CPU and clock.
    """
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        database = open_database(folder / "home")
        with psycopg.connect(EmbeddedPostgres(folder / "home").dsn, autocommit=True) as owner:
            seed_ledger(owner, cases, seconds=0)
            swept = [phase.value for phase in _SWEPT]
            figures: BenchFigures = {"cases": cases}
            figures |= _server_milliseconds(
                owner,
                {
                    "a thousand due cases of one phase": (DUE, _asked(["rendered"])),
                    "none due of a phase in which a thousand wait": (DUE, _asked(["commissioned"])),
                    "all phases at once, as a sweep asks": (DUE, _asked(swept)),
                    "leasing a thousand due cases, as a sweep over Kafka does": (LEASE_DUE, _asked(swept)),
                },
            )
            figures |= _measure_sweep(PostgresLedger(database), FsspecBlobStore((folder / "vault").as_uri()))
        database.close()
    return figures


def seed_ledger(connection: psycopg.Connection[tuple[object, ...]], cases: int, *, seconds: int = SECONDS) -> None:
    """Write so many cases, each with a sealed event and its payload; `seconds` fingerprints a case, no event for 0."""
    connection.execute("SET statement_timeout = 0; SET synchronous_commit = off")
    tables = ("cases", "events", "issued_payloads")
    for table in tables:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    for first in range(1, cases + 1, _BATCH):
        span = {"first": first, "last": min(first + _BATCH - 1, cases), "seconds": seconds}
        for statement in (_SEED_CASES, _SEED_SEALED, _SEED_PAYLOADS) if seconds else (_SEED_CASES,):
            connection.execute(statement, span)
    for table in tables:
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
        connection.execute(f"VACUUM ANALYZE {table}")


def _measure_queries(connection: psycopg.Connection[tuple[object, ...]]) -> BenchFigures:
    asked: dict[str, tuple[str, list[Any] | dict[str, Any]]] = {
        "whether bytes are referred to, a miss": (IS_REFERENCED, [["0" * 64]]),
        "counting the held": ("SELECT count(*) FROM cases WHERE phase = %s", ["held"]),
        "the payloads of the window": (_PAYLOADS, []),
        "the payloads of the window, off the events": (_PAYLOADS_OFF_EVENTS, []),
    }
    return _server_milliseconds(connection, asked)


def _asked(phases: list[str]) -> dict[str, Any]:
    return {"phases": phases, "unmoved": timedelta(0), "limit": 1000, "lease": timedelta(0)}


def _server_milliseconds(
    connection: psycopg.Connection[tuple[object, ...]], asked: Mapping[str, tuple[str, list[Any] | dict[str, Any]]]
) -> BenchFigures:
    figures: BenchFigures = {}
    for what, (query, values) in asked.items():
        times = [_execution_milliseconds(connection, query, values) for _ in range(_TIMES)]
        figures[f"{what}, ms of the server"] = min_median_max(times)
    return figures


def _execution_milliseconds(
    connection: psycopg.Connection[tuple[object, ...]], query: str, values: list[Any] | dict[str, Any]
) -> float:
    row = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}".encode(), values or None).fetchone()
    (plan,) = row[0] if row and isinstance(row[0], list) else json.loads(str(row and row[0]))
    return round(float(plan["Execution Time"]) + float(plan["Planning Time"]), 2)


def _measure_sweep(ledger: PostgresLedger, vault: FsspecBlobStore) -> BenchFigures:
    """As a worker sweeps that finds nothing to be done: all phases, tickets of what is due remembered by the bus."""
    bus, walls, own = LocalBus(), list[float](), list[float]()
    for _ in range(_TIMES + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        sent = resend_due_tickets(ledger, bus, vault, _SWEPT, timedelta(0))
        walls.append((time.perf_counter() - wall) * 1000)
        own.append((time.process_time() - cpu) * 1000)
    return {
        "due cases that a sweep finds": sent,
        "a sweep, ms of CPU of the worker": min_median_max(own[1:]),
        "a sweep, ms by the clock": min_median_max(walls[1:]),
    }


def _search(dsn: str, folder: Path, tail: int, number: str) -> dict[str, float]:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-c", _SEARCH, dsn, str(folder), str(tail), number]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stderr[-500:])
    said: dict[str, float] = json.loads(done.stdout)
    return said
