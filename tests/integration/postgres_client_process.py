"""Another process that uses the embedded Postgres until its input ends."""

from __future__ import annotations

from pathlib import Path

import core

REPOSITORY = Path(core.__file__).parents[1]

POSTGRES_CLIENT_SCRIPT = (
    "import sys\n"
    "from pathlib import Path\n"
    "from pipeline.ledgers.embedded_postgres import EmbeddedPostgres\n"
    "dsn = EmbeddedPostgres(Path(sys.argv[1])).start()\n"
    "import psycopg\n"
    "with psycopg.connect(dsn, autocommit=True) as connection:\n"
    "    connection.execute('SELECT pg_advisory_lock(1)')\n"
    "    connection.execute('CREATE TABLE IF NOT EXISTS seen (who int)')\n"
    "    connection.execute('INSERT INTO seen VALUES (%s)', [int(sys.argv[2])])\n"
    "print(dsn, flush=True)\n"
    "sys.stdin.readline()\n"
)
