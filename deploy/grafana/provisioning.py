"""Puts the data source and the dashboards into a Grafana: `python -m deploy.grafana.provisioning`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grafana_client import GrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException, GrafanaUnauthorizedError
from niquests.exceptions import RequestException

from core.errors import AssayError, BadInput, Conflict, Forbidden, Unavailable

GRAFANA_FOLDER = Path(__file__).parent
DATA_SOURCE_UID = "assay"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresDataSource:
    """Where Grafana finds the views: a Postgres it can reach, and a role that may read them."""

    host: str
    database: str
    user: str = "grafana"
    password: str = field(default="", repr=False)
    sslmode: str = "require"


def push_dashboards(url: str, token: str, data_source: PostgresDataSource, *, overwrite: bool = True) -> list[str]:
    """Put the data source and every dashboard there; returns the dashboards' uids.

    With `overwrite` what was changed in Grafana is replaced; else Conflict is raised where it was. Raises
    Forbidden for a token that Grafana does not take, BadInput for what it does not accept, or Unavailable.
    """
    api = GrafanaApi.from_url(url, credential=token)
    _call_grafana(lambda: _put_data_source(api, data_source))
    return [_put_dashboard(api, dashboard, overwrite=overwrite) for dashboard in load_dashboards()]


def load_dashboards() -> list[dict[str, Any]]:
    """The dashboards as Grafana's JSON."""
    return [json.loads(path.read_text("utf-8")) for path in sorted((GRAFANA_FOLDER / "dashboards").glob("*.json"))]


def _put_data_source(api: Any, data_source: PostgresDataSource) -> None:
    body = {
        "uid": DATA_SOURCE_UID,
        "name": "Assay",
        "type": "grafana-postgresql-datasource",
        "access": "proxy",
        "url": data_source.host,
        "user": data_source.user,
        "jsonData": {"database": data_source.database, "sslmode": data_source.sslmode, "postgresVersion": 1500},
        "secureJsonData": {"password": data_source.password},
    }
    try:
        api.datasource.get_datasource_by_uid(DATA_SOURCE_UID)
    except GrafanaClientError as error:
        if error.status_code != 404:
            raise
        api.datasource.create_datasource(body)
    else:
        api.datasource.update_datasource_by_uid(DATA_SOURCE_UID, body)


def _put_dashboard(api: Any, dashboard: dict[str, Any], *, overwrite: bool) -> str:
    body = {"dashboard": {**dashboard, "id": None}, "overwrite": overwrite, "message": "pushed from deploy/grafana"}
    answer = _call_grafana(lambda: api.dashboard.update_dashboard(body))
    return str(answer["uid"])


def _call_grafana(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except GrafanaUnauthorizedError as error:
        raise Forbidden("Grafana does not take this token") from error
    except GrafanaException as error:
        raise _as_assay_error(error) from error
    except RequestException as error:
        raise Unavailable(f"Grafana does not answer: {type(error).__name__}") from error


def _as_assay_error(error: GrafanaException) -> AssayError:
    match error.status_code:
        case 403:
            return Forbidden("this token may not write dashboards and data sources")
        case 412:
            return Conflict("a dashboard was changed in Grafana: push with --overwrite, or keep what is there")
        case int(code) if 400 <= code < 500:
            return BadInput(f"Grafana does not accept this ({code}): {error.message}")
    return Unavailable(f"Grafana does not answer: {error.message}")


def main() -> None:
    """Push with what the environment says; exits with 1 and one line where that fails."""
    wanted = os.environ
    try:
        source = PostgresDataSource(
            host=wanted["GRAFANA_DB_HOST"],
            database=wanted["GRAFANA_DB_NAME"],
            user=wanted.get("GRAFANA_DB_USER", "grafana"),
            password=wanted["GRAFANA_DB_PASSWORD"],
        )
        pushed = push_dashboards(
            wanted["GRAFANA_URL"], wanted["GRAFANA_TOKEN"], source, overwrite="--overwrite" in sys.argv
        )
    except KeyError as error:
        sys.exit(f"set {error.args[0]} in the environment")
    except AssayError as error:
        sys.exit(str(error))
    sys.stdout.write(f"pushed: {', '.join(pushed)}\n")


if __name__ == "__main__":
    main()
