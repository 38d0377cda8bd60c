"""What the measurements of the stream share: cases that are ordered and waited for, workers, and what servers use."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

from core.case import Case, Phase, new_case
from core.events import Submitted
from core.ports import Bus, Ledger, Ticket
from evals.stream.carriers import PREFIX
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.runners.kafka_bus import KafkaBus
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.kafka_topics import create_topics
from pipeline.runners.topics import Topics


def order_case(ledger: Ledger, bus: Bus) -> Case:
    """A case that was just submitted, whose ticket is sent."""
    case = ledger.append(new_case(), [Submitted(author="a", prompt="p")])
    bus.send(Ticket(case_id=case.id, revision=case.revision, phase=case.phase))
    return case


def carry_cases(ledger: Ledger, bus: Bus, cases: int, longest: float) -> int:
    """Order so many at once and wait for the last, at most `longest` seconds; returns how many were published."""
    left, end = [order_case(ledger, bus).id for _ in range(cases)], time.monotonic() + longest
    while (left := [i for i in left if ledger.load(i).phase is not Phase.PUBLISHED]) and time.monotonic() < end:
        time.sleep(0.2)
    return cases - len(left)


def open_kafka_bus(broker: str) -> KafkaBus:
    """The bus to a broker on which the topics are made."""
    connection, topics = KafkaConnection(servers=broker), Topics(prefix=PREFIX)
    create_topics(connection, topics, partitions=4)
    return KafkaBus(connection, topics)


def start_program(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    """`python -m module arguments`, at the root of the repository."""
    command, root = [sys.executable, "-m", module, *arguments], Path(__file__).parents[2]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def end_programs(crew: Iterable[subprocess.Popen[bytes]]) -> None:
    """At once."""
    for process in crew:
        process.kill()
        process.wait()


def process_seconds(process: psutil.Process) -> float:
    """Of CPU so far, of its children that ended too; 0 where it is gone."""
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0


def postgres_seconds(server: EmbeddedPostgres) -> float:
    """Of CPU so far, of backends that ended too."""
    main = psutil.Process(int((server.hba_file.parent / "postmaster.pid").read_text().split()[0]))
    return sum(process_seconds(process) for process in [main, *main.children()])


def database_size(dsn: str) -> int:
    """Bytes."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0
