"""`assay grafana`: views into the database, dashboards into Grafana."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from core.errors import BadInput
from pipeline.settings import load_settings


def grafana(
    url: Annotated[str, typer.Option(envvar="GRAFANA_URL", help="Grafana's address.")] = "",
    token: Annotated[str, typer.Option(envvar="GRAFANA_TOKEN", help="A service account's token.")] = "",
    db_host: Annotated[str, typer.Option(envvar="GRAFANA_DB_HOST", help="Postgres as Grafana reaches it.")] = "",
    db_name: Annotated[str, typer.Option(envvar="GRAFANA_DB_NAME", help="Name of the database.")] = "postgres",
    db_user: Annotated[str, typer.Option(envvar="GRAFANA_DB_USER", help="A user who may read.")] = "grafana",
    db_password: Annotated[str, typer.Option(envvar="GRAFANA_DB_PASSWORD", help="Their password.")] = "",
    overwrite: Annotated[bool, typer.Option(help="Also where somebody changed a dashboard in Grafana.")] = False,
) -> None:
    """Make the reporting views; with --url, push the data source and the dashboards too."""
    from deploy.grafana.provisioning import PostgresDataSource, push_dashboards
    from deploy.grafana.reporting_views import create_reporting_views
    from pipeline.ledgers.database import open_database

    settings = load_settings()
    owner = settings.database_owner_url
    location = settings.database_url.get_secret_value() if settings.database_url else settings.root
    with (
        closing(open_database(location, owner_url=owner.get_secret_value() if owner else "")) as database,
        database.owner_connection() as connection,
    ):
        create_reporting_views(connection)
    typer.echo("made the views in schema reports")
    if url:
        if not (token and db_host and db_password):
            raise BadInput("to push, give --token, --db-host and --db-password too (or their GRAFANA_ variables)")
        source = PostgresDataSource(host=db_host, database=db_name, user=db_user, password=db_password)
        typer.echo(f"pushed: {', '.join(push_dashboards(url, token, source, overwrite=overwrite))}")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(grafana)
