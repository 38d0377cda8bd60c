"""reviewers: which queues each moderator has, and which case a trusted flagger reported."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Column, Table

from core.errors import BadInput, NotFound
from core.roles import Role
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json
from pipeline.moderation.review_queue import REVIEW_SUBJECTS
from pipeline.moderation.review_rights import EVERYTHING, ReviewRights

reviewers = typer.Typer(no_args_is_help=True, help="Which queues each moderator has.")

ModeratorArgument = Annotated[str, typer.Argument(help="The moderator's account.")]
_SUBJECT_HELP = f"One of {', '.join(REVIEW_SUBJECTS)}; may be given more than once."
_MANY = "May be given more than once; without it, all."


@reviewers.command("list")
def reviewers_list(as_json: JsonOption = False) -> None:
    """Who is limited to some queues, and who is an expert. Whoever is not listed reviews everything."""
    with open_installation() as at:
        found = at.service.reviews.all_rights(local_operator())
    if as_json:
        print_json({"reviewers": {account: asdict(rights) for account, rights in found.items()}})
        return
    table = Table(Column("account", no_wrap=True), "reviews", "expert")
    for account, rights in found.items():
        table.add_row(account, _words(rights), "yes" if rights.expert else "")
    out.print(table)


@reviewers.command("set")
def reviewers_set(
    *,
    account: ModeratorArgument,
    subject: Annotated[list[str] | None, typer.Option(help=_SUBJECT_HELP)] = None,
    language: Annotated[list[str] | None, typer.Option(help=f"Of the prompt, as ISO 639-1. {_MANY}")] = None,
    region: Annotated[list[str] | None, typer.Option(help=f"Of the account, as the platform says it. {_MANY}")] = None,
    tenant: Annotated[list[str] | None, typer.Option(help=f"An account whose cases they review. {_MANY}")] = None,
    rule: Annotated[list[str] | None, typer.Option(help=f"A rule that holds them. {_MANY}")] = None,
    max_severity: Annotated[int, typer.Option(min=1, max=5, help="The gravest that they review, from 1 to 5.")] = 5,
    expert: Annotated[bool, typer.Option(help="They also review what others escalate, and nobody else does.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Let a moderator review these queues and no others, in place of what was set before. Without options: all."""
    rights = ReviewRights(
        subjects=tuple(subject or ()),
        languages=tuple(language or ()),
        regions=tuple(region or ()),
        authors=tuple(tenant or ()),
        rules=tuple(rule or ()),
        max_severity=max_severity,
        expert=expert,
    )
    if wrong := set(rights.subjects) - set(REVIEW_SUBJECTS):
        raise BadInput(f"{', '.join(sorted(wrong))}: a subject is one of {', '.join(REVIEW_SUBJECTS)}")
    with open_installation() as at:
        found = at.accounts.get(account)
        if found is None or Role.MODERATOR not in found.roles:
            raise NotFound(f"there is no moderator {account}")
        at.service.reviews.set_rights(local_operator(), account, rights)
    if as_json:
        print_json({"account": account, **asdict(rights)})
    else:
        out.print(f"{account} reviews {_words(rights)}{', and is an expert' if expert else ''}", highlight=False)


@reviewers.command("flag")
def reviewers_flag(
    case_id: Annotated[str, typer.Argument(help="A held case.")],
    as_json: JsonOption = False,
) -> None:
    """A trusted flagger reported this held case: it comes before everything else, with a clock of its own."""
    with open_installation() as at:
        at.service.reviews.flag(local_operator(), case_id)
    if as_json:
        print_json({"case": case_id, "flagged": True})
    else:
        out.print(f"case {case_id} comes first now", highlight=False)


def _words(rights: ReviewRights) -> str:
    if rights in (EVERYTHING, ReviewRights(expert=True)):
        return "everything"
    limits = {
        "subject": rights.subjects,
        "language": rights.languages,
        "region": rights.regions,
        "tenant": rights.authors,
        "rule": rights.rules,
    }
    said = [f"{name} {' or '.join(values)}" for name, values in limits.items() if values]
    said += [f"severity up to {rights.max_severity}"] if rights.max_severity < 5 else []
    return ", ".join(said)


def add_to(app: typer.Typer) -> None:
    """Put the commands on this command line."""
    app.add_typer(reviewers, name="reviewers")
