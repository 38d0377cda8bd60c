"""work: what rights holders do. They ask to be verified, say what they allow, and answer about drafts."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from core.codec import dump
from core.errors import BadInput, NotFound
from core.roles import Principal, Role
from pipeline.cli import registered_work
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json
from pipeline.cli.registered_work import WorkIdArgument, work
from pipeline.rights.holder_works import LicenceRequest
from pipeline.rights.work_statistics import STATISTICS_COLUMNS, statistics_csv
from registry.rights.licence_receipts import LicenceReceipt
from registry.rights.registered_works import LICENSABLE_KINDS, WORK_TERMS
from registry.rights.rights_holders import VERIFICATION_REFUSALS
from registry.rights.work_answers import HOLDER_REFUSALS
from registry.rights.work_licences import PARODY_TERMS, WorkLicence

if TYPE_CHECKING:
    from pipeline.wiring import Installation

HolderOption = Annotated[
    str, typer.Option("--account", help="Act as this rights holder's account; without it as an operator.")
]
OwnAccountOption = Annotated[str, typer.Option("--account", help="The rights holder's account: nobody else may.")]
CaseArgument = Annotated[str, typer.Argument(help="The id of a video, as `assay work matches` lists it.")]


@work.command("register")
def register(
    name: Annotated[list[str], typer.Option(help="A name it goes by; may be given more than once.")],
    account: Annotated[str, typer.Option("--account", help="The rights holder's account.")],
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(LICENSABLE_KINDS)}.")] = "character",
    description: Annotated[str, typer.Option(help="What it looks like: prompts that describe it are found too.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Register a work of a rights holder: a draft, until the holder is verified."""
    with open_installation() as installation:
        made = installation.rights_desk.works.register(
            _holder(installation, account), kind=kind, names=name, description=description
        )
    said = "is looked for" if made.active else "is a draft: it is looked for once its holder is verified"
    _print(made, f"{made.id} {said}", as_json=as_json)


@work.command("ask-verification")
def ask_verification(
    name: Annotated[str, typer.Option(help="Who they are: a person, a firm, a society.")],
    says: Annotated[str, typer.Option(help="What they hold, and where that can be seen.")],
    account: Annotated[str, typer.Option("--account", help="The rights holder's account.")],
) -> None:
    """Ask that a person verifies a rights holder."""
    with open_installation() as installation:
        installation.rights_desk.verification.ask(_holder(installation, account), name=name, says=says)
    out.print("asked: a moderator or an operator decides")


@work.command("holders")
def holders(as_json: JsonOption = False) -> None:
    """Who waits to be verified, what they wrote, and their drafts."""
    with open_installation() as installation:
        waiting = installation.rights_desk.verification.waiting(local_operator())
    if as_json:
        print_json({"waiting": waiting})
        return
    for one in waiting:
        out.print(f"{one.holder.account} {one.holder.name}: {one.words}", highlight=False)
        for draft in (*one.drafts, *one.disputed):
            note = " (another holder has this name)" if draft in one.disputed else ""
            out.print(f"  {draft.id} {', '.join(draft.names)}{note}", highlight=False)


@work.command("verify")
def verify_holder(
    account: Annotated[str, typer.Argument(help="The account that asked.")],
    refuse: Annotated[str, typer.Option(help=f"Refuse, because: {', '.join(VERIFICATION_REFUSALS)}.")] = "",
) -> None:
    """Verify a rights holder, whose drafts are looked for from now on; or refuse. They are told."""
    with open_installation() as installation:
        desk = installation.rights_desk.verification
        decided = desk.decide(local_operator(), account, verify=not refuse, code=refuse)
    out.print(f"{decided.account} is {decided.state}", highlight=False)


@work.command("look-for")
def look_for(
    work_id: WorkIdArgument,
    active: Annotated[bool, typer.Option("--yes/--no", help="Look for it, or no longer.")] = True,
) -> None:
    """Look for a work, or suspend it. Its holder is told."""
    with open_installation() as installation:
        installation.rights_desk.works.set_active(local_operator(), work_id, active=active)
    out.print(f"{work_id} is looked for" if active else f"{work_id} is not looked for", highlight=False)


