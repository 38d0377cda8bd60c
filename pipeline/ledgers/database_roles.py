"""Who may do what in the database: the owner of the tables, and the application, which appends events and changes none.

The embedded server has a role for each, and the superuser that only prepares it; their passwords lie in files for their
owner only, as libpq reads them, and never in a DSN.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from core.errors import Unavailable

SUPERUSER_ROLE = "postgres"
OWNER_ROLE = "assay_owner"
APPLICATION_ROLE = "assay_app"
_ROLES = (SUPERUSER_ROLE, OWNER_ROLE, APPLICATION_ROLE)

HBA = "# Written by Assay at each start: whoever connects has a password.\nlocal all all scram-sha-256\n"
"""The whole of pg_hba.conf: the embedded server listens on a socket only."""

# What was made before there was an owner role belongs to the superuser. Sequences of a column go with their table.
_TAKE_OVER = """
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER SCHEMA %I OWNER TO assay_owner', n.nspname)
        FROM pg_namespace n WHERE n.nspname IN ('public', 'reports')
        UNION ALL
        SELECT format('ALTER %s %s OWNER TO assay_owner',
                      CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                                     ELSE 'TABLE' END, c.oid::regclass)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('public', 'reports') AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i', 'e')
                                                    AND d.classid = 'pg_class'::regclass AND c.relkind = 'S')
        UNION ALL
        SELECT format('ALTER ROUTINE %s OWNER TO assay_owner', p.oid::regprocedure)
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ('public', 'reports')
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$
"""

# What a trigger forbids to everybody (`…_stay`, `…_stays`), the application has no right to either, so that a disabled
# trigger opens nothing to it. Bits of tgtype: 2 before, 8 delete, 16 update (pg_trigger.h).
_FORBIDDEN = """
SELECT c.oid::regclass::text, bool_or(t.tgtype & 8 <> 0), bool_or(t.tgtype & 16 <> 0)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE t.tgname ~ '_stays?$' AND t.tgtype & 2 <> 0 AND c.relnamespace = 'public'::regnamespace
GROUP BY c.oid
"""


def pass_file(folder: Path, role: str) -> Path:
    """Where a role's password lies."""
    return folder / f"{role}.pass"


def make_pass_files(folder: Path) -> None:
    """A random password for each role that has none yet; 256 bits, readable by their owner only."""
    for role in _ROLES:
        path = pass_file(folder, role)
        if not path.exists():
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(f"*:*:*:{role}:{secrets.token_hex(32)}\n")
            part.replace(path)


def password_in(path: Path) -> str:
    """The password in such a file. Raises Unavailable where it is gone: the server knows it, and nobody else."""
    try:
        return path.read_text().strip().rpartition(":")[2]
    except FileNotFoundError:
        raise Unavailable(f"{path} is missing: restore it from the backup that the database's folder is from") from None


def prepare_roles(connection: psycopg.Connection[Any], folder: Path) -> None:
    """Make the roles with the passwords in this folder, and give the owner what the superuser had. As the superuser."""
    for role in _ROLES:
        known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        password = password_in(pass_file(folder, role)).encode()
        hashed = connection.pgconn.encrypt_password(password, role.encode(), b"scram-sha-256").decode()
        connection.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(hashed)))
    connection.execute(
        sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(
            sql.Identifier(connection.info.dbname), sql.Identifier(OWNER_ROLE)
        )
    )
    connection.execute(_TAKE_OVER)


def grant_application(connection: psycopg.Connection[Any], role: str) -> None:
    """Give the application's role what it needs in the tables that are there, and no more. As their owner."""
    everywhere = (
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
        "REVOKE INSERT, UPDATE, DELETE ON migrations FROM {role}",
    )
    for statement in everywhere:
        connection.execute(sql.SQL(statement).format(role=sql.Identifier(role)))
    for table, delete, update in connection.execute(_FORBIDDEN).fetchall():
        rights = sql.SQL(", ").join(sql.SQL(right) for right, no in (("DELETE", delete), ("UPDATE", update)) if no)
        connection.execute(sql.SQL("REVOKE {} ON {} FROM {}").format(rights, sql.SQL(table), sql.Identifier(role)))
