"""`assay claims`: what people outside claim of published videos, by the legal clock, and the decision."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from core.errors import BadInput
from core.roles import Principal, Role, require_role
from pipeline.claims.claim import ClaimDecision, ClaimKind, parse_tracking_number
from pipeline.claims.claim_codes import CLAIM_CODE_TEXTS
from pipeline.claims.claim_review import ClaimDossier, WaitingClaim
from pipeline.claims.claim_store import ClaimFilePurpose
from pipeline.claims.stay_down import LIFT_OUTCOME_TEXTS, LiftOutcome
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json

claims_app = typer.Typer(no_args_is_help=True, help="Claims from outside about published videos.")

ClaimNumber = Annotated[str, typer.Argument(help="The tracking number of the claim.")]


@claims_app.command("list")
def list_claims(
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(ClaimKind)}.")] = "",
    decided: Annotated[bool, typer.Option("--decided", help="Those that were decided, the newest first.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Claims that wait, the first due first."""
    if kind and kind not in list(ClaimKind):
        raise BadInput(f"{kind!r} is no kind of claim; it is one of {', '.join(ClaimKind)}")
    now, who = datetime.now(UTC), local_operator()
    with open_installation() as at:
        review = at.claims.review
        rows = review.decided(who, now) if decided else review.queue(who, now, kind=ClaimKind(kind) if kind else None)
    if as_json:
        print_json([_row_json(row) for row in rows if not kind or row.claim.kind == kind])
        return
    table = Table(title="claims", title_justify="left")
    for name in ("claim", "kind", "law", "due", "left", "state", "videos"):
        table.add_column(name, overflow="fold")
    for row in rows:
        claim = row.claim
        table.add_row(
            claim.id,
            claim.kind.value,
            claim.law,
            f"{claim.due_at:%Y-%m-%d %H:%M}" if claim.due_at else "",
            _left(row),
            claim.decision.value if claim.decision else "hidden" if claim.paused_at else "waits",
            " ".join(claim.case_ids),
        )
    out.print(table)


@claims_app.command("show")
def show_claim(claim_id: ClaimNumber, as_json: JsonOption = False) -> None:
    """One claim: what they say and who they are, until that was erased, and what happened."""
    with open_installation() as at:
        shown = at.claims.review.show(local_operator(), parse_tracking_number(claim_id))
    if as_json:
        print_json(_dossier_json(shown))
        return
    claim = shown.claim
    out.print(f"{claim.id} {claim.kind.value} by {shown.law.title}", highlight=False)
    for name, value in {**shown.contact, **shown.words, "authority": shown.authority}.items():
        if value:
            out.print(f"{name}: {value}", highlight=False, markup=False)
    for step in shown.steps:
        says = CLAIM_CODE_TEXTS.get(step.code, step.code)
        out.print(f"{step.at:%Y-%m-%d %H:%M} {step.step} {step.by} {says}".rstrip(), highlight=False, markup=False)
    for decision, reasons in shown.choices.items():
        out.print(f"{decision.value}: {', '.join(reasons)}", highlight=False)


