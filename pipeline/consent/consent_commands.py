"""ask-consent, cameo requests, answer, takes, found and found-answer: asking for consent, and found videos."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import BadInput
from core.roles import Principal, Role
from pipeline.cli.cameo import AccountOption, CaseIdArgument, HandleArgument, add_cameo_commands, cameo
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json

if TYPE_CHECKING:
    from registry.consent import CameoService
    from registry.consent.found.found_desk import FoundMatch
    from registry.consent.requests.request_desk import ReceivedRequest

EndUserOption = Annotated[
    str, typer.Option("--end-user", help="For this end user of the account, as the account names them.")
]
_FOUND_ANSWERS = ("remove", "archive", "not-me", "put-back")
_FOUND_LISTS = {"new": "", "archived": "archived", "not-me": "not_me", "removal": "removal"}


def ask_consent(
    case_id: CaseIdArgument,
    handle: HandleArgument,
    message: Annotated[str, typer.Option(help="Who asks and why; erased with the case.")] = "",
    show_prompt: Annotated[bool, typer.Option("--show-prompt", help="The person may read the prompt.")] = False,
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> None:
    """Ask a person for their consent to an order that waits for it. After a yes it goes on by itself."""
    principal = _acting(account)
    with open_installation() as installation:
        desk = installation.service.cameos.requests
        request = desk.ask(principal, case_id, handle, message=message, show_prompt=show_prompt)
    if as_json:
        print_json({"id": request.id, "state": request.state, "expires": request.expires})
    else:
        out.print(f"asked: {request.id}; without an answer the order ends {request.expires:%Y-%m-%d}", highlight=False)


@cameo.command("requests")
def requests(
    every: Annotated[bool, typer.Option("--all", help="Those that were answered too.")] = False,
    account: AccountOption = "",
    end_user: EndUserOption = "",
    as_json: JsonOption = False,
) -> None:
    """Who asks for your consent to one video."""
    with open_installation() as installation:
        who = _party(installation.service.cameos, account, end_user)
        found = installation.service.cameos.requests.received(who, open_only=not every, limit=100)
    if as_json:
        print_json(found)
        return
    if not found:
        out.print("nobody asks for your consent")
    for one in found:
        out.print(_request_line(one), highlight=False, markup=False)


@cameo.command("answer")
def answer(
    *,
    request_id: Annotated[str, typer.Argument(help="The request.")],
    decision: Annotated[str, typer.Argument(help="yes or no.")],
    block: Annotated[bool, typer.Option("--block", help="With no: get no requests of this asker any more.")] = False,
    approve: Annotated[bool, typer.Option(help="With yes: see and approve the draft first.")] = True,
    account: AccountOption = "",
    end_user: EndUserOption = "",
    as_json: JsonOption = False,
) -> None:
    """Yes to that one order, which goes on by itself; or no, and it is refused."""
    if decision not in ("yes", "no"):
        raise BadInput("a request is answered with yes or no")
    with open_installation() as installation:
        desk, who = installation.service.cameos.requests, _party(installation.service.cameos, account, end_user)
        granted = desk.grant(who, request_id, approval=approve) if decision == "yes" else None
        if granted is None:
            desk.refuse(who, request_id, block=block)
        if installation.runner is not None:
            installation.runner.drain()
    if as_json:
        print_json({"answer": decision, "lease": granted[0] if granted else None})
    else:
        out.print(f"granted for that order alone: {granted[0].id}" if granted else "refused", highlight=False)


@cameo.command("takes")
def takes(
    handle: HandleArgument,
    whom: Annotated[str, typer.Argument(help="nobody, mutuals or everyone; without it: what is chosen now.")] = "",
    account: AccountOption = "",
    end_user: EndUserOption = "",
) -> None:
    """From whom you take requests for your consent."""
    from registry.consent.requests.request_store import RequestsFrom

    if whom not in ("", *RequestsFrom):
        raise BadInput(f"choose one of {', '.join(RequestsFrom)}")
    with open_installation() as installation:
        desk, who = installation.service.cameos.requests, _party(installation.service.cameos, account, end_user)
        if whom:
            desk.set_takes(who, handle, RequestsFrom(whom))
        out.print(f"takes requests from {desk.takes(who, handle).value}", highlight=False)


@cameo.command("found")
def found(
    handle: HandleArgument,
    show: Annotated[str, typer.Option(help="new, archived, removal or not-me.")] = "new",
    after: Annotated[str, typer.Option(help="The last case of the page before.")] = "",
    account: AccountOption = "",
    end_user: EndUserOption = "",
    as_json: JsonOption = False,
) -> None:
    """Videos that show you without your permission."""
    from registry.consent.found.found_store import FoundAnswer

    if show not in _FOUND_LISTS:
        raise BadInput(f"show one of {', '.join(_FOUND_LISTS)}")
    with open_installation() as installation:
        who = _party(installation.service.cameos, account, end_user)
        desk = installation.service.cameos.found
        page = desk.page(who, handle, answer=FoundAnswer(_FOUND_LISTS[show]), after=after, limit=50)
    if as_json:
        print_json(page)
        return
    if not page.matches:
        out.print("no video")
    for one in page.matches:
        out.print(_match_line(one), highlight=False)
    if page.next:
        out.print(f"older ones: --after {page.next}", highlight=False)


@cameo.command("found-answer")
def found_answer(
    handle: HandleArgument,
    case_id: CaseIdArgument,
    act: Annotated[str, typer.Argument(help="remove, archive, not-me or put-back.")],
    words: Annotated[str, typer.Option(help="With remove: what is wrong with it; erasable.")] = "",
    account: AccountOption = "",
    end_user: EndUserOption = "",
) -> None:
    """Ask for the removal of a video that was found, put it away, or say that it is somebody else."""
    if act not in _FOUND_ANSWERS:
        raise BadInput(f"answer with one of {', '.join(_FOUND_ANSWERS)}")
    with open_installation() as installation:
        desk, who = installation.service.cameos.found, _party(installation.service.cameos, account, end_user)
        if act == "remove":
            down = desk.remove(who, handle, case_id, words=words)
            out.print("it is down" if down else "moderators are notified")
            return
        {"archive": desk.archive, "not-me": desk.not_me, "put-back": desk.put_back}[act](who, handle, case_id)
    out.print("noted")


def add_to(app: typer.Typer) -> None:
    """Register `cameo`, with the commands of this module and its own, and ask-consent."""
    add_cameo_commands(app)
    app.command("ask-consent")(ask_consent)


def _acting(account: str) -> Principal:
    return Principal(id=account, roles=frozenset({Role.PLATFORM})) if account else local_operator()


def _party(cameos: CameoService, account: str, end_user: str) -> Principal:
    who = _acting(account)
    return replace(who, id=cameos.end_users.named(who.id, end_user)) if end_user else who


def _request_line(one: ReceivedRequest) -> str:
    user = f" for {one.asker_user}" if one.asker_user else ""
    prompt = one.prompt if one.prompt is not None else "(the prompt is not shown)"
    return (
        f"{one.request.id} {one.request.state} @{one.cameo.handle} {one.asker}{user}: {prompt} {one.message}".rstrip()
    )


def _match_line(one: FoundMatch) -> str:
    state = "published" if one.published else "held, a moderator looks at it first"
    return f"{one.case_id} {one.submitted:%Y-%m-%d %H:%M} {state}"
