"""submit, case, queue, rule, resume, appeal, recall, erase: what is done to a case."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.case import Case, Phase
from core.errors import NotFound
from core.roles import Principal, Role
from core.verdicts import Decision
from media.file_kind import REFERENCE_KINDS
from pipeline.actions import RECALL_CODES
from pipeline.case_notes import case_notes
from pipeline.cli import case_output
from pipeline.cli.cli_common import JsonOption, VerboseOption, err, local_operator, open_installation, out, print_json
from pipeline.moderation.ruling_codes import ALLOW_CODES, REFUSE_CODES
from pipeline.rights.named_works import named_work_line, named_works

if TYPE_CHECKING:
    from pipeline.wiring import Installation

EXIT_PUBLISHED, EXIT_REFUSED, EXIT_HELD, EXIT_WAITING, EXIT_FAILED = 0, 4, 5, 6, 7

CaseIdOfCase = Annotated[str, typer.Argument(help="The case's id, 16 hex digits.")]
NoteOption = Annotated[str, typer.Option("--note", help="Words for the file; erasable.")]


def submit(
    prompt: Annotated[str, typer.Argument(help="What to make; - reads it from standard input.")],
    model: Annotated[str, typer.Option(help="Which of the engine's models.")] = "",
    seconds: Annotated[float | None, typer.Option(help="How long the video should be.")] = None,
    size: Annotated[str, typer.Option(help="Such as 1280x720.")] = "",
    reference: Annotated[Path | None, typer.Option(help=f"Picture or clip to start from: {REFERENCE_KINDS}.")] = None,
    cameo: Annotated[list[str] | None, typer.Option(help="Handle of a person whose likeness is used.")] = None,
    audience: Annotated[str, typer.Option(help="What the video is for, as general or teen.")] = "general",
    minor: Annotated[bool | None, typer.Option("--minor/--adult", help="Whose account it is; stricter limits.")] = None,
    region: Annotated[str, typer.Option(help="ISO 3166 code of where the account is.")] = "",
    tier: Annotated[str, typer.Option(help="What kind of account it is.")] = "",
    end_user: Annotated[str, typer.Option(help="For which of the account's users; kept as a pseudonym.")] = "",
    voices: Annotated[bool, typer.Option("--voices", help="People named with --cameo speak.")] = False,
    purpose: Annotated[str, typer.Option(help="What the video is for, where people named limit that.")] = "",
    territory: Annotated[list[str] | None, typer.Option(help="Where it will be shown, as DE; again for more.")] = None,
    parent: Annotated[str, typer.Option(help="The case that this one is made over.")] = "",
    account: Annotated[str, typer.Option(help="Submit for this account; default: whoever runs the command.")] = "",
    key: Annotated[str, typer.Option(help="The same key again is the same case.")] = "",
    wait: Annotated[bool, typer.Option(help="Carry the case as far as it goes, here and now.")] = True,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Submit a prompt. Exit: 0 published, 4 refused, 5 held, 6 still on its way, 7 the engine could not make it."""
    from pipeline.service import VideoRequest  # slow to import, as what other commands import where they need it

    text = sys.stdin.read() if prompt == "-" else prompt
    request = VideoRequest(
        prompt=text,
        model=model,
        seconds=seconds,
        size=size,
        references=(_existing(reference),) if reference else (),
        cameos=tuple(cameo or ()),
        audience=audience,
        account_minor=minor,
        region=region,
        tier=tier,
        end_user=end_user,
        parent=parent,
        key=key,
        voices=voices,
        purpose=purpose,
        territory=tuple(territory or ()),
    )
    with case_output.progress(quiet=as_json) as tell, open_installation(verbose=verbose, listener=tell) as at:
        who = Principal(id=account, roles=frozenset({Role.PLATFORM})) if account else local_operator()
        case = at.service.submit(who, request)
        return _run_and_report(at, case, wait=wait, as_json=as_json)


