"""comply: the evidence pack of this release, and what of the duties this installation's settings meet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from core.errors import BadInput
from pipeline.cli.cli_common import JsonOption, out, print_json
from pipeline.settings import load_settings

if TYPE_CHECKING:
    from pipeline.compliance.evidence_pack import CompliancePack

_ORDER = ("not_met", "partly", "met", "not_ours")
_REGION_HELP = "Only duties of this region (eu, california, china, india, korea); may be given more than once."
RegionOption = Annotated[list[str] | None, typer.Option("--region", help=_REGION_HELP)]

comply = typer.Typer(
    invoke_without_command=True, help="Which marks this release makes, and what laws ask of them. No legal advice."
)


@comply.callback()
def make_pack(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder for compliance.html and compliance.json; made if need be.")
    ] = None,
    regions: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """The evidence pack, from stored results: layers, survival, false alarms, duties, and what is not met."""
    from pipeline.compliance.evidence_pack import NO_LEGAL_ADVICE, compliance_pack, pack_as_json

    if context.invoked_subcommand:
        return
    pack = compliance_pack(regions or ())
    if folder is not None:
        _write(folder, pack)
    if as_json:
        print_json(pack_as_json(pack))
        return
    if folder is not None:
        out.print(f"The pack is in {folder / 'compliance.html'}.", highlight=False, soft_wrap=True)
    out.print(_table(pack))
    out.print(NO_LEGAL_ADVICE, highlight=False)


@comply.command("check")
def check_duties(
    home: Annotated[Path | None, typer.Argument(help="Home folder of the installation; default: this one's.")] = None,
    regions: RegionOption = None,
    as_json: JsonOption = False,
) -> int:
    """What of the duties the settings of an installation meet. Exit: 0 nothing lacks, 1 something does."""
    from pipeline.compliance.duties import REGIONS
    from pipeline.compliance.evidence_pack import NO_LEGAL_ADVICE
    from pipeline.compliance.installation_check import check_as_json, check_marking_duties

    checks = check_marking_duties(load_settings(**({"home": home} if home else {})), regions or ())
    lacking = any(check.state != "ok" for check in checks)
    if as_json:
        print_json({"checks": [check_as_json(check) for check in checks], "no_legal_advice": NO_LEGAL_ADVICE})
        return int(lacking)
    table = Table(title="duties and these settings", title_justify="left", show_lines=True)
    for name in ("", "what", "says", "asked by"):
        table.add_column(name, overflow="fold")
    colours = {"ok": "green", "lacks": "yellow", "broken": "red"}
    for check in checks:
        state = f"[{colours[check.state]}]{check.state}[/{colours[check.state]}]"
        first = {
            duty.region: duty.applies_from for duty in sorted(check.duties, key=lambda duty: duty.applies_from)[::-1]
        }
        asked = "\n".join(f"{REGIONS[region]}, from {day}" for region, day in first.items())
        table.add_row(state, escape(check.subject), escape(check.says), escape(asked))
    out.print(table)
    out.print(NO_LEGAL_ADVICE, highlight=False)
    return int(lacking)


def _write(folder: Path, pack: CompliancePack) -> None:
    from pipeline.compliance.evidence_pack import pack_as_json
    from pipeline.compliance.pack_html import pack_html

    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file: name a folder for the pack")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "compliance.html").write_text(pack_html(pack), encoding="utf-8")
    (folder / "compliance.json").write_text(
        json.dumps(pack_as_json(pack), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _table(pack: CompliancePack) -> Table:
    """What is not met first."""
    from pipeline.compliance.pack_html import STATE_WORDS

    table = Table(title=f"Assay {pack.release}, {pack.day}", title_justify="left", show_lines=True)
    for name in ("", "asked", "says", "evidence"):
        table.add_column(name, overflow="fold")
    for state, words in sorted(STATE_WORDS.items(), key=lambda item: _ORDER.index(item[0].value)):
        for one in pack.requirements:
            if one.state is state:
                figures = f" {one.figures}" if one.figures else ""
                table.add_row(words, escape(one.asks), escape(f"{one.says}{figures}"), escape("\n".join(one.evidence)))
    return table


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(comply, name="comply")
