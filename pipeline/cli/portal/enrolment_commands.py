"""cameo, for moderators: held enrolments, limits in words, and uses that people reported."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json

BannedTopicsOption = Annotated[
    list[str] | None, typer.Option("--no", help="politics, alcohol, romance or revealing; again for more.")
]
BannedWordsOption = Annotated[
    list[str] | None, typer.Option("--word", help="A word not to say or be shown with; again for more.")
]


def held(as_json: JsonOption = False) -> None:
    """Enrolments and limits in words that wait for a moderator, and uses that people reported. For moderators."""
    with open_installation() as installation:
        review = installation.service.cameos.review
        people, leases = review.held(local_operator()), review.to_review(local_operator())
        reported = review.reports(local_operator())
        proofs = {held_cameo.id: review.proof(local_operator(), held_cameo.id) for held_cameo in people}
        measured = {
            held_cameo.id: installation.service.cameos.enrolment.signals_of(local_operator(), held_cameo.id)
            for held_cameo in people
        }
    if as_json:
        print_json({"held": people, "proofs": proofs, "measured": measured, "to_review": leases, "reported": reported})
        return
    for held_cameo in people:
        rules = ", ".join(rule for challenge in measured[held_cameo.id] for rule in challenge.rules)
        out.print(
            f"{held_cameo.id} @{held_cameo.handle} {held_cameo.kind} of {held_cameo.owner}:"
            f" {rules or 'proof to be looked at'}",
            highlight=False,
        )
    for lease_to_review in leases:
        out.print(
            f"{lease_to_review.lease.id} @{lease_to_review.cameo.handle}: {lease_to_review.words}",
            highlight=False,
            markup=False,
        )
    for report in reported:
        out.print(f"{report.case_id} reported {report.at:%Y-%m-%d}: {report.words}", highlight=False, markup=False)


def admit(
    cameo_id: Annotated[str, typer.Argument(help="The held cameo: its id, or its handle.")],
    refuse: Annotated[
        bool, typer.Option("--refuse", help="Refuse it instead, with a code; it can be appealed.")
    ] = False,
    code: Annotated[
        str, typer.Option(help="Why: proof_lacking, unclear, another_person, enrolled_already or not_live.")
    ] = "",
    note: Annotated[str, typer.Option(help="For whoever decides about an appeal.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Decide about a held enrolment. For moderators."""
    with open_installation() as installation:
        cameos = installation.service.cameos
        chosen = cameos.cameo(local_operator(), cameo_id).id
        receipt = cameos.review.admit(local_operator(), chosen, allow=not refuse, code=code, note=note)
    _print({"receipt": receipt}, "refused" if receipt is None else f"enrolled\nreceipt {receipt.hash}", as_json=as_json)


def review(
    lease_id: Annotated[str, typer.Argument(help="A lease with limits in words.")],
    ban: BannedTopicsOption = None,
    word: BannedWordsOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="A person looks at each use.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make rules of an owner's own words. For moderators."""
    from registry.consent import LeaseTerms

    terms = LeaseTerms(bans=tuple(ban or ()), words=tuple(word or ()), watched=watch)
    with open_installation() as installation:
        reviewed, receipt = installation.service.cameos.review.review(local_operator(), lease_id, terms)
    _print({"lease": reviewed, "receipt": receipt}, f"{reviewed.id} in the place of {lease_id}", as_json=as_json)


def add_enrolment_commands(cameo: typer.Typer) -> None:
    """Register the commands with `assay cameo`."""
    for command in (held, admit, review):
        cameo.command(command.__name__)(command)


def _print(record: object, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(record)
    else:
        out.print(text, highlight=False, markup=False, soft_wrap=True)
