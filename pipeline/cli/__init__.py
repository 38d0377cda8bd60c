"""The command line: whatever the service can do can be done in a terminal. Calls the service, as the web does."""

from __future__ import annotations

import sys
import traceback
from importlib.metadata import entry_points, version
from typing import Annotated, Any

import typer

from core.errors import AssayError
from pipeline import extras
from pipeline.at_rest.private_files import set_private_umask
from pipeline.backup import backup_commands
from pipeline.cli import (
    account_commands,
    admin,
    audit_commands,
    bank_commands,
    cameo,
    cases,
    claim_commands,
    compare_likeness,
    costs,
    demo,
    eval_commands,
    policy,
    protect,
    protected_registry,
    review_commands,
    reviewer_commands,
    trust_list,
    verify_commands,
    watermark,
    webhook_commands,
    work_holders,
)
from pipeline.cli.appeals import appeal_commands
from pipeline.cli.record import report_commands
from pipeline.compliance import comply_commands
from pipeline.consent import consent_commands

EXIT_FAILED = 3
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_UsageError: type[Any] = typer.BadParameter.__bases__[
    0
]  # typer carries a click of its own and shows only this much of it

app = typer.Typer(
    name="assay",
    help="The safety and provenance layer around a video generation engine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"assay {version('assay')}")
        raise typer.Exit


@app.callback()
def _all(
    _asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is, and end.")
    ] = False,
) -> None:
    """What every command may be given."""


for commands in (
    cases,
    review_commands,
    claim_commands,
    appeal_commands,
    report_commands,
    verify_commands,
    compare_likeness,
    watermark,
    admin,
    audit_commands,
    account_commands,
    costs,
    webhook_commands,
    policy,
    protect,
    backup_commands,
    protected_registry,
    bank_commands,
    work_holders,
    reviewer_commands,
    trust_list,
    cameo,
    consent_commands,
    eval_commands,
    demo,
    comply_commands,
):
    commands.add_to(app)
for command in entry_points(group="assay.commands"):  # verbs of the rooms above: serve, grafana
    command.load()(app)


def main() -> None:
    """Run, and end with one clear line where something is wrong; details with -v or --verbose."""
    set_private_umask()
    try:
        result = app(standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        result = EXIT_INTERRUPTED
    except _UsageError as error:
        error.show()
        sys.exit(error.exit_code)
    except (AssayError, OSError) as error:
        _exit_with(str(error) or type(error).__name__, EXIT_FAILED)
    except ImportError as error:
        extra = extras.wanted(error)
        _exit_with(
            f"that needs what is not installed: pip install 'assay[{extra}]'" if extra else _broken(error), EXIT_FAILED
        )
    except Exception as error:  # noqa: BLE001 - whoever types a command gets a line and not a stack
        _exit_with(_broken(error), EXIT_FAILED)
    if result == EXIT_INTERRUPTED:
        _exit_with("interrupted; every case is where it was, and the next run carries on", EXIT_INTERRUPTED)
    sys.exit(result if isinstance(result, int) else 0)


def _broken(error: Exception) -> str:
    return f"something failed in Assay itself ({type(error).__name__}: {error}); -v shows more"


def _exit_with(line: str, code: int) -> None:
    if {"-v", "--verbose"} & set(sys.argv):
        traceback.print_exc()
    print(f"assay: {line.splitlines()[0]}", file=sys.stderr)
    sys.exit(code)
