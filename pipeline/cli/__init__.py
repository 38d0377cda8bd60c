"""The command line: whatever the service can do can be done in a terminal. Calls the service, as the web does."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from importlib.metadata import entry_points, version
from typing import Annotated, Any

import typer

from core.errors import AssayError
from pipeline import extras
from pipeline.at_rest.private_files import set_private_umask

EXIT_FAILED = 3
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_UsageError: type[Any] = typer.BadParameter.__bases__[
    0
]  # typer carries a click of its own and shows only this much of it

_VERBS = {
    "pipeline.cli.cases": ("submit", "case", "queue", "rule", "resume", "appeal", "recall", "erase"),
    "pipeline.cli.review_commands": ("review",),
    "pipeline.cli.claim_commands": ("claims",),
    "pipeline.cli.appeals.appeal_commands": ("appeals",),
    "pipeline.cli.record.report_commands": ("report",),
    "pipeline.cli.verify_commands": ("verify", "screen", "feedback"),
    "pipeline.cli.compare_likeness": ("likeness",),
    "pipeline.cli.watermark": ("mark", "detect"),
    "pipeline.cli.admin": ("worker", "doctor", "rebuild-cases", "models", "keys"),
    "pipeline.cli.audit_commands": ("audit",),
    "pipeline.cli.account_commands": ("account",),
    "pipeline.cli.costs": ("costs",),
    "pipeline.cli.webhook_commands": ("webhook",),
    "pipeline.cli.policy": ("policy",),
    "pipeline.cli.protect": ("protect",),
    "pipeline.backup.backup_commands": ("backup", "restore"),
    "pipeline.cli.protected_registry": ("gallery",),
    "pipeline.cli.bank_commands": ("bank",),
    "pipeline.cli.work_holders": ("work",),
    "pipeline.cli.reviewer_commands": ("reviewers",),
    "pipeline.cli.trust_list": ("trust",),
    "pipeline.consent.consent_commands": ("cameo", "ask-consent"),
    "pipeline.cli.eval_commands": ("eval",),
    "pipeline.cli.demo": ("demo",),
    "pipeline.compliance.comply_commands": ("comply",),
}
"""The verbs that each module adds, as help shows them. Importing all takes seconds, so what is typed is imported."""


def _version(asked: bool) -> None:
    if asked:
        print(f"assay {version('assay')}")
        raise typer.Exit


def _all(
    _asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is, and end.")
    ] = False,
) -> None:
    """What every command may be given."""


def command_line(verb: str = "") -> typer.Typer:
    """All commands, or, where one module of the pipeline has this verb, that module's; none for --version."""
    app = typer.Typer(
        name="assay",
        help="The safety and provenance layer around a video generation engine.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_all)
    if verb == "--version":
        return app
    known = [module for module, verbs in _VERBS.items() if verb in verbs]
    for module in known or _VERBS:
        import_module(module).add_to(app)
    if not known:
        for command in entry_points(group="assay.commands"):  # verbs of the rooms above: serve, grafana
            command.load()(app)
    return app


def main() -> None:
    """Run, and end with one clear line where something is wrong; details with -v or --verbose."""
    set_private_umask()
    try:
        result = command_line(sys.argv[1] if len(sys.argv) > 1 else "")(standalone_mode=False)
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
