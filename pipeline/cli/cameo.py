"""cameo: somebody's likeness, what they allow, and what is made with it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from core.errors import BadInput
from core.roles import Principal, Role
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json
from registry.consent import Lease, LeaseRequest, LeaseTerms

cameo = typer.Typer(no_args_is_help=True, help="People's likeness: enrol, lease, revoke, erase, see every use.")

HandleArgument = Annotated[str, typer.Argument(help="The person's handle, with or without @.")]
CaseIdArgument = Annotated[str, typer.Argument(help="The case's id, 16 hex digits.")]
AccountOption = Annotated[
    str, typer.Option("--account", help="Act for this account; default: whoever runs the command.")
]
BannedWordsOption = Annotated[
    list[str] | None, typer.Option("--word", help="A word not to say or be shown with; again for more.")
]
BannedTopicsOption = Annotated[
    list[str] | None, typer.Option("--no", help="politics, alcohol, romance or revealing; again for more.")
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
    who = _acting_principal(account)
    with open_installation() as at:
        enrolment = at.service.cameos.enrolment
        if kind == "estate":
            held = enrolment.estate(who, handle, picture or [], proof=proof)
            _print_record(held, f"@{held.handle} is held: somebody looks at the proof", as_json=as_json)
            return 5
        if take is None:
            asked = enrolment.challenge(who, handle, kind=kind)
            turns = ", then ".join(asked.turns)
            lines = [
                f"challenge {asked.id}, good for one take until {asked.expires:%H:%M:%S} UTC",
                f"1. look into the camera and say the numbers: {asked.digits}",
                f"2. turn your head {turns}",
                "3. look into the camera and blink",
                f"then: assay cameo enrol {handle} --challenge {asked.id} --take FILE",
            ]
            _print_record(asked, "\n".join(lines), as_json=as_json)
            return 0
        if not challenge:
            raise BadInput("say with --challenge which challenge the take answers")
        done = enrolment.take(who, challenge, _existing(take), proof=proof)
    line = f"{done.outcome}: {done.verdict.reason or 'you are enrolled'}"
    _print_record(done, line, as_json=as_json)
    return {"active": 0, "held": 5}.get(done.outcome, 4)


@cameo.command("show")
def show(handle: HandleArgument, account: AccountOption = "", as_json: JsonOption = False) -> None:
    """A person's state, leases and receipts."""
    who = _acting_principal(account)
    with open_installation() as at:
        cameos = at.service.cameos
        found, leases, receipts = cameos.cameo(who, handle), cameos.leases(who, handle), cameos.receipts(who, handle)
    if as_json:
        print_json({"cameo": found, "leases": leases, "receipts": receipts})
        return
    out.print(f"@{found.handle} {found.kind} {found.state} {found.id}", highlight=False)
    for lease in leases:
        out.print(_lease_line(lease), highlight=False)


