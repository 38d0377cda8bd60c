"""More of cameo: single uses, what moderators review, notices, and whether a receipt still holds."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pipeline.cli.cameo import (
    AccountOption,
    BannedTopicsOption,
    BannedWordsOption,
    HandleArgument,
    _acting_principal,
    _print_record,
    cameo,
)
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json
from registry.consent import LeaseTerms

CaseIdArgument = Annotated[str, typer.Argument(help="The case's id, 16 hex digits.")]


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


def add_to(_app: typer.Typer) -> None:
    """The commands are registered with those of cameo."""
