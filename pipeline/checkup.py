"""What this installation can and cannot do: keys, rules, models, and the doctor who looks at all of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.codec import dump
from core.errors import AssayError
from pipeline import rooms
from pipeline.extras import not_installed
from pipeline.settings import Settings
from pipeline.unmeasured import unmeasured

if TYPE_CHECKING:
    from classifiers.base import Classifier
    from pipeline.wiring import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One finding of the doctor. `state`: ok, lacks (something is not covered), broken (nothing can be published)."""

    state: str
    says: str


def make_keys(settings: Settings) -> dict[str, Any]:
    """Development keys in the keys folder; those that exist are kept."""
    from provenance.dev_keys import make_dev_keys

    made = make_dev_keys(settings.keys_folder)
    return {"folder": str(made.folder), "done": made.done, "expires": made.keys.expires.isoformat()}


def check_policy(settings: Settings, folder: Path | None, *, models: bool = False) -> dict[str, Any]:
    """What is wrong with a pack of rules, what is odd about it, and what it does not cover.

    With `models` also which labels of its enforced rules nothing here can measure, and what happens instead.
    """
    from policy.check import check
    from policy.pack import DEFAULT_PACK

    place = folder or settings.policy or DEFAULT_PACK
    report = check(place, rooms.words(), rooms.profile_named(settings))
    lacking = [dump(one) for one in unmeasured(settings, place)] if models and not report.errors else []
    return {
        "rules": report.rules,
        "digest": report.digest,
        "profile": settings.profile,
        "errors": [dump(problem) for problem in report.errors],
        "warnings": [dump(problem) for problem in report.warnings],
        "uncovered": [dump(gap) for gap in report.uncovered],
        "unmeasured": lacking,
    }


def models(settings: Settings) -> list[Any]:
    """Every model in weights.toml, and whether it can be used here."""
    settings.tell_models()
    from classifiers import model_listing

    return model_listing(_classifiers(settings))


def _classifiers(settings: Settings) -> tuple[Classifier, ...]:
    """Those that a case meets here, over empty registers."""
    from classifiers import PromptWorks, build
    from registry.bank import MemoryBank
    from registry.gallery import MemoryGallery
    from registry.works import MemoryWorks

    return build(MemoryGallery(), MemoryBank(), more=(PromptWorks(MemoryWorks()), *rooms.monitors(settings)))


def examine(settings: Settings) -> list[Checked]:
    """Every part, in the order in which a case would need it."""
    found = [Checked(state="ok", says=f"everything is kept in {settings.root}")]
    for part in (_disk, _rules, _keys, _house, _models):
        try:
            found += part(settings)
        except (AssayError, OSError) as error:
            found.append(Checked(state="broken", says=str(error).splitlines()[0]))
    return found


def _disk(settings: Settings) -> Iterator[Checked]:
    settings.root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.root).free / 1e9
    yield Checked(state="ok" if free > 2 else "lacks", says=f"{free:.0f} GB of disk are free there")


def _rules(settings: Settings) -> Iterator[Checked]:
    from policy.check import uncovered

    policy, profile = rooms.policy_of(settings), rooms.profile_named(settings)
    shadow = sum(rule.mode.value == "shadow" for rule in policy.rules)
    named = f", profile {profile.name}" if profile else ""
    says = f"{len(policy.rules)} rules hold, {shadow} of them in shadow: {policy.digest[:12]}{named}"
    yield Checked(state="ok", says=says)
    for gap in sorted(uncovered(policy, profile)):
        instead = gap.instead or "No enforced rule reads it."
        yield Checked(state="lacks", says=f"not covered at the {gap.gate} gate: {gap.label}. {instead}")
    for lack in unmeasured(settings, None):
        yield Checked(state="lacks", says=f"{lack.label} is not measured here: {lack.why}. {lack.instead}")


def _keys(settings: Settings) -> Iterator[Checked]:
    from pipeline.sealing import signing_keys
    from provenance.alarms import alarms
    from provenance.signers import try_out

    keys = signing_keys(settings)
    if keys.development:
        yield Checked(state="lacks", says="the signing keys are for development: nobody outside trusts them")
    for warning in alarms(keys):
        yield Checked(state="broken" if "ran out" in warning else "lacks", says=warning)
    yield _stamping(settings)
    try_out(keys.signer)
    where = "a file" if settings.signer == "file" else settings.signer
    yield Checked(
        state="ok", says=f"the signing key ({where}) signs, and its certificate is good until {keys.expires:%Y-%m-%d}"
    )


def _stamping(settings: Settings) -> Checked:
    if not settings.tsa_url or settings.timestamp == "none":
        says = "no time-stamping authority is asked (tsa_url): signatures end with the signer's certificate"
        return Checked(state="lacks", says=says)
    away = {"require": "nothing is sealed", "queue": f"sealing waits for {settings.timestamp_wait:g} s"}
    return Checked(
        state="ok", says=f"signatures are time-stamped; while the authority is away {away[settings.timestamp]}"
    )


def _house(settings: Settings) -> Iterator[Checked]:
    from pipeline.wiring import build

    house = build(settings)
    try:
        kind = "the database named by the settings" if settings.database_url else "the embedded Postgres"
        waiting = len(house.ledger.list(limit=1000))
        yield Checked(state="ok", says=f"{kind} answers; it knows {waiting}{'+' if waiting == 1000 else ''} cases")
        yield _in_force(house)
        yield Checked(state="ok", says=f"videos come from the engine {house.desk.tools.engine.name}")
        faces, hashes = house.registry.gallery.size, house.registry.bank.size
        yield Checked(
            state="ok" if faces else "lacks",
            says=f"{faces} protected faces are enrolled" + ("" if faces else ": nobody's likeness is recognised"),
        )
        voices = house.registry.voices.size
        yield Checked(
            state="ok" if voices else "lacks",
            says=f"{voices} protected voices are enrolled" + ("" if voices else ": nobody's voice is recognised"),
        )
        yield Checked(
            state="ok" if hashes else "lacks",
            says=f"{hashes} hashes are banked" + ("" if hashes else ": no known picture is recognised"),
        )
    finally:
        house.close()


def _in_force(house: House) -> Checked:
    status = house.rollout.status()
    tried = f"; {status.share:g} % of the cases meet {status.candidate[:12]}" if status.candidate else ""
    if status.installed in (status.digest, status.candidate):
        return Checked(state="ok", says=f"the policy in force is {status.digest[:12]}{tried}")
    says = f"the policy in force is {status.digest[:12]}{tried}, and the rules that the settings name are others"
    return Checked(state="lacks", says=f"{says} ({status.installed[:12]}): assay policy stage puts them in force")


def _models(settings: Settings) -> Iterator[Checked]:
    here = {model.name: model for model in models(settings)}
    for classifier in _classifiers(settings):
        missing = [name for name in classifier.needs if name in here and not here[name].present]
        what = f"{classifier.source} ({', '.join(classifier.labels)})"
        if missing:
            why = "; ".join(here[name].missing for name in missing)
            yield Checked(state="lacks", says=f"{what} cannot measure: {why}")
        else:
            yield Checked(state="ok", says=f"{what}: {classifier.covers}")
    if not settings.monitor_url:
        yield Checked(state="lacks", says="no reasoning model reads prompts (monitor_url): allusion may go unseen")
    for extra, use in not_installed().items():
        yield Checked(state="lacks", says=f"{use}: not installed (assay[{extra}])")
