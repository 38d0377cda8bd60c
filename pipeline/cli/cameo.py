"""cameo: a person's likeness, what they allow, and what is made with it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import BadInput
from core.roles import Principal, Role
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json

if TYPE_CHECKING:
    from registry.consent import Lease

cameo = typer.Typer(no_args_is_help=True, help="People's likeness: enrol, lease, revoke, erase, see every use.")

HandleArgument = Annotated[str, typer.Argument(help="The person's handle, with or without @.")]
CaseIdArgument = Annotated[str, typer.Argument(help="The case's id, 16 hex digits.")]
AccountOption = Annotated[
    str, typer.Option("--account", help="Act for this account; default: whoever runs the command.")
]
WordsOption = Annotated[str, typer.Option(help="A word to whoever made it: they read it; erasable.")]
BannedWordsOption = Annotated[
    list[str] | None, typer.Option("--word", help="A word not to say or be shown with; again for more.")
]


@cameo.command("enrol")
def enrol(
    handle: HandleArgument,
    take: Annotated[Path | None, typer.Option(help="The video that answers a challenge.")] = None,
    challenge: Annotated[str, typer.Option(help="The challenge that it answers.")] = "",
    kind: Annotated[str, typer.Option(help="self, minor or estate.")] = "self",
    picture: Annotated[list[Path] | None, typer.Option(help="For an estate: pictures of the person alone.")] = None,
    proof: Annotated[str, typer.Option(help="What shows guardianship, or the right to speak for an estate.")] = "",
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> int:
    """Get a challenge; with --take answer it. Exit: 0 enrolled (or challenged), 4 refused, 5 held for a person."""
    principal = _acting_principal(account)
    with open_installation() as installation:
        enrolment = installation.service.cameos.enrolment
        if kind == "estate":
            estate_cameo = enrolment.estate(principal, handle, picture or [], proof=proof)
            _print_record(
                estate_cameo, f"@{estate_cameo.handle} is held: a moderator checks the proof", as_json=as_json
            )
            return 5
        if take is None:
            new_challenge = enrolment.challenge(principal, handle, kind=kind)
            turns = ", then ".join(new_challenge.turns)
            lines = [
                f"challenge {new_challenge.id}, good for one take until {new_challenge.expires:%H:%M:%S} UTC",
                f"1. look into the camera and say the numbers: {new_challenge.digits}",
                f"2. turn your head {turns}",
                "3. look into the camera and blink",
                "no video engine gets your face or voice: it lets you give permissions, and us recognise you in videos",
                f"then: assay cameo enrol {handle} --challenge {new_challenge.id} --take FILE",
            ]
            _print_record(new_challenge, "\n".join(lines), as_json=as_json)
            return 0
        if not challenge:
            raise BadInput("say with --challenge which challenge the take answers")
        outcome = enrolment.take(principal, challenge, _existing(take), proof=proof)
    line = f"{outcome.outcome}: {outcome.verdict.reason or 'you are enrolled'}"
    _print_record(outcome, line, as_json=as_json)
    return {"active": 0, "held": 5}.get(outcome.outcome, 4)


@cameo.command("show")
def show(handle: HandleArgument, account: AccountOption = "", as_json: JsonOption = False) -> None:
    """A person's state, leases and receipts."""
    principal = _acting_principal(account)
    with open_installation() as installation:
        cameos = installation.service.cameos
        shown_cameo, leases, receipts = (
            cameos.cameo(principal, handle),
            cameos.leases(principal, handle),
            cameos.receipts(principal, handle),
        )
    if as_json:
        print_json({"cameo": shown_cameo, "leases": leases, "receipts": receipts})
        return
    out.print(f"@{shown_cameo.handle} {shown_cameo.kind} {shown_cameo.state} {shown_cameo.id}", highlight=False)
    for lease in leases:
        out.print(_lease_line(lease), highlight=False)


