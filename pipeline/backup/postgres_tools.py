"""pg_dump and pg_restore, as they come with the embedded Postgres or are on the path. No password is in an argument."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core.errors import Unavailable
from pipeline.ledgers.embedded_postgres import bundled_program

_PORTABLE = ("--no-owner", "--no-privileges")  # roles differ between servers, and Assay gives its rights at each start


def dump_database(dsn: str, to: Path, *, embedded: bool) -> None:
    """Write everything in the database as one consistent state, compressed. Raises Unavailable, leaving no file."""
    part = to.with_suffix(".part")
    try:
        _run("pg_dump", dsn, "--format=custom", *_PORTABLE, f"--file={part}", embedded=embedded)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)


def load_database(dsn: str, dump: Path, *, embedded: bool) -> None:
    """Load a dump into a database without tables: all of it, or nothing. Raises Unavailable."""
    arguments = ("--single-transaction", "--exit-on-error", *_PORTABLE, str(dump))
    _run("pg_restore", dsn, *arguments, embedded=embedded)


def _run(program: str, dsn: str, *arguments: str, embedded: bool) -> None:
    found = bundled_program(program) if embedded else shutil.which(program)
    if found is None:
        raise Unavailable(f"{program} is not here: install Postgres's client programs, as new as the server or newer")
    known = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
    password = known.pop("password", None)
    environment = {"PATH": os.defpath, "LC_ALL": "C"} | ({"PGPASSWORD": password} if password else {})
    command = [str(found), "--no-password", f"--dbname={make_conninfo(**known)}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        first, *others = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        versions = [line for line in others if "version:" in line]  # what else it says may repeat what is in a table
        raise Unavailable(f"{program} failed: {'; '.join([first, *versions])[:300]}")
