"""The push of source and dashboards through the real client.

No Grafana was to be had: the push is tested against a small server that keeps to the documented API.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from core.errors import BadInput, Conflict, Forbidden, Unavailable
from deploy.grafana.provisioning import PostgresDataSource, load_dashboards, push_dashboards


class StrictGrafana(BaseHTTPRequestHandler):
    """The few calls that a push makes, as Grafana's HTTP API documents them."""

    sources: dict[str, Any]
    kept: dict[str, Any]
    token = "right"

    def do_GET(self) -> None:
        if self._allowed():
            uid = self.path.rpartition("/")[2]
            self._answer(*((200, self.sources[uid]) if uid in self.sources else (404, {"message": "not found"})))

    def do_PUT(self) -> None:
        if self._allowed():
            uid = self.path.rpartition("/")[2]
            self.sources[uid] = self._body()
            self._answer(200, {"datasource": {"uid": uid}})

    def do_POST(self) -> None:
        if self._allowed():
            self._source() if self.path == "/api/datasources" else self._dashboard()

    def _source(self) -> None:
        body = self._body()
        if body["uid"] in self.sources:
            return self._answer(409, {"message": "data source with the same name already exists"})
        if not {"name", "type", "access"} <= set(body):
            return self._answer(400, {"message": "bad request data"})
        self.sources[body["uid"]] = body
        return self._answer(200, {"datasource": {"uid": body["uid"]}})

    def _dashboard(self) -> None:
        assert self.path == "/api/dashboards/db"
        body = self._body()
        dashboard = body["dashboard"]
        if wrong := self._wrong_with(dashboard):
            return self._answer(400, {"message": wrong})
        if dashboard["uid"] in self.kept and not body["overwrite"]:
            return self._answer(412, {"status": "version-mismatch", "message": "changed by someone else"})
        self.kept[dashboard["uid"]] = dashboard
        return self._answer(200, {"uid": dashboard["uid"], "status": "success", "version": 1})

    def _wrong_with(self, dashboard: dict[str, Any]) -> str:
        """Why Grafana would not keep it, or could not show it."""
        panels = dashboard.get("panels", [])
        asked = {one["datasource"]["uid"] for panel in panels for one in (panel, *panel["targets"])}
        found = {
            "dashboard title cannot be empty": bool(dashboard.get("title")),
            "uid contains illegal characters": bool(re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", dashboard.get("uid", ""))),
            "dashboard id is another's": dashboard.get("id") is None,
            "panels share an id": len({panel["id"] for panel in panels}) == len(panels),
            "data source not found": asked <= set(self.sources),
            "title is taken": dashboard.get("title")
            not in {k["title"] for u, k in self.kept.items() if u != dashboard["uid"]},
        }
        return next((message for message, fine in found.items() if not fine), "")

    def _allowed(self) -> bool:
        allowed = self.headers.get("Authorization") == f"Bearer {self.token}"
        if not allowed:
            self._answer(401, {"message": "invalid API key"})
        return allowed

    def _body(self) -> dict[str, Any]:
        assert self.headers["Content-Type"].startswith("application/json")
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return body

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


SOURCE = PostgresDataSource(host="db:5432", database="assay", password="hush")


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""},
        {"uid": "of two words"},
        {"uid": "u" * 41},
        {"title": "Assay: clocks and health"},
        {"panels": [{"id": 1, "datasource": {"uid": "elsewhere"}, "targets": []}]},
        {"panels": [{"id": 1, "datasource": {"uid": "assay"}, "targets": []}] * 2},
    ],
    ids=str,
)
def test_a_dashboard_that_grafana_would_not_keep_is_refused(
    grafana: tuple[str, type[StrictGrafana]], monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    first, second = load_dashboards()
    monkeypatch.setattr("deploy.grafana.provisioning.load_dashboards", lambda: [second, {**first, **change}])
    with pytest.raises(BadInput, match="400"):
        push_dashboards(grafana[0], "right", SOURCE)
    assert list(grafana[1].kept) == [second["uid"]]


@pytest.fixture
def grafana() -> Iterator[tuple[str, type[StrictGrafana]]]:
    handler = type("Fresh", (StrictGrafana,), {"sources": {}, "kept": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", handler
        server.shutdown()
        thread.join()


def test_a_push_puts_the_source_and_the_dashboards_there(grafana: tuple[str, type[StrictGrafana]]) -> None:
    url, server = grafana
    assert push_dashboards(url, "right", SOURCE) == ["assay", "assay-clocks"]
    assert server.sources["assay"]["secureJsonData"] == {"password": "hush"}
    assert {k: v for k, v in server.kept["assay"].items() if k != "id"} == load_dashboards()[0]


def test_a_push_can_be_done_again(grafana: tuple[str, type[StrictGrafana]]) -> None:
    url, server = grafana
    push_dashboards(url, "right", SOURCE)
    push_dashboards(url, "right", PostgresDataSource(host="elsewhere:5432", database="assay"))
    assert server.sources["assay"]["url"] == "elsewhere:5432"


def test_what_was_changed_in_grafana_is_kept_if_so_wished(grafana: tuple[str, type[StrictGrafana]]) -> None:
    push_dashboards(grafana[0], "right", SOURCE)
    with pytest.raises(Conflict, match="changed in Grafana"):
        push_dashboards(grafana[0], "right", SOURCE, overwrite=False)


def test_a_wrong_token_is_forbidden(grafana: tuple[str, type[StrictGrafana]]) -> None:
    with pytest.raises(Forbidden):
        push_dashboards(grafana[0], "wrong", SOURCE)
    assert grafana[1].kept == {}


def test_what_grafana_does_not_accept_is_told(
    grafana: tuple[str, type[StrictGrafana]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.grafana.provisioning.load_dashboards", lambda: [{"uid": "x", "title": ""}])
    with pytest.raises(BadInput, match="400"):
        push_dashboards(grafana[0], "right", SOURCE)


def test_a_grafana_that_is_away_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        push_dashboards("http://127.0.0.1:9", "right", SOURCE)


def test_a_password_is_not_shown() -> None:
    assert "hush" not in repr(SOURCE)