@claims_app.command("decide")
def decide_claim(
    claim_id: ClaimNumber,
    decision: Annotated[str, typer.Argument(help="upheld, partly or rejected.")],
    code: Annotated[str, typer.Option(help="The reason; `assay claims show` names those that fit.")],
    words: Annotated[str, typer.Option(help="In your words, for both sides.")] = "",
    video: Annotated[list[str] | None, typer.Option(help="For which video it is upheld, where only in part.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Uphold it, in part or whole, or reject it. What has to come down, or back, does so before this ends."""
    if decision not in (ClaimDecision.UPHELD, ClaimDecision.PARTLY, ClaimDecision.REJECTED):
        raise BadInput("a claim is upheld, upheld partly, or rejected")
    who, claim_id = local_operator(), parse_tracking_number(claim_id)
    with open_installation() as at:
        review = at.claims.review
        decided = review.decide(
            who,
            claim_id,
            ClaimDecision(decision),
            code=code,
            words=words,
            upheld=video or (),
            revision=review.show(who, claim_id).claim.revision,
            now=datetime.now(UTC),
        )
        if at.runner is not None:
            at.runner.drain()
        at.claims.upkeep.run_maintenance()
        shown = review.show(who, decided.id)
    if as_json:
        print_json(_dossier_json(shown))
    else:
        out.print(f"{decided.id}: {decision}. {CLAIM_CODE_TEXTS[code]}", highlight=False)


@claims_app.command("ask")
def ask_for_proof(
    claim_id: ClaimNumber,
    prove: Annotated[list[str], typer.Option(help=f"What is to be proved: {', '.join(ClaimFilePurpose)}.")],
    words: Annotated[str, typer.Option(help="In your words, for whoever claims.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Ask whoever claims for proof. The clock stands still until it comes, where the law lets it."""
    if unknown := [one for one in prove if one not in list(ClaimFilePurpose)]:
        raise BadInput(f"{unknown[0]!r} is nothing to be proved; it is one of {', '.join(ClaimFilePurpose)}")
    who, claim_id = local_operator(), parse_tracking_number(claim_id)
    with open_installation() as at:
        revision = at.claims.review.show(who, claim_id).claim.revision
        wanted, now = [ClaimFilePurpose(one) for one in prove], datetime.now(UTC)
        asked = at.claims.proofs.ask(who, claim_id, wanted, words, revision=revision, now=now)
    if as_json:
        print_json(asked)
    else:
        still = " The clock stands still until it comes." if asked.clock_stopped_at else " The clock runs on."
        out.print(f"{asked.id}: asked, until {asked.proof_due_at:%Y-%m-%d %H:%M}.{still}", highlight=False)


@claims_app.command("proved")
def accept_proof(claim_id: ClaimNumber, as_json: JsonOption = False) -> None:
    """Say that the proof that came is enough. Decides nothing."""
    who, claim_id = local_operator(), parse_tracking_number(claim_id)
    with open_installation() as at:
        revision = at.claims.review.show(who, claim_id).claim.revision
        proved = at.claims.proofs.accept(who, claim_id, revision=revision, now=datetime.now(UTC))
        if at.runner is not None:
            at.runner.drain()
    if as_json:
        print_json(proved)
    else:
        out.print(f"{proved.id}: the proof is enough.", highlight=False)


@claims_app.command("appeal")
def appeal_claim(
    claim_id: ClaimNumber,
    words: Annotated[str, typer.Option(help="Why it should be decided otherwise.")],
    account: Annotated[
        str, typer.Option("--account", help="The author's account; default: whoever runs the command.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """As the author of a video that a claim took down, ask that somebody else decides."""
    operator, now = local_operator(), datetime.now(UTC)
    who = Principal(id=account, roles=operator.roles) if account else operator
    with open_installation() as at:
        appeal = at.claims.answers.appeal(who, parse_tracking_number(claim_id), words, now)
    if as_json:
        print_json(appeal)
    else:
        out.print(f"{appeal.id}: to be decided by {appeal.due_at:%Y-%m-%d %H:%M}.", highlight=False)


def add_to(app: typer.Typer) -> None:
    """The command and what is below it."""
    app.add_typer(claims_app, name="claims")


def _left(row: WaitingClaim) -> str:
    if row.late:
        return "late"
    return f"{row.seconds_left / 3600:.1f} h" if row.seconds_left is not None else ""


def _row_json(row: WaitingClaim) -> dict[str, Any]:
    return {**asdict(row.claim), "late": row.late, "seconds_left": row.seconds_left, "title": row.law.title}


def _dossier_json(shown: ClaimDossier) -> dict[str, Any]:
    return {
        "claim": shown.claim,
        "law": shown.law.title,
        "contact": dict(shown.contact),
        "words": dict(shown.words),
        "authority": shown.authority,
        "reason": shown.reason,
        "files": list(shown.files),
        "steps": list(shown.steps),
        "answers": [one.claim for one in shown.answers],
        "choices": {decision.value: list(reasons) for decision, reasons in shown.choices.items()},
    }


@claims_app.command("kept-down")
def show_kept_down(claim_id: ClaimNumber, as_json: JsonOption = False) -> None:
    """What a claim took down and keeps down, or what became of each video since it was lifted."""
    with open_installation() as at:
        require_role(local_operator(), Role.MODERATOR)
        report = at.stay_down.report(parse_tracking_number(claim_id))
    if as_json:
        print_json(report)
        return
    table = Table(title=f"{report.wish.value}{'' if report.done else ', not done yet'}", title_justify="left")
    for name in ("video", "taken from", "banked", "outcome"):
        table.add_column(name, overflow="fold")
    for one in report.cases:
        said = LIFT_OUTCOME_TEXTS[LiftOutcome(one.outcome)] if one.outcome else ""
        table.add_row(one.case_id, one.taken_from, f"{one.banked:%Y-%m-%d %H:%M}" if one.banked else "", said)
    out.print(table)
