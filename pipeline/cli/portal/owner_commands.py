"""cameo, the owner's portal: audience, people, watching, takedowns as they go, notices, certificates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.codec import dump
from core.errors import BadInput
from core.roles import Principal, Role
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json

if TYPE_CHECKING:
    from registry.consent import LikenessAudience

HandleArgument = Annotated[str, typer.Argument(help="The person's handle, with or without @.")]
CaseIdArgument = Annotated[str, typer.Argument(help="The case's id, 16 hex digits.")]
OtherArgument = Annotated[str, typer.Argument(help="An account.")]
OfEndUserOption = Annotated[
    str, typer.Option("--end-user", help="That one user of the account alone, as its orders call them.")
]
AccountOption = Annotated[
    str, typer.Option("--account", help="Act for this account; default: whoever runs the command.")
]


def audience(
    handle: HandleArgument,
    choice: Annotated[str, typer.Option("--choose", help="me, named, mutuals or everyone; without it: show it.")] = "",
    name: Annotated[list[str] | None, typer.Option("--name", help="An account, for named; again for more.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="You mean what it does.")] = False,
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> None:
    """Who may make videos of a person: show it, or choose. What ends, or opens to everybody, needs --yes."""
    from registry.consent import AudienceRequest

    principal = _acting_principal(account)
    with open_installation() as installation:
        portal = installation.service.cameos.portal
        if not choice:
            shown = portal.audience(principal, handle)
            _print({"audience": shown}, f"{shown}", as_json=as_json)
            return
        request = AudienceRequest(audience=_audience(choice), accounts=tuple(name or ()), confirmed=yes)
        change = portal.set_audience(principal, handle, request)
    text = f"{change.audience}: {len(change.granted)} granted, {len(change.takedowns)} ended"
    _print(dump(change), text, as_json=as_json)


def known(account: AccountOption = "", as_json: JsonOption = False) -> None:
    """Whom you say you know, and who says so too. Say it with `assay cameo know`."""
    with open_installation() as installation:
        found = installation.service.cameos.portal.known(_acting_principal(account))
    text = "\n".join(f"{one.account} {'mutual' if one.mutual else 'not mutual'}" for one in found) or "nobody"
    _print({"acquaintances": dump(found)}, text, as_json=as_json)


def blocked(account: AccountOption = "", as_json: JsonOption = False) -> None:
    """Whom you block."""
    with open_installation() as installation:
        found = installation.service.cameos.portal.blocked(_acting_principal(account))
    text = "\n".join(f"{one.account} since {one.at:%Y-%m-%d %H:%M}" for one in found) or "nobody"
    _print({"blocked": dump(found)}, text, as_json=as_json)


def block(
    other: OtherArgument, end_user: OfEndUserOption = "", account: AccountOption = "", as_json: JsonOption = False
) -> None:
    """No permission of yours covers this account any more, and what it made of you comes down now."""
    principal = _acting_principal(account)
    with open_installation() as installation:
        cameos = installation.service.cameos
        takedowns = cameos.portal.block(principal, cameos.end_users.named(other, end_user))
        down = [item for name in takedowns for item in cameos.stores.cascades.items(name)]
    _print(
        {"takedowns": list(takedowns), "down": dump(down)}, f"blocked; {len(down)} videos came down", as_json=as_json
    )


def unblock(
    other: OtherArgument, end_user: OfEndUserOption = "", account: AccountOption = "", as_json: JsonOption = False
) -> None:
    """Your permissions count for this account again. What came down stays down."""
    with open_installation() as installation:
        cameos = installation.service.cameos
        party = cameos.end_users.named(other, end_user) if end_user else other
        cameos.portal.unblock(_acting_principal(account), party)
    _print({"unblocked": other}, "noted", as_json=as_json)


def watch(
    handle: HandleArgument,
    case_id: CaseIdArgument,
    to: Annotated[Path, typer.Option(help="The file to write.")],
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> None:
    """Copy a video that shows you to a file, published or not: to watch it before you approve it."""
    if to.exists():
        raise BadInput(f"{to} is there already")
    with open_installation() as installation:
        file = installation.service.cameos.fetch_use(_acting_principal(account), handle, case_id, to)
    _print({"file": str(file)}, f"{file}", as_json=as_json)


def progress(
    handle: HandleArgument,
    takedown: Annotated[str, typer.Argument(help="The takedown's id, as `assay cameo down --json` names it.")],
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> int:
    """How far a takedown is. Exit: 0 everything is down, 1 not yet."""
    with open_installation() as installation:
        found = installation.service.cameos.portal.progress(_acting_principal(account), handle, takedown)
    counts = {"total": found.total, "down": found.down, "left": found.left, "done": found.done}
    lines = [f"{found.down} of {found.total} are down", *(f"{step.case_id} {step.state}" for step in found.steps)]
    _print({**counts, "cases": dump(found.steps)}, "\n".join(lines), as_json=as_json)
    return 0 if found.done else 1


def read(account: AccountOption = "", as_json: JsonOption = False) -> None:
    """You have read all notices (`assay cameo notices` shows them)."""
    with open_installation() as installation:
        count = installation.service.cameos.portal.mark_read(_acting_principal(account))
    _print({"read": count}, f"{count} notices are read", as_json=as_json)


def certificate(
    cameo_id: Annotated[str, typer.Argument(help="The erased cameo's id; without it: list your erasures.")] = "",
    to: Annotated[Path | None, typer.Option(help="The file to write; without it: standard output.")] = None,
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> None:
    """The certificate of an erasure. Anyone can check the file with `assay audit verify FILE`."""
    principal = _acting_principal(account)
    with open_installation() as installation:
        portal = installation.service.cameos.portal
        if not cameo_id:
            found = portal.own_erasures(principal)
            lines = [f"{one.cameo} {one.asked:%Y-%m-%d} {'ready' if one.certificate else 'not yet'}" for one in found]
            _print({"erasures": dump(found)}, "\n".join(lines) or "nothing was erased", as_json=as_json)
            return
        given = portal.certificate(principal, cameo_id)
    if to is None:
        print_json(given)
        return
    to.write_text(json.dumps(given, indent=1))
    _print({"file": str(to)}, f"the certificate is in {to}", as_json=as_json)


def add_owner_commands(cameo: typer.Typer) -> None:
    """Register the commands with `assay cameo`."""
    for command in (audience, known, blocked, block, unblock, watch, progress, read, certificate):
        cameo.command(command.__name__)(command)


def _audience(choice: str) -> LikenessAudience:
    from registry.consent import LikenessAudience

    try:
        return LikenessAudience(choice)
    except ValueError:
        raise BadInput(f"{choice!r} is no choice: one of {', '.join(LikenessAudience)}") from None


def _acting_principal(account: str) -> Principal:
    return Principal(id=account, roles=frozenset({Role.PLATFORM})) if account else local_operator()


def _print(record: object, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(record)
    else:
        out.print(text, highlight=False, markup=False, soft_wrap=True)
