"""More of cameo: single uses, what moderators review, notices, and whether a receipt still holds."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pipeline.cli.cameo import Account, Bans, Handle, Words, _say, _who, cameo
from pipeline.cli.common import Json, house, operator, out, print_json
from registry.terms import Terms

CaseId = Annotated[str, typer.Argument(help="The case's id, 16 hex digits.")]


@cameo.command("approve")
def approve(handle: Handle, case_id: CaseId, account: Account = "", as_json: Json = False) -> None:
    """This draft is fine. The gate that waits for it judges again."""
    with house() as at:
        case = at.desk.cameos.approve(_who(account), handle, case_id)
    _say(case, f"{case.id} approved", as_json=as_json)


@cameo.command("veto")
def veto(handle: Handle, case_id: CaseId, account: Account = "", as_json: Json = False) -> None:
    """Not this one: it and everything made from it comes down."""
    with house() as at:
        down = at.desk.cameos.veto(_who(account), handle, case_id)
    _say(down, f"{len(down)} videos came down", as_json=as_json)


@cameo.command("report")
def report(
    handle: Handle,
    case_id: CaseId,
    note: Annotated[str, typer.Option(help="What is wrong with it; erasable.")] = "",
    account: Account = "",
) -> None:
    """Ask moderators to look at a video that shows you."""
    with house() as at:
        at.desk.cameos.report(_who(account), handle, case_id, note=note)
    out.print("moderators are told")


@cameo.command("down")
def down(handle: Handle, account: Account = "", as_json: Json = False) -> None:
    """Reports of what came down, why and when."""
    with house() as at:
        found = at.desk.cameos.came_down(_who(account), handle)
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
    account: Account = "",
) -> None:
    """Say that you know an account. Two who say it of each other are mutuals."""
    with house() as at:
        at.desk.cameos.know(_who(account), other, known=not no_longer)
    out.print("noted")


@cameo.command("receipt")
def receipt(
    which: Annotated[str, typer.Argument(help="A receipt or its SHA-256; - reads it from standard input.")],
    as_json: Json = False,
) -> int:
    """Does what a receipt says still hold? Exit: 0 yes, 1 no."""
    text = sys.stdin.read() if which == "-" else which
    with house() as at:
        found = at.desk.cameos.valid(text.strip())
    _say(found, f"{found.state} ({found.kind} {found.issued:%Y-%m-%d %H:%M:%S})", as_json=as_json)
    return 0 if found.valid else 1


@cameo.command("held")
def held(as_json: Json = False) -> None:
    """Enrolments that wait for a person, and limits in words that wait to be made rules of. For moderators."""
    with house() as at:
        review = at.desk.cameos.review
        people, words = review.held(operator()), review.to_review(operator())
        measured = {one.id: at.desk.cameos.enrolment.signals_of(operator(), one.id) for one in people}
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
    as_json: Json = False,
) -> None:
    """Decide about a held enrolment. For moderators."""
    with house() as at:
        cameos = at.desk.cameos
        given = cameos.review.admit(operator(), cameos.cameo(operator(), cameo_id).id, allow=not refuse)
    _say({"receipt": given}, "refused" if given is None else f"enrolled\nreceipt {given.hash}", as_json=as_json)


@cameo.command("review")
def review(
    lease_id: Annotated[str, typer.Argument(help="A lease with limits in words.")],
    ban: Bans = None,
    word: Words = None,
    watch: Annotated[bool, typer.Option("--watch", help="A person looks at each use.")] = False,
    as_json: Json = False,
) -> None:
    """Make rules of an owner's own words. For moderators."""
    terms = Terms(bans=tuple(ban or ()), words=tuple(word or ()), watched=watch)
    with house() as at:
        made, given = at.desk.cameos.review.review(operator(), lease_id, terms)
    _say({"lease": made, "receipt": given}, f"{made.id} in the place of {lease_id}", as_json=as_json)


@cameo.command("notices")
def notices(account: Account = "", as_json: Json = False) -> None:
    """What an account was told: what came down, which drafts wait."""
    with house() as at:
        found = at.desk.cameos.notices(_who(account))
    if as_json:
        print_json(found)
    for one in () if as_json else found:
        out.print(f"{one.at:%Y-%m-%d %H:%M:%S} {one.says} {one.about}", highlight=False)


def add_to(_app: typer.Typer) -> None:
    """The commands are registered with those of cameo."""
