"""`assay creator-link`: the link by which whoever wanted a video reads what became of it."""

from __future__ import annotations

from typing import Annotated

import typer

from console.web.error_responses import CREATOR_PATH
from core.roles import Principal, Role
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json
from pipeline.creator.creator_desk import DEFAULT_DAYS, MOST_DAYS


def creator_link(
    case: Annotated[str, typer.Argument(help="The video's case.")],
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="For so many days from now.")] = DEFAULT_DAYS,
    account: Annotated[str, typer.Option(help="The account that ordered it; default: you.")] = "",
    revoke: Annotated[bool, typer.Option("--revoke", help="Take the link back instead.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Give out the link of a video, for the person who wanted it and for nobody else, or take it back."""
    who = Principal(id=account, roles=frozenset({Role.PLATFORM})) if account else local_operator()
    with open_installation() as at:
        if revoke:
            at.creator_desk.revoke(who, case)
            out.print("The link opens nothing any more.")
            return
        link = at.creator_desk.offer(who, case, days=days)
        address = at.settings.web_address
    url = f"{address}{CREATOR_PATH}{link.secret}"
    if as_json:
        print_json({"url": url, "expires": link.expires})
        return
    out.print(url, highlight=False, soft_wrap=True)
    if not address:
        out.print("The setting web_address says under which name the server is public: put it before this.")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("creator-link")(creator_link)