def case(case_id: CaseIdOfCase, as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """Show a case and its history."""
    with open_installation(verbose=verbose) as installation:
        item, entries = (
            installation.service.case(local_operator(), case_id),
            installation.service.history(local_operator(), case_id),
        )
        may = installation.service.actions(local_operator(), item)
        texts = installation.service.context.texts
        notes = case_notes(local_operator(), entries, texts)
        named = named_works(installation.rights_desk, local_operator(), item, texts)
        if as_json:
            history = case_output.history_as_json(entries)
            told = {"case": item, "history": history, "notes": notes, "actions": sorted(may)}
            print_json({**told, "named_works": named})
        else:
            out.print(case_output.case_table(item, entries))
            out.print(case_output.case_line(item, may))
            for work in named:
                out.print(named_work_line(work), highlight=False, markup=False)
            for note in notes:
                out.print(case_output.note_line(note), highlight=False, markup=False)
            out.print(f"you may: {', '.join(sorted(may))}")


def queue(as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """Show what is held and waits for a person."""
    with open_installation(verbose=verbose) as installation:
        cases = installation.service.reviews.cases(local_operator(), limit=100)
        if as_json:
            print_json(cases)
        elif cases:
            out.print(case_output.queue_table(cases))
        else:
            out.print("nothing is held")
        if not as_json and (matches := installation.bank_upkeep.matches.open_matches(local_operator())):
            out.print(f"and {len(matches)} published videos match a bank: assay bank matches", highlight=False)


def rule(
    case_id: CaseIdOfCase,
    decision: Annotated[str, typer.Argument(help="allow or refuse")],
    code: Annotated[
        str, typer.Option(help=f"Why. To allow: {', '.join(ALLOW_CODES)}; to refuse: {', '.join(REFUSE_CODES)}.")
    ],
    revision: Annotated[int | None, typer.Option(help="The revision you saw; if it moved on, nothing is done.")] = None,
    note: NoteOption = "",
    wait: Annotated[bool, typer.Option(help="Carry the case on at once.")] = True,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Rule on a held case: the gate that held it weighs the ruling. Exit codes as for submit."""
    if decision not in ("allow", "refuse"):
        raise typer.BadParameter("a ruling is allow or refuse")
    with case_output.progress(quiet=as_json) as tell, open_installation(verbose=verbose, listener=tell) as at:
        ruled = at.service.rule(
            local_operator(), case_id, Decision[decision.upper()], code=code, revision=revision, note=note
        )
        return _run_and_report(at, ruled, wait=wait, as_json=as_json)


def resume(case_id: CaseIdOfCase, as_json: JsonOption = False, verbose: VerboseOption = False) -> int:
    """Send on a case that failed, once what broke is mended, or have what could not be measured measured anew."""
    with case_output.progress(quiet=as_json) as tell, open_installation(verbose=verbose, listener=tell) as at:
        return _run_and_report(at, at.service.resume(local_operator(), case_id), wait=True, as_json=as_json)


def appeal(
    case_id: CaseIdOfCase, note: NoteOption = "", as_json: JsonOption = False, verbose: VerboseOption = False
) -> int:
    """Ask that a person look at a refusal."""
    with open_installation(verbose=verbose) as installation:
        return _report(installation, installation.service.appeal(local_operator(), case_id, note=note), as_json)


def recall(
    case_id: CaseIdOfCase,
    code: Annotated[str, typer.Option(help=f"Why: {', '.join(RECALL_CODES)}.")],
    note: NoteOption = "",
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Stop a case, or take its video down. Exit: 0 once it is down."""
    with case_output.progress(quiet=as_json) as tell, open_installation(verbose=verbose, listener=tell) as at:
        called = at.service.recall(local_operator(), case_id, code=code, note=note)
        _run_and_report(at, called, wait=True, as_json=as_json)
        return 0 if at.ledger.load(case_id).phase is Phase.WITHDRAWN else EXIT_WAITING


def erase(case_id: CaseIdOfCase, as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """Erase every text of a case (prompt, notes), its references and drafts, by destroying their key. The log remains.

    A published video stays where the public finds it until it is recalled.
    """
    with open_installation(verbose=verbose) as installation:
        count = installation.service.erase(local_operator(), case_id)
        print_json({"case": case_id, "erased": count}) if as_json else out.print(f"{count} texts erased")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (submit, case, queue, rule, resume, appeal, recall, erase):
        app.command()(command)


def _run_and_report(installation: Installation, moved: Case, *, wait: bool, as_json: bool) -> int:
    if wait and installation.runner is not None:
        installation.runner.drain()
    return _report(installation, installation.ledger.load(moved.id), as_json)


def _report(installation: Installation, moved: Case, as_json: bool) -> int:
    entries = installation.ledger.history(moved.id)
    if as_json:
        print_json(
            {"case": moved, "history": case_output.history_as_json(entries), "file": case_output.published_url(moved)}
        )
    else:
        out.print(case_output.case_table(moved, entries))
        out.print(case_output.case_line(moved, installation.service.actions(local_operator(), moved)))
    if moved.last_failure is not None and not as_json:
        err.print(f"assay: {moved.last_failure.error}", style="red", highlight=False)
    if moved.waiting is not None and not as_json:
        err.print(f"assay: it waits: {moved.waiting.reason}", style="yellow", highlight=False)
    return {
        Phase.PUBLISHED: EXIT_PUBLISHED,
        Phase.REFUSED: EXIT_REFUSED,
        Phase.FAILED: EXIT_FAILED,
        Phase.HELD: EXIT_HELD,
        Phase.WITHDRAWN: 0,
    }.get(moved.phase, EXIT_WAITING)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise NotFound(f"{path} is not a file")
    return path
