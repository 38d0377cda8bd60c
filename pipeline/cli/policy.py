"""policy check, diff, replay, stage, promote, rollback, status: the rules in force, and how others get there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from pipeline.cli.cli_common import JsonOption, err, local_operator, open_installation, out, print_json
from pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from pipeline.ledgers.policy_store import RolloutStep
    from pipeline.policy_rollout.rollout import RolloutStatus
    from pipeline.wiring import Installation
    from policy.pack import Policy

policy = typer.Typer(no_args_is_help=True, help="The rules in force, and how others get there.")

ProfileOption = Annotated[str, typer.Option(help="laptop, server or a TOML file; default: the setting profile.")]
POLICY_NAMES_HELP = "a folder, a digest that is kept (its beginning is enough), or one of: current, candidate, packaged"


@policy.command("check")
def policy_check(
    folder: Annotated[Path | None, typer.Argument(help="Rules to check; default: those of the settings.")] = None,
    profile: ProfileOption = "",
    as_json: JsonOption = False,
) -> int:
    """Load every rule: types, names, examples, what is never reached, shadowed or not covered. Exit 3 on errors."""
    from pipeline.diagnostics import installation_checks

    report = installation_checks.check_policy(_settings(profile), folder, models=bool(profile))
    if as_json:
        print_json(report)
        return 3 if report["errors"] else 0
    for kind in ("errors", "warnings"):
        for problem in report[kind]:
            location = f"{problem['file']}:{problem['line']}" if problem["line"] else problem["file"]
            _line(f"{location}: {problem['text']}")
    for gap in report["uncovered"]:
        rules = f" ({', '.join(gap['rules'])})" if gap["rules"] else ""
        _line(f"not covered at the {gap['gate']} gate: {gap['label']}{rules}. {gap['instead']}".rstrip())
    for lack in report["unmeasured"]:
        _line(f"not measured here: {lack['label']}: {lack['why']}. {lack['instead']}")
    counted = f"{report['rules']} rules, {len(report['errors'])} errors, {len(report['warnings'])} warnings"
    _line(f"{counted}; policy {report['digest'] or 'none'}")
    return 3 if report["errors"] else 0


@policy.command("diff")
def policy_diff(
    before: Annotated[str, typer.Argument(help=POLICY_NAMES_HELP[0].upper() + POLICY_NAMES_HELP[1:] + ".")],
    after: Annotated[str, typer.Argument(help="Likewise.")],
    profile: ProfileOption = "",
    as_json: JsonOption = False,
) -> int:
    """What differs between two policies, rule by rule. Exit: 0 nothing does, 1 something does."""
    from policy.lint.rule_diff import diff_rules

    with _open_policies(profile, before, after) as (_, (old, new)):
        changes = list(diff_rules(old.rules, new.rules))
    if as_json:
        print_json({"before": old.digest, "after": new.digest, "changes": changes})
        return 1 if changes else 0
    for change in changes:
        _line(f"{change.kind} {change.rule}")
        for name, (was, now) in change.fields.items():
            _line(f"    {name}: {was} -> {now}" if was or change.kind == "changed" else f"    {name}: {now}")
    out.print(f"{old.digest[:12]} -> {new.digest[:12]}: {len(changes)} rules differ", highlight=False)
    return 1 if changes else 0


@policy.command("replay")
def policy_replay(
    folder: Annotated[str, typer.Argument(help=f"The policy to try: {POLICY_NAMES_HELP}.")],
    since: Annotated[str, typer.Option(help="Only cases submitted since then (2028-01-31T00:00:00Z).")] = "",
    sample: Annotated[int, typer.Option(help="How many changed cases to name.")] = 20,
    limit: Annotated[int | None, typer.Option(help="How many cases to look at, at the most.")] = None,
    state: Annotated[
        Path | None, typer.Option(help="Keep what was found in this file, and go on from it if it is there.")
    ] = None,
    profile: ProfileOption = "",
    as_json: JsonOption = False,
) -> int:
    """Judge past cases again by another policy, from what was measured then. Changes nothing, runs no model."""
    from pipeline.policy_rollout.policy_replay import ReplayTally, replay_policy, resume_tally
    from pipeline.verification.verifier import parse_validation_time

    moment = parse_validation_time(since) if since else None
    with _open_policies(profile, folder) as (installation, (candidate_policy,)):
        tally = ReplayTally(policy=candidate_policy.digest, since=since)
        if state and state.is_file():
            tally = resume_tally(json.loads(state.read_text(encoding="utf-8")), candidate_policy.digest, since)
        total = tally.cases + installation.case_histories.count(after=tally.after, since=moment)
        for now in replay_policy(
            candidate_policy, installation.case_histories, tally, since=moment, samples=sample, max_cases=limit
        ):
            err.print(f"{now.cases}/{total} cases, {sum(now.changes.values())} verdicts change", highlight=False)
            if state:
                _save_state(state, now.as_json_object())
    if as_json:
        print_json(tally.as_json_object())
    else:
        _print_tally(tally.as_json_object())
    return 0


@policy.command("stage")
def policy_stage(
    folder: Annotated[Path, typer.Argument(help="The rules to try.")],
    share: Annotated[float, typer.Option(help="Percent of the cases that meet them, by a hash of the case.")] = 5,
    profile: ProfileOption = "",
    as_json: JsonOption = False,
) -> int:
    """Let a new policy decide about a share of the cases; the rest keep the one in force."""
    from pipeline.policy_rollout import policy_loading

    settings = _settings(profile)
    candidate = policy_loading.load_policy(settings, folder)
    with open_installation(allow_broken_policy=True) as at:
        named = policy_loading.configured_profile(settings)
        status = at.rollout.stage(local_operator(), folder, candidate, share=share, profile=named)
        return _print_status(at, status, as_json)


@policy.command("promote")
def policy_promote(as_json: JsonOption = False) -> int:
    """Put the staged policy in force for every case."""
    with open_installation(allow_broken_policy=True) as installation:
        return _print_status(installation, installation.rollout.promote(local_operator()), as_json)


@policy.command("rollback")
def policy_rollback(
    to: Annotated[str, typer.Option(help="A kept policy, by the beginning of its digest.")] = "",
    as_json: JsonOption = False,
) -> int:
    """Withdraw the staged policy; without one, go back to the policy before the last promotion."""
    with open_installation(allow_broken_policy=True) as installation:
        return _print_status(installation, installation.rollout.roll_back(local_operator(), to=to), as_json)


@policy.command("status")
def policy_status(as_json: JsonOption = False) -> int:
    """Which policy is in force, which is tried out on how many cases, and the steps so far."""
    with open_installation(allow_broken_policy=True) as installation:
        return _print_status(installation, installation.rollout.status(), as_json)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(policy, name="policy")


def _settings(profile: str) -> Settings:
    return load_settings(**({"profile": profile} if profile else {}))


@contextmanager
def _open_policies(profile: str, *names: str) -> Iterator[tuple[Installation, tuple[Policy, ...]]]:
    from pipeline.policy_rollout import policy_loading

    with open_installation() as at:
        yield at, tuple(policy_loading.find_policy(name, _settings(profile), at.rollout) for name in names)


def _save_state(state: Path, tally: dict[str, Any]) -> None:
    """Atomic: an interrupted replay continues from here."""
    partial_file = state.with_name(f".{state.name}.part")
    partial_file.write_text(json.dumps(tally), encoding="utf-8")
    partial_file.replace(state)


def _print_tally(tally: dict[str, Any]) -> None:
    changed = sum(tally["changes"].values())
    _line(f"{tally['cases']} cases, {tally['verdicts']} verdicts: {tally['same']} stay, {changed} change")
    if tally["without_facts"]:
        _line(f"{tally['without_facts']} verdicts are from before facts were kept, and were not judged again")
    if tally["unreadable"]:
        _line(f"{tally['unreadable']} cases were written by a newer Assay and were left out")
    for name in ("changes", "rules"):
        for reason, count in tally[name].items():
            _line(f"{count:8d}  {reason}")
    for rule, count in tally["shadow"].items():
        _line(f"{count:8d}  in shadow: {rule}")
    for change in tally["sample"]:
        moved = [f"+{rule}" for rule in change["fires"]] + [f"-{rule}" for rule in change["no_longer"]]
        _line(f"case {change['case']}  {change['change']}  {' '.join(moved)}")


def _print_status(installation: Installation, status: RolloutStatus, as_json: bool) -> int:
    from pipeline.policy_rollout.policy_service import count_verdicts

    since = count_verdicts(installation.case_histories, status)
    if as_json:
        print_json(
            {
                "policy": status.digest,
                "candidate": status.candidate or None,
                "share": status.share,
                "installed": status.installed,
                "since_the_last_step": since,
                "steps": status.steps,
            }
        )
        return 0
    _line(f"in force: {status.digest}")
    if status.candidate:
        _line(f"tried on {status.share:g} % of the cases: {status.candidate}")
    if status.installed not in (status.digest, status.candidate):
        _line(f"the rules that the settings name are others ({status.installed[:12]}): stage them to put them in force")
    for digest, counts in since.items():
        summary = ", ".join(f"{count} {decision}" for decision, count in sorted(counts.items()))
        _line(f"since the last step {digest[:12]} gave: {summary}")
    if status.steps:
        out.print(_steps_table(status.steps))
    return 0


def _steps_table(steps: Iterable[RolloutStep]) -> Table:
    table = Table(title="steps", title_justify="left")
    for name in ("when", "step", "in force", "candidate", "share", "by"):
        table.add_column(name, overflow="fold")
    for step in steps:
        time = f"{step.at:%Y-%m-%d %H:%M}" if step.at else ""
        share = f"{step.share:g} %" if step.candidate else ""
        table.add_row(time, step.step, step.digest[:12], step.candidate[:12], share, step.by)
    return table


def _line(text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)