@cameo.command("lease")
def lease(
    handle: HandleArgument,
    holder: Annotated[str, typer.Option("--to", help="An account, * for everyone, ~ for mutuals.")],
    face: Annotated[bool, typer.Option(help="Their face.")] = True,
    voice: Annotated[bool, typer.Option(help="Their voice.")] = False,
    until: Annotated[str, typer.Option(help="As 2027-01-31 or 2027-01-31T12:00:00Z; without it until revoked.")] = "",
    purpose: Annotated[list[str] | None, typer.Option(help="What for; again for more; none given: anything.")] = None,
    territory: Annotated[list[str] | None, typer.Option(help="A country as DE; again for more.")] = None,
    ban: BannedTopicsOption = None,
    word: BannedWordsOption = None,
    limits: Annotated[str, typer.Option(help="Limits in your own words: held until somebody made rules of them.")] = "",
    approve: Annotated[bool, typer.Option("--approve-each", help="See and approve each draft first.")] = False,
    instead_of: Annotated[str, typer.Option("--change", help="The lease in whose place this comes.")] = "",
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> None:
    """Allow somebody something, with limits; with --change instead of an earlier lease. Gives a signed receipt."""
    terms = LeaseTerms(
        purposes=tuple(purpose or ()),
        territory=tuple(territory or ()),
        bans=tuple(ban or ()),
        words=tuple(word or ()),
        approval=approve,
    )
    asked = LeaseRequest(holder=holder, until=_time(until), face=face, voice=voice, terms=terms, words=limits)
    who = _acting_principal(account)
    with open_installation() as at:
        cameos = at.service.cameos
        made, receipt = cameos.change(who, instead_of, asked) if instead_of else cameos.lease(who, handle, asked)
    text = f"{_lease_line(made)}\nreceipt {receipt.hash}\n{receipt.jws}"
    _print_record({"lease": made, "receipt": receipt}, text, as_json=as_json)


@cameo.command("revoke")
def revoke(
    lease_id: Annotated[str, typer.Argument(help="The lease.")],
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take a lease back. It counts at once, and everything that rested on it comes down now."""
    who = _acting_principal(account)
    with open_installation() as at:
        cameos = at.service.cameos
        receipt = cameos.revoke(who, lease_id)
        reports = cameos.takedown_reports(who, receipt.cameo)
        down = next((items for one, items in reports if one.lease == lease_id), ())
    text = f"revoked; {len(down)} videos came down\nreceipt {receipt.hash}\n{receipt.jws}"
    _print_record({"receipt": receipt, "down": down}, text, as_json=as_json)


@cameo.command("erase")
def erase(
    handle: HandleArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do it: this cannot be undone.")] = False,
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> None:
    """Erase all that is known of a person, and take down every video that shows them."""
    if not yes:
        raise BadInput("this erases everything and takes down every video: say --yes")
    who = _acting_principal(account)
    with open_installation() as at:
        receipt = at.service.cameos.erase(who, handle)
    _print_record({"receipt": receipt}, f"erased\nreceipt {receipt.hash}\n{receipt.jws}", as_json=as_json)


@cameo.command("uses")
def uses(handle: HandleArgument, account: AccountOption = "", as_json: JsonOption = False) -> None:
    """Every video that shows a person, drafts and remixes included."""
    who = _acting_principal(account)
    with open_installation() as at:
        found = at.service.cameos.uses(who, handle)
    if as_json:
        print_json(found)
    elif not found:
        out.print("no video shows them")
    for one in () if as_json else found:
        how = "names them" if one.direct else "made from one"
        out.print(
            f"{one.case_id} {one.phase:<12} {how:<14} {one.author} {one.submitted:%Y-%m-%d %H:%M}", highlight=False
        )


@cameo.command("export")
def export(handle: HandleArgument, account: AccountOption = "") -> None:
    """Everything that is kept about a person, as JSON. Templates are named and do not leave."""
    who = _acting_principal(account)
    with open_installation() as at:
        print_json(at.service.cameos.export(who, handle))


@cameo.command("approve")
def approve(
    handle: HandleArgument, case_id: CaseIdArgument, account: AccountOption = "", as_json: JsonOption = False
) -> None:
    """This draft is fine. The gate that waits for it judges again."""
    with open_installation() as at:
        case = at.service.cameos.approve(_acting_principal(account), handle, case_id)
    _print_record(case, f"{case.id} approved", as_json=as_json)


@cameo.command("veto")
def veto(
    handle: HandleArgument, case_id: CaseIdArgument, account: AccountOption = "", as_json: JsonOption = False
) -> None:
    """Not this one: it and everything made from it comes down."""
    with open_installation() as at:
        down = at.service.cameos.veto(_acting_principal(account), handle, case_id)
    _print_record(down, f"{len(down)} videos came down", as_json=as_json)


@cameo.command("report")
def report(
    handle: HandleArgument,
    case_id: CaseIdArgument,
    note: Annotated[str, typer.Option(help="What is wrong with it; erasable.")] = "",
    account: AccountOption = "",
) -> None:
    """Ask moderators to look at a video that shows you."""
    with open_installation() as at:
        at.service.cameos.report(_acting_principal(account), handle, case_id, note=note)
    out.print("moderators are told")


@cameo.command("down")
def down(handle: HandleArgument, account: AccountOption = "", as_json: JsonOption = False) -> None:
    """Reports of what came down, why and when."""
    with open_installation() as at:
        found = at.service.cameos.takedown_reports(_acting_principal(account), handle)
    if as_json:
        print_json([{"cascade": one, "down": items} for one, items in found])
        return
    for one, items in found:
        done = f"all down {one.done:%Y-%m-%d %H:%M:%S}" if one.done else "still under way"
        out.print(f"{one.reason} {one.asked:%Y-%m-%d %H:%M:%S}: {len(items)} videos, {done}", highlight=False)
        for item in items:
            gone = f"{item.withdrawn:%H:%M:%S}" if item.withdrawn else "not yet"
            out.print(
                f"  {item.case_id} was {item.phase}, recalled {item.recalled:%H:%M:%S}, gone {gone}", highlight=False
            )


@cameo.command("know")
def know(
    other: Annotated[str, typer.Argument(help="An account.")],
    no_longer: Annotated[bool, typer.Option("--no-longer", help="Take it back.")] = False,
    account: AccountOption = "",
) -> None:
    """Say that you know an account. Two who say it of each other are mutuals."""
    with open_installation() as at:
        at.service.cameos.know(_acting_principal(account), other, known=not no_longer)
    out.print("noted")


@cameo.command("receipt")
def receipt(
    which: Annotated[str, typer.Argument(help="A receipt or its SHA-256; - reads it from standard input.")],
    as_json: JsonOption = False,
) -> int:
    """Does what a receipt says still hold? Exit: 0 yes, 1 no."""
    text = sys.stdin.read() if which == "-" else which
    with open_installation() as at:
        found = at.service.cameos.receipt_validity(text.strip())
    _print_record(found, f"{found.state} ({found.kind} {found.issued:%Y-%m-%d %H:%M:%S})", as_json=as_json)
    return 0 if found.valid else 1


@cameo.command("held")
def held(as_json: JsonOption = False) -> None:
    """Enrolments that wait for a person, and limits in words that wait to be made rules of. For moderators."""
    with open_installation() as at:
        review = at.service.cameos.review
        people, words = review.held(local_operator()), review.to_review(local_operator())
        measured = {one.id: at.service.cameos.enrolment.signals_of(local_operator(), one.id) for one in people}
    if as_json:
        print_json({"held": people, "measured": measured, "to_review": words})
        return
    for one in people:
        rules = ", ".join(rule for found in measured[one.id] for rule in found.rules)
        out.print(
            f"{one.id} @{one.handle} {one.kind} of {one.owner}: {rules or 'proof to be looked at'}", highlight=False
        )
    for asked in words:
        out.print(f"{asked.lease.id} @{asked.cameo.handle}: {asked.words}", highlight=False, markup=False)


@cameo.command("admit")
def admit(
    cameo_id: Annotated[str, typer.Argument(help="The held cameo: its id, or its handle.")],
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse it instead; its templates are destroyed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Decide about a held enrolment. For moderators."""
    with open_installation() as at:
        cameos = at.service.cameos
        given = cameos.review.admit(local_operator(), cameos.cameo(local_operator(), cameo_id).id, allow=not refuse)
    _print_record(
        {"receipt": given}, "refused" if given is None else f"enrolled\nreceipt {given.hash}", as_json=as_json
    )


@cameo.command("review")
def review(
    lease_id: Annotated[str, typer.Argument(help="A lease with limits in words.")],
    ban: BannedTopicsOption = None,
    word: BannedWordsOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="A person looks at each use.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make rules of an owner's own words. For moderators."""
    terms = LeaseTerms(bans=tuple(ban or ()), words=tuple(word or ()), watched=watch)
    with open_installation() as at:
        made, given = at.service.cameos.review.review(local_operator(), lease_id, terms)
    _print_record({"lease": made, "receipt": given}, f"{made.id} in the place of {lease_id}", as_json=as_json)


@cameo.command("notices")
def notices(account: AccountOption = "", as_json: JsonOption = False) -> None:
    """What an account was told: what came down, which drafts wait."""
    with open_installation() as at:
        found = at.service.cameos.notices(_acting_principal(account))
    if as_json:
        print_json(found)
    for one in () if as_json else found:
        out.print(f"{one.at:%Y-%m-%d %H:%M:%S} {one.message} {one.about}", highlight=False)


def _acting_principal(account: str) -> Principal:
    return Principal(id=account, roles=frozenset({Role.PLATFORM})) if account else local_operator()


def _print_record(record: object, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(record)
    else:
        out.print(text, highlight=False, markup=False, soft_wrap=True)


def _lease_line(one: Lease) -> str:
    what = " and ".join(name for name, on in (("face", one.face), ("voice", one.voice)) if on)
    ends = "revoked" if one.revoked else f"until {one.until:%Y-%m-%d}" if one.until else "until revoked"
    to = {"*": "everyone", "~": "mutuals"}.get(one.holder, one.holder)
    limits = "".join(f", no {ban}" for ban in one.terms.bans)
    waits = ", waits for review" if one.terms.unreviewed else ""
    return f"{one.id} {what} to {to} {ends}{limits}{waits}{', each draft approved' if one.terms.approval else ''}"


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is no time: write it as 2027-01-31 or 2027-01-31T12:00:00Z") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise BadInput(f"{path} is not a file")
    return path


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(cameo, name="cameo")
