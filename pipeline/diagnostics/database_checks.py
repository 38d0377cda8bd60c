"""Whether the database holds what it should: triggers at work, an application that may not change events, passwords."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.ledgers.database import Database, DatabaseConnection
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.ledgers.migrations import MIGRATION_FOLDERS
from pipeline.settings import Settings

Check = tuple[str, str]
"""A state (ok, lacks, broken) and what it says."""

_TRIGGERS = {  # table → its triggers, each with its function
    "events": {"events_stay": "events_stay", "events_chain": "events_chain"},
    "audit_log": {"audit_log_stays": "audit_log_stays"},
    "audit_checkpoints": {"audit_checkpoints_stay": "audit_log_stays"},
    "policies": {"policies_stay": "policies_stay"},
    "policy_steps": {"policy_steps_stay": "policies_stay"},
}
_FUNCTION = re.compile(
    r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\(\) RETURNS trigger LANGUAGE plpgsql AS \$\$(.*?)\$\$", re.S
)

_AT_WORK = """
SELECT c.relname, t.tgname, t.tgenabled::text, p.proname, p.prosrc
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(%s) AND NOT t.tgisinternal
"""
_ROLE = """
SELECT current_user, r.rolsuper, r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication,
       has_schema_privilege('public', 'CREATE'), pg_has_role(c.relowner, 'MEMBER')
FROM pg_roles r, pg_class c WHERE r.rolname = current_user AND c.oid = 'public.events'::regclass
"""
_RIGHTS = """
SELECT t.name, p.name
FROM unnest(%s::text[]) AS t(name), unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS p(name)
WHERE has_table_privilege('public.' || t.name, p.name) ORDER BY 1, 2
"""


def check_database(database: Database, settings: Settings) -> list[Check]:
    """What protects the events from being changed, and whether it does. Raises Unavailable."""
    with database.connection() as connection:
        checks = [*_triggers(connection), *_application(connection, restricted=_is_restricted(settings))]
    if settings.database_url is None:
        checks.append(check_hba(EmbeddedPostgres(settings.root).hba_file))
    return checks


def check_hba(file: Path) -> Check:
    """Whether the embedded server lets anybody in without a password."""
    try:
        lines = [line.split("#")[0].split() for line in file.read_text().splitlines()]
    except OSError as error:
        return "lacks", f"who is let into the database cannot be read: {error.strerror}"
    methods = {method for line in lines for method in line[3:] if method in ("trust", "password", "md5", "ident")}
    if methods:
        return "broken", f"the database lets people in by {', '.join(sorted(methods))} ({file}): start Assay again"
    return "ok", "the embedded database asks everybody for a password"


def _is_restricted(settings: Settings) -> bool:
    return settings.database_url is None or settings.database_owner_url is not None


def _triggers(connection: DatabaseConnection) -> Iterator[Check]:
    rows = connection.execute(_AT_WORK, [list(_TRIGGERS)]).fetchall()
    at_work = {(table, trigger): (enabled, function, source) for table, trigger, enabled, function, source in rows}
    expected = _function_digests()
    wrong = False
    for table, triggers in _TRIGGERS.items():
        for trigger, function in triggers.items():
            enabled, named, source = at_work.get((table, trigger), ("missing", "", ""))
            problem = ""
            if enabled == "missing":
                problem = "is missing"
            elif enabled != "A":
                problem = "is disabled" if enabled == "D" else "is not enabled always"
            elif named != function or _digest(source) != expected[function]:
                problem = "does something else than it was made for"
            if problem:
                wrong = True
                yield "broken", f"the trigger {trigger} on {table} {problem}: run `assay audit verify`, and put it back"
    if not wrong:
        yield "ok", "events, the audit log and policies cannot be changed: their triggers are at work"


def _application(connection: DatabaseConnection, *, restricted: bool) -> Iterator[Check]:
    row = connection.execute(_ROLE).fetchone()
    if row is None:
        yield "broken", "what the application may do in the database cannot be seen"
        return
    role, superuser, more, creates, owns = row
    too_much = [
        says
        for holds, says in (
            (superuser, "is a superuser"),
            (more, "may make roles or databases, or replicate"),
            (creates, "may make tables"),
            (owns, "is the owner of the tables, or a member of it"),
        )
        if holds
    ]
    too_much += [
        f"has {right} on {table}" for table, right in connection.execute(_RIGHTS, [list(_TRIGGERS)]).fetchall()
    ]
    if not too_much:
        yield "ok", f"the application's role in the database ({role}) can append events and change none"
    elif restricted:
        yield "broken", f"the application's role in the database ({role}) {'; '.join(too_much)}"
    else:
        yield (
            "lacks",
            (
                f"the application's role in the database ({role}) {too_much[0]}: give the tables an owner of their own "
                "(database_owner_url)"
            ),
        )


def _function_digests() -> dict[str, str]:
    """Each trigger function of the migrations, as the last of them made it."""
    found: dict[str, str] = {}
    for file in sorted(MIGRATION_FOLDERS["ledgers"].glob("[0-9]*.sql")):
        found |= {name: _digest(source) for name, source in _FUNCTION.findall(file.read_text())}
    return found


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()