@cameo.command("lease")
def lease(
    handle: HandleArgument,
    holder: Annotated[str, typer.Option("--to", help="An account, * for everyone, ~ for mutuals.")],
    face: Annotated[bool, typer.Option(help="Their face.")] = True,
    voice: Annotated[bool, typer.Option(help="Their voice.")] = False,
    until: Annotated[
        str, typer.Option(help="As 2027-01-31 or 2027-01-31T12:00:00Z; never: until revoked; without it 30 days.")
    ] = "",
    purpose: Annotated[
        list[str] | None,
        typer.Option(help="What for; again for more; any: anything; without it nothing that sells, and no politics."),
    ] = None,
    territory: Annotated[list[str] | None, typer.Option(help="A country as DE; again for more.")] = None,
    ban: Annotated[
        list[str] | None,
        typer.Option(
            "--no", help="politics, alcohol, romance or revealing; again for more; nothing: no limit; without it all."
        ),
    ] = None,
    word: BannedWordsOption = None,
    limits: Annotated[
        str, typer.Option(help="Limits in your own words: held until a moderator made rules of them.")
    ] = "",
    approve: Annotated[
        bool | None,
        typer.Option(
            "--approve-each/--no-approve-each", help="See and approve each draft first; without it for * and ~."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="You mean it, also where it is wide.")] = False,
    instead_of: Annotated[str, typer.Option("--change", help="The lease in whose place this comes.")] = "",
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> None:
    """Grant a lease: narrow unless you say otherwise; with --change instead of an earlier one. Prints a signed receipt.

    What is wide is not granted without --yes; the message says what it allows.
    """
    from registry.consent import DEFAULT_BANS, DEFAULT_PURPOSES, LeaseRequest, LeaseTerms, asks_each_time, default_end

    terms = LeaseTerms(
        purposes=() if purpose == ["any"] else tuple(purpose or DEFAULT_PURPOSES),
        territory=tuple(territory or ()),
        bans=() if ban == ["nothing"] else tuple(ban or DEFAULT_BANS),
        words=tuple(word or ()),
        approval=asks_each_time(holder) if approve is None else approve,
    )
    end = None if until == "never" else _time(until) or default_end()
    request = LeaseRequest(holder=holder, until=end, face=face, voice=voice, terms=terms, words=limits, confirmed=yes)
    principal = _acting_principal(account)
    with open_installation() as installation:
        cameos = installation.service.cameos
        granted, receipt = (
            cameos.change(principal, instead_of, request) if instead_of else cameos.lease(principal, handle, request)
        )
    text = f"{_lease_line(granted)}\nreceipt {receipt.hash}\n{receipt.jws}"
    _print_record({"lease": granted, "receipt": receipt}, text, as_json=as_json)


@cameo.command("revoke")
def revoke(
    lease_id: Annotated[str, typer.Argument(help="The lease.")],
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take a lease back. It counts at once, and everything that rested on it comes down now."""
    principal = _acting_principal(account)
    with open_installation() as installation:
        cameos = installation.service.cameos
        receipt = cameos.revoke(principal, lease_id)
        reports = cameos.takedown_reports(principal, receipt.cameo)
        down = next((items for takedown, items in reports if takedown.lease == lease_id), ())
    text = f"revoked; {len(down)} videos came down\nreceipt {receipt.hash}\n{receipt.jws}"
    _print_record({"receipt": receipt, "down": down}, text, as_json=as_json)


@cameo.command("erase")
def erase(
    handle: HandleArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do it: this cannot be undone.")] = False,
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> None:
    """Erase all that is known of a person, and take down every video that shows them. Get the certificate with
    `assay cameo certificate`.
    """
    if not yes:
        raise BadInput("this erases everything and takes down every video: say --yes")
    principal = _acting_principal(account)
    with open_installation() as installation:
        receipt = installation.service.cameos.erase(principal, handle)
    _print_record({"receipt": receipt}, f"erased\nreceipt {receipt.hash}\n{receipt.jws}", as_json=as_json)


@cameo.command("uses")
def uses(handle: HandleArgument, account: AccountOption = "", as_json: JsonOption = False) -> None:
    """Every video that shows a person, drafts and remixes included."""
    principal = _acting_principal(account)
    with open_installation() as installation:
        likeness_uses = installation.service.cameos.uses(principal, handle)
    if as_json:
        print_json(likeness_uses)
    elif not likeness_uses:
        out.print("no video shows them")
    for use in () if as_json else likeness_uses:
        relation = "names them" if use.direct else "recognised" if use.recognised else "made from one"
        out.print(
            f"{use.case_id} {use.phase:<12} {relation:<14} {use.author} {use.submitted:%Y-%m-%d %H:%M}", highlight=False
        )


@cameo.command("export")
def export(handle: HandleArgument, account: AccountOption = "") -> None:
    """Everything that is stored about a person, as JSON. Templates are listed but not exported."""
    principal = _acting_principal(account)
    with open_installation() as installation:
        print_json(installation.service.cameos.export(principal, handle))


@cameo.command("approve")
def approve(
    handle: HandleArgument,
    case_id: CaseIdArgument,
    words: WordsOption = "",
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> None:
    """This draft is fine. The gate that waits for it judges again. Watch it first with `assay cameo watch`."""
    with open_installation() as installation:
        case = installation.service.cameos.approve(_acting_principal(account), handle, case_id, words=words)
    _print_record(case, f"{case.id} approved", as_json=as_json)


@cameo.command("veto")
def veto(
    handle: HandleArgument,
    case_id: CaseIdArgument,
    words: WordsOption = "",
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> None:
    """Not this one: it and everything made from it comes down."""
    with open_installation() as installation:
        down = installation.service.cameos.veto(_acting_principal(account), handle, case_id, words=words)
    _print_record(down, f"{len(down)} videos came down", as_json=as_json)


@cameo.command("report")
def report(
    handle: HandleArgument,
    case_id: CaseIdArgument,
    note: Annotated[str, typer.Option(help="What is wrong with it; erasable.")] = "",
    account: AccountOption = "",
) -> None:
    """Ask moderators to look at a video that shows you."""
    with open_installation() as installation:
        installation.service.cameos.report(_acting_principal(account), handle, case_id, note=note)
    out.print("moderators are notified")


@cameo.command("down")
def down(handle: HandleArgument, account: AccountOption = "", as_json: JsonOption = False) -> None:
    """Reports of what came down, why and when."""
    with open_installation() as installation:
        reports = installation.service.cameos.takedown_reports(_acting_principal(account), handle)
    if as_json:
        print_json([{"cascade": takedown, "down": items} for takedown, items in reports])
        return
    for takedown, items in reports:
        status = f"all down {takedown.done:%Y-%m-%d %H:%M:%S}" if takedown.done else "still under way"
        out.print(
            f"{takedown.reason} {takedown.asked:%Y-%m-%d %H:%M:%S}: {len(items)} videos, {status}", highlight=False
        )
        for item in items:
            withdrawn_at = f"{item.withdrawn:%H:%M:%S}" if item.withdrawn else "not yet"
            out.print(
                f"  {item.case_id} was {item.phase}, recalled {item.recalled:%H:%M:%S}, gone {withdrawn_at}",
                highlight=False,
            )


@cameo.command("know")
def know(
    other: Annotated[str, typer.Argument(help="An account.")],
    no_longer: Annotated[bool, typer.Option("--no-longer", help="Take it back.")] = False,
    account: AccountOption = "",
) -> None:
    """Say that you know an account. Two who say it of each other are mutuals."""
    with open_installation() as installation:
        installation.service.cameos.know(_acting_principal(account), other, known=not no_longer)
    out.print("noted")


@cameo.command("receipt")
def receipt(
    which: Annotated[str, typer.Argument(help="A receipt or its SHA-256; - reads it from standard input.")],
    as_json: JsonOption = False,
) -> int:
    """Does what a receipt says still hold? Exit: 0 yes, 1 no."""
    text = sys.stdin.read() if which == "-" else which
    with open_installation() as installation:
        validity = installation.service.cameos.receipt_validity(text.strip())
    _print_record(validity, f"{validity.state} ({validity.kind} {validity.issued:%Y-%m-%d %H:%M:%S})", as_json=as_json)
    return 0 if validity.valid else 1


@cameo.command("notices")
def notices(account: AccountOption = "", as_json: JsonOption = False) -> None:
    """The notices of an account: what came down, which drafts wait."""
    with open_installation() as installation:
        entries = installation.service.cameos.notices(_acting_principal(account))
    if as_json:
        print_json(entries)
    for notice in () if as_json else entries:
        out.print(f"{notice.at:%Y-%m-%d %H:%M:%S} {notice.message} {notice.about}", highlight=False)


def _acting_principal(account: str) -> Principal:
    return Principal(id=account, roles=frozenset({Role.PLATFORM})) if account else local_operator()


def _print_record(record: object, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(record)
    else:
        out.print(text, highlight=False, markup=False, soft_wrap=True)


def _lease_line(lease: Lease) -> str:
    modalities = " and ".join(name for name, on in (("face", lease.face), ("voice", lease.voice)) if on)
    ends = "revoked" if lease.revoked else f"until {lease.until:%Y-%m-%d}" if lease.until else "until revoked"
    to = {"*": "everyone", "~": "mutuals"}.get(lease.holder, lease.holder)
    limits = "".join(f", no {ban}" for ban in lease.terms.bans)
    waits = ", waits for review" if lease.terms.unreviewed else ""
    approval = ", each draft approved" if lease.terms.approval else ""
    return f"{lease.id} {modalities} to {to} {ends}{limits}{waits}{approval}"


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is no time: write it as 2027-01-31 or 2027-01-31T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise BadInput(f"{path} is not a file")
    return path


def add_cameo_commands(app: typer.Typer) -> None:
    """Register the commands; pipeline.consent.consent_commands, which has more of them, asks for that."""
    from pipeline.cli.portal.enrolment_commands import add_enrolment_commands
    from pipeline.cli.portal.owner_commands import add_owner_commands

    add_enrolment_commands(cameo)
    add_owner_commands(cameo)
    app.add_typer(cameo, name="cameo")
