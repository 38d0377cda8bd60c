"""account, a platform's end users: one of them leaves and is erased as a whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from core.codec import dump
from core.roles import Principal, Role
from pipeline.cli.cases import EXIT_WAITING
from pipeline.cli.cli_common import JsonOption, open_installation, out, print_json

AccountArgument = Annotated[str, typer.Argument(help="The account that speaks for them.")]


def erase_user(
    account: AccountArgument,
    end_user: Annotated[str, typer.Argument(help="What the account's orders call them (`--end-user`), to the letter.")],
    yes: Annotated[bool, typer.Option("--yes", help="You mean it: it cannot be taken back.")] = False,
    to: Annotated[Path | None, typer.Option(help="Write the certificate here, once it is ready.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Erase all of one end user, with a certificate: cameos, permissions, orders, texts, videos, requests, notices.

    Exit: 0 once nothing is left, 6 while something still comes down: ask again, the erasure goes on by itself.
    """
    if not yes:
        raise typer.BadParameter("this cannot be taken back: say --yes", param_hint="--yes")
    who = Principal(id=account, roles=frozenset({Role.PLATFORM}))
    with open_installation() as at:
        desk = at.end_user_erasures
        erased = desk.erase(who, end_user)
        if at.runner is not None and not erased.certificate:
            at.runner.drain()
            desk.run_maintenance()
            erased = desk.erasure(who, erased.id)
        if to is not None and erased.certificate:
            to.write_text(json.dumps(desk.certificate(who, erased.id), indent=2) + "\n")
    if as_json:
        told = {"id": erased.id, "asked": erased.asked, "erased": erased.counts}
        print_json({**dump(told), "certificate_ready": bool(erased.certificate)})
    else:
        counts = [f"{count} {name.replace('_', ' ')}" for name, count in sorted(erased.counts.items()) if count]
        state = "nothing is left" if erased.certificate else "something still comes down"
        out.print(f"{erased.id}: {state} ({', '.join(counts)})", highlight=False, soft_wrap=True)
    return 0 if erased.certificate else EXIT_WAITING


def user_certificate(
    account: AccountArgument,
    erasure_id: Annotated[str, typer.Argument(help="The erasure's id; without it: list them.")] = "",
    to: Annotated[Path, typer.Option(help="The file to write.")] = Path("erasure.json"),
    as_json: JsonOption = False,
) -> None:
    """The certificate of an end user's erasure. Anyone can check the file with `assay audit verify FILE`."""
    who = Principal(id=account, roles=frozenset({Role.PLATFORM}))
    with open_installation() as at:
        if not erasure_id:
            found = at.end_user_erasures.of(who)
            lines = [f"{one.id} {one.asked:%Y-%m-%d} {'ready' if one.certificate else 'not yet'}" for one in found]
            print_json({"erasures": dump(found)}) if as_json else out.print("\n".join(lines) or "nobody was erased")
            return
        to.write_text(json.dumps(at.end_user_erasures.certificate(who, erasure_id), indent=2) + "\n")
    print_json({"file": str(to)}) if as_json else out.print(f"the certificate is in {to}", highlight=False)


def add_end_user_commands(account: typer.Typer) -> None:
    """Register the commands with `assay account`."""
    account.command("erase-user")(erase_user)
    account.command("user-certificate")(user_certificate)