@work.command("terms")
def terms(
    work_id: WorkIdArgument,
    say: Annotated[str, typer.Argument(help=f"One of {', '.join(WORK_TERMS)}.")],
    account: HolderOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say what holds of videos with a work where no licence does. Prints a signed receipt."""
    with open_installation() as installation:
        receipt = installation.rights_desk.works.state_terms(_acting(account), work_id, say)
    _print(receipt, _receipt_text(receipt), as_json=as_json)


@work.command("license")
def license_work(
    work_id: WorkIdArgument,
    licensee: Annotated[str, typer.Option("--to", help="An account, or * for everyone.")],
    purpose: Annotated[list[str] | None, typer.Option(help="What for; again for more; none given: anything.")] = None,
    parody: Annotated[str, typer.Option(help=f"Parody: one of {', '.join(PARODY_TERMS)}.")] = "allowed",
    territory: Annotated[list[str] | None, typer.Option(help="A country as DE; again for more.")] = None,
    until: Annotated[str, typer.Option(help="As 2027-01-31 or 2027-01-31T12:00:00Z; without it until revoked.")] = "",
    instead_of: Annotated[str, typer.Option("--change", help="The licence in whose place this comes.")] = "",
    account: HolderOption = "",
    as_json: JsonOption = False,
) -> None:
    """Grant a licence, with limits; with --change instead of an earlier one. Prints a signed receipt."""
    request = LicenceRequest(
        licensee=licensee,
        purposes=tuple(purpose or ()),
        parody=parody,
        territory=tuple(territory or ()),
        until=_moment(until),
    )
    who = _acting(account)
    with open_installation() as installation:
        works = installation.rights_desk.works
        granted, receipt = (
            works.change(who, work_id, instead_of, request) if instead_of else works.grant(who, work_id, request)
        )
    text = f"{_licence_line(granted)}\n{_receipt_text(receipt)}"
    _print({"licence": granted, "receipt": receipt}, text, as_json=as_json)


@work.command("licences")
def licences(work_id: WorkIdArgument, account: HolderOption = "", as_json: JsonOption = False) -> None:
    """The licences of a work, revoked and ended ones too."""
    with open_installation() as installation:
        found = installation.rights_desk.works.licences_of(_acting(account), work_id)
    _print({"licences": found}, "\n".join(map(_licence_line, found)) or "none", as_json=as_json)


@work.command("revoke")
def revoke(
    work_id: WorkIdArgument,
    licence_id: Annotated[str, typer.Argument(help="A licence, as `assay work licences` lists it.")],
    account: HolderOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take a licence back: what is not published yet is stopped."""
    with open_installation() as installation:
        receipt = installation.rights_desk.works.revoke(_acting(account), work_id, licence_id)
    _print(receipt, _receipt_text(receipt), as_json=as_json)


@work.command("receipts")
def receipts(work_id: WorkIdArgument, account: HolderOption = "", as_json: JsonOption = False) -> None:
    """All receipts about a work, in the order of the chain. `assay cameo receipt` checks one."""
    with open_installation() as installation:
        found = installation.rights_desk.works.receipts(_acting(account), work_id)
    lines = [f"{one.number} {one.at:%Y-%m-%d %H:%M} {one.kind} {one.hash}" for one in found]
    _print({"receipts": found}, "\n".join(lines) or "none", as_json=as_json)


@work.command("matches")
def matches(work_id: WorkIdArgument, account: OwnAccountOption, as_json: JsonOption = False) -> None:
    """The videos with a work: those that wait for its holder first. Who ordered them is not told."""
    with open_installation() as installation:
        found = installation.rights_desk.matches.matches(_acting(account), work_id)
    if as_json:
        print_json({"matches": found})
        return
    table = Table("video", "state", "how", "purpose", "ordered")
    for one in found:
        state = "waits for the holder" if one.waits else one.answer or one.phase
        how = " and ".join(word for word, on in (("named", one.is_named), ("looks like it", one.is_shown)) if on)
        table.add_row(one.case_id, state, how, one.purpose, f"{one.submitted:%Y-%m-%d %H:%M}")
    out.print(table)


@work.command("draft")
def draft(
    work_id: WorkIdArgument,
    case_id: CaseArgument,
    to: Annotated[Path, typer.Option(help="Where to write it, as MP4.")],
    account: OwnAccountOption,
) -> None:
    """Write a draft that waits for the holder, marked as a preview that is not published."""
    with open_installation() as installation, tempfile.TemporaryDirectory() as folder:
        made = installation.rights_desk.matches.draft(_acting(account), work_id, case_id, Path(folder))
        shutil.copyfile(made, to)
    out.print(f"written to {to}: a preview, not published", highlight=False)


@work.command("approve")
def approve(
    work_id: WorkIdArgument, case_id: CaseArgument, account: OwnAccountOption, as_json: JsonOption = False
) -> None:
    """Approve a draft: the order goes on. Prints a signed receipt."""
    with open_installation() as installation:
        receipt = installation.rights_desk.matches.approve(_acting(account), work_id, case_id)
    _print(receipt, _receipt_text(receipt), as_json=as_json)


@work.command("refuse")
def refuse_draft(
    work_id: WorkIdArgument,
    case_id: CaseArgument,
    code: Annotated[str, typer.Option(help=f"Why: one of {', '.join(HOLDER_REFUSALS)}. The author is told.")],
    account: OwnAccountOption,
    as_json: JsonOption = False,
) -> None:
    """Refuse a draft: the order is refused, and its author told why. Prints a signed receipt."""
    with open_installation() as installation:
        receipt = installation.rights_desk.matches.refuse(_acting(account), work_id, case_id, code=code)
    _print(receipt, _receipt_text(receipt), as_json=as_json)


@work.command("statistics")
def statistics(
    work_id: WorkIdArgument,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
    account: HolderOption = "",
    as_json: JsonOption = False,
) -> None:
    """How often a work was asked for, matched, approved, refused, ordered as parody and published, by month (UTC)."""
    with open_installation() as installation:
        months = installation.rights_desk.matches.statistics(_acting(account), work_id)
    if as_json:
        print_json({"months": months})
    elif as_csv:
        typer.echo(statistics_csv(months), nl=False)
    else:
        table = Table(*STATISTICS_COLUMNS)
        for month in months:
            row = dump(month)
            table.add_row(f"{month.month:%Y-%m}", *(str(row[name]) for name in STATISTICS_COLUMNS[1:]))
        out.print(table)


def add_to(app: typer.Typer) -> None:
    """Register the commands, beside those of operators."""
    registered_work.add_to(app)


def _acting(account: str) -> Principal:
    return Principal(id=account, roles=frozenset({Role.RIGHTS_HOLDER})) if account else local_operator()


def _holder(installation: Installation, account: str) -> Principal:
    """The account, if it is a rights holder's: commands have every role, and what they register is somebody's."""
    found = installation.accounts.get(account)
    if found is None or found.closed:
        raise NotFound(f"there is no account {account}")
    return Principal(id=found.id, roles=found.roles)


def _moment(text: str) -> datetime | None:
    """A day to its end, or a moment; UTC where no zone is given."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(f"{text}T23:59:59" if len(text) == len("2027-01-31") else text)
    except ValueError:
        raise BadInput(f"{text!r} is no day and no time: write 2027-01-31 or 2027-01-31T12:00:00Z") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _licence_line(licence: WorkLicence) -> str:
    until = f"until {licence.until:%Y-%m-%d %H:%M}" if licence.until else "until revoked"
    limits = [
        f"to {licence.licensee}",
        f"for {', '.join(licence.purposes)}" if licence.purposes else "for anything",
        f"parody {licence.parody}",
        f"in {', '.join(licence.territory)}" if licence.territory else "anywhere",
    ]
    return f"{licence.id} {', '.join(limits)}, {'revoked' if licence.revoked else until}"


def _receipt_text(receipt: LicenceReceipt) -> str:
    return f"{receipt.kind}: receipt {receipt.hash}\n{receipt.jws}"


def _print(record: object, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(record)
    else:
        out.print(text, highlight=False, soft_wrap=True)
