"""submit, case, queue, rule, resume, appeal, recall, erase: what is done to a case."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.case import Case, Phase
from core.errors import NotFound
from core.verdicts import Decision
from pipeline.cli import show
from pipeline.cli.common import Json, Verbose, err, house, operator, out, print_json
from pipeline.desk import RECALL_CODES, RULING_CODES, Request
from pipeline.people import Person, Role

if TYPE_CHECKING:
    from pipeline.wiring import House

PUBLISHED, REFUSED, HELD, WAITING = 0, 4, 5, 6

CaseId = Annotated[str, typer.Argument(help="The case's id, 16 hex digits.")]
Note = Annotated[str, typer.Option("--note", help="Words for the file; erasable.")]


def submit(
    prompt: Annotated[str, typer.Argument(help="What to make; - reads it from standard input.")],
    model: Annotated[str, typer.Option(help="Which of the engine's models.")] = "",
    seconds: Annotated[float | None, typer.Option(help="How long the video should be.")] = None,
    size: Annotated[str, typer.Option(help="Such as 1280x720.")] = "",
    reference: Annotated[Path | None, typer.Option(help="An image or a video to start from.")] = None,
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
    as_json: Json = False,
    verbose: Verbose = False,
) -> int:
    """Submit a prompt. Exit: 0 published, 4 refused, 5 held, 6 still on its way."""
    text = sys.stdin.read() if prompt == "-" else prompt
    request = Request(
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
    with show.progress(quiet=as_json) as tell, house(verbose=verbose, tell=tell) as at:
        who = Person(id=account, roles=frozenset({Role.PLATFORM})) if account else operator()
        case = at.desk.submit(who, request)
        return _carry(at, case, wait=wait, as_json=as_json)


def case(case_id: CaseId, as_json: Json = False, verbose: Verbose = False) -> None:
    """Show a case and its history."""
    with house(verbose=verbose) as at:
        found, entries = at.desk.case(operator(), case_id), at.desk.history(operator(), case_id)
        may = at.desk.actions(operator(), found)
        if as_json:
            print_json({"case": found, "history": show.plain_history(entries), "actions": sorted(may)})
        else:
            out.print(show.case_table(found, entries))
            out.print(show.case_line(found, may))
            out.print(f"you may: {', '.join(sorted(may))}")


def queue(as_json: Json = False, verbose: Verbose = False) -> None:
    """Show what is held and waits for a person."""
    with house(verbose=verbose) as at:
        held = at.desk.queue(operator())
        if as_json:
            print_json(held)
        elif held:
            out.print(show.queue_table(held))
        else:
            out.print("nothing is held")


def rule(
    case_id: CaseId,
    decision: Annotated[str, typer.Argument(help="allow or refuse")],
    code: Annotated[str, typer.Option(help=f"Why: {', '.join(RULING_CODES)}.")],
    revision: Annotated[int | None, typer.Option(help="The revision you saw; if it moved on, nothing is done.")] = None,
    note: Note = "",
    wait: Annotated[bool, typer.Option(help="Carry the case on at once.")] = True,
    as_json: Json = False,
    verbose: Verbose = False,
) -> int:
    """Rule on a held case: the gate that held it weighs the ruling. Exit codes as for submit."""
    if decision not in ("allow", "refuse"):
        raise typer.BadParameter("a ruling is allow or refuse")
    with show.progress(quiet=as_json) as tell, house(verbose=verbose, tell=tell) as at:
        ruled = at.desk.rule(operator(), case_id, Decision[decision.upper()], code=code, revision=revision, note=note)
        return _carry(at, ruled, wait=wait, as_json=as_json)


def resume(case_id: CaseId, as_json: Json = False, verbose: Verbose = False) -> int:
    """Send on a case that stumbled, once what broke is mended, or have what could not be measured measured anew."""
    with show.progress(quiet=as_json) as tell, house(verbose=verbose, tell=tell) as at:
        return _carry(at, at.desk.resume(operator(), case_id), wait=True, as_json=as_json)


def appeal(case_id: CaseId, note: Note = "", as_json: Json = False, verbose: Verbose = False) -> int:
    """Ask that a person look at a refusal."""
    with house(verbose=verbose) as at:
        return _report(at, at.desk.appeal(operator(), case_id, note=note), as_json)


def recall(
    case_id: CaseId,
    code: Annotated[str, typer.Option(help=f"Why: {', '.join(RECALL_CODES)}.")],
    note: Note = "",
    as_json: Json = False,
    verbose: Verbose = False,
) -> int:
    """Stop a case, or take its video down. Exit: 0 once it is down."""
    with show.progress(quiet=as_json) as tell, house(verbose=verbose, tell=tell) as at:
        called = at.desk.recall(operator(), case_id, code=code, note=note)
        _carry(at, called, wait=True, as_json=as_json)
        return 0 if at.ledger.load(case_id).phase is Phase.WITHDRAWN else WAITING


def erase(case_id: CaseId, as_json: Json = False, verbose: Verbose = False) -> None:
    """Erase every text of a case: its prompt and all notes. The log stays."""
    with house(verbose=verbose) as at:
        count = at.desk.erase(operator(), case_id)
        print_json({"case": case_id, "erased": count}) if as_json else out.print(f"{count} texts erased")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (submit, case, queue, rule, resume, appeal, recall, erase):
        app.command()(command)


def _carry(at: House, moved: Case, *, wait: bool, as_json: bool) -> int:
    if wait and at.runner is not None:
        at.runner.drain()
    return _report(at, at.ledger.load(moved.id), as_json)


def _report(at: House, now: Case, as_json: bool) -> int:
    entries = at.ledger.history(now.id)
    if as_json:
        print_json({"case": now, "history": show.plain_history(entries), "file": show.file_of(now)})
    else:
        out.print(show.case_table(now, entries))
        out.print(show.case_line(now, at.desk.actions(operator(), now)))
    if now.faltered is not None and not as_json:
        err.print(f"assay: {now.faltered.error}", style="red", highlight=False)
    return {Phase.PUBLISHED: PUBLISHED, Phase.REFUSED: REFUSED, Phase.HELD: HELD, Phase.WITHDRAWN: 0}.get(
        now.phase, WAITING
    )


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise NotFound(f"{path} is not a file")
    return path
