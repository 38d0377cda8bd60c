"""The documented endpoints under /api/v1: a statement, up to a hundred, and whether a puid is taken."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from jsonschema import Draft202012Validator

from tests.dsa_database.schema import STATEMENT

TOKEN = "7|a-token-of-the-sandbox"
_VALIDATOR = Draft202012Validator(STATEMENT)


@dataclass
class DsaDatabase:
    """What it has taken, by puid. `manners` is a list of statuses that it answers with before it does its work;
    `store_and_hang` makes it keep a statement and never answer.
    """

    statements: dict[str, dict[str, Any]] = field(default_factory=dict)
    manners: list[int] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    store_and_hang: threading.Event = field(default_factory=threading.Event)
    stored: threading.Event = field(default_factory=threading.Event)
    end: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def create(self, statement: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if errors := problems(statement):
            return 422, {"message": "The given data was invalid.", "errors": errors}
        if statement["puid"] in self.statements:
            message = "The identifier given is not unique within this platform."
            return 422, {
                "message": message,
                "errors": {"puid": [message]},
                "existing": {"puid": statement["puid"]},
            }
        self.statements[statement["puid"]] = kept = statement | {"uuid": str(uuid.uuid4())}
        return 201, kept

    def create_all(self, statements: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        if not 1 <= len(statements) <= 100:
            return 422, {"errors": {"statements": ["between 1 and 100"]}}
        found = {f"statement_{number}": e for number, one in enumerate(statements) if (e := problems(one))}
        if found:
            return 422, {"errors": found}
        taken = [one["puid"] for one in statements if one["puid"] in self.statements]
        if taken or len({one["puid"] for one in statements}) != len(statements):
            return 422, {"message": "not unique", "errors": {"puid": ["not unique"], "existing_puids": taken}}
        return 201, {"statements": [self.create(one)[1] for one in statements]}


def problems(statement: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for error in _VALIDATOR.iter_errors(statement):
        found.setdefault(".".join(map(str, error.absolute_path)) or "statement", []).append(error.message[:200])
    return found


@contextmanager
def serving_database() -> Iterator[DsaDatabase]:
    """Running on loopback, for as long as the context lasts."""
    database = DsaDatabase()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            database.requests.append(f"GET {self.path}")
            if self._turned_away():
                return
            puid = self.path.rpartition("/")[2]
            there = puid in database.statements
            word = "found" if there else "not found"
            self._answer(302 if there else 404, {"message": f"statement of reason {word}", "puid": puid})

        def do_POST(self) -> None:
            database.requests.append(f"POST {self.path}")
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            if self._turned_away():
                return
            asked = json.loads(body)
            if self.path == "/api/v1/statement":
                status, answer = database.create(asked)
            elif self.path == "/api/v1/statements":
                status, answer = database.create_all(asked["statements"])
            else:
                status, answer = 404, {"message": "not found"}
            if database.store_and_hang.is_set():
                database.stored.set()
                database.end.wait(60)
                return
            self._answer(status, answer)

        def _turned_away(self) -> bool:
            if database.manners:
                self._answer(database.manners.pop(0), {"message": "later"})
                return True
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._answer(401, {"message": "Unauthenticated."})
                return True
            if self.command == "POST" and self.headers.get("Content-Type") != "application/json":
                self._answer(415, {"message": "not JSON"})
                return True
            return False

        def _answer(self, status: int, value: dict[str, Any]) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    database.url = f"http://127.0.0.1:{server.server_address[1]}/api/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield database
    finally:
        database.end.set()
        server.shutdown()
        server.server_close()
