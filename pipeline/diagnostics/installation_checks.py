"""What this installation can and cannot do: keys, rules, models, and the doctor who looks at all of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.codec import dump
from core.errors import AssayError
from media.sandbox.protections import sandbox_protections
from pipeline.access.public_address import is_public
from pipeline.at_rest.private_files import make_private_folder
from pipeline.blobstores.encrypted_blob_store import EncryptedBlobStore
from pipeline.diagnostics.at_rest_checks import check_encryption, check_privacy
from pipeline.diagnostics.database_checks import check_database
from pipeline.diagnostics.engine_checks import check_engines
from pipeline.diagnostics.role_checks import check_roles
from pipeline.diagnostics.unmeasured_labels import unmeasured_labels
from pipeline.extras import not_installed
from pipeline.ledgers.texts import PostgresTexts
from pipeline.policy_rollout import policy_loading
from pipeline.screening import measurement
from pipeline.settings import Settings

if TYPE_CHECKING:
    from classifiers.base import Classifier
    from pipeline.wiring import Installation


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticResult:
    """One finding of the doctor. `state`: ok, lacks (something is not covered), broken (nothing can be published)."""

    state: str
    says: str


def make_development_keys(settings: Settings) -> dict[str, Any]:
    """Development keys in the keys folder; existing ones are not replaced."""
    from provenance.c2pa.signers.dev_keys import make_dev_keys

    dev_keys = make_dev_keys(settings.keys_folder)
    return {"folder": str(dev_keys.folder), "done": dev_keys.result, "expires": dev_keys.keys.expires.isoformat()}


def check_policy(settings: Settings, folder: Path | None, *, models: bool = False) -> dict[str, Any]:
    """What is wrong with a pack of rules, what is odd about it, and what it does not cover.

    With `models` also which labels of its enforced rules nothing here can measure, and what happens instead.
    """
    from policy.lint.pack_check import check_pack
    from policy.pack import DEFAULT_PACK

    place = folder or settings.policy or DEFAULT_PACK
    report = check_pack(place, policy_loading.policy_vocabulary(), policy_loading.configured_profile(settings))
    lacking = [dump(one) for one in unmeasured_labels(settings, place)] if models and not report.errors else []
    return {
        "rules": report.rules,
        "digest": report.digest,
        "profile": settings.profile,
        "errors": [dump(problem) for problem in report.errors],
        "warnings": [dump(problem) for problem in report.warnings],
        "uncovered": [dump(gap) for gap in report.uncovered],
        "unmeasured": lacking,
    }


def installed_models(settings: Settings) -> list[Any]:
    """Every model in weights.toml, and whether it can be used here."""
    from classifiers import model_listing
    from classifiers.models import Models

    return model_listing(_classifiers(settings), Models(settings.model_options()))


def _classifiers(settings: Settings) -> tuple[Classifier, ...]:
    """The classifiers of this installation, over empty registers."""
    from classifiers import PromptWorks, WorkLikeness, WorkSounds, build_classifiers
    from classifiers.models import Models
    from registry.banks.hash_bank import MemoryHashBank
    from registry.banks.protected_gallery import MemoryGallery
    from registry.rights.registered_works import MemoryWorks
    from registry.rights.work_images import ListedWorkExamples
    from registry.rights.work_sounds import ListedWorkSounds

    models = Models(settings.model_options())
    works = PromptWorks(MemoryWorks(), models=models), WorkLikeness(ListedWorkExamples(), models=models)
    configured = (*works, WorkSounds(ListedWorkSounds()), *measurement.prompt_monitors(settings))
    return build_classifiers(MemoryGallery(), MemoryHashBank(), more=configured, models=models)


def run_diagnostics(settings: Settings) -> list[DiagnosticResult]:
    """Every part, in the order in which a case would need it."""
    results = [DiagnosticResult(state="ok", says=f"everything is kept in {settings.root}")]
    for part in (_disk, _privacy, _sandbox, _plugins, _rules, _keys, _database, _installation, _models):
        try:
            results += part(settings)
        except (AssayError, OSError) as error:
            results.append(DiagnosticResult(state="broken", says=str(error).splitlines()[0]))
    return results


def _disk(settings: Settings) -> Iterator[DiagnosticResult]:
    make_private_folder(settings.root)
    free = shutil.disk_usage(settings.root).free / 1e9
    yield DiagnosticResult(state="ok" if free > 2 else "lacks", says=f"{free:.0f} GB of disk are free there")


def _privacy(settings: Settings) -> Iterator[DiagnosticResult]:
    """Whether other users of this machine can reach what is kept."""
    for state, says in check_privacy(settings):
        yield DiagnosticResult(state=state, says=says)


def _sandbox(settings: Settings) -> Iterator[DiagnosticResult]:
    """A row for each protection, by having tried to get around it."""
    for one in sandbox_protections():
        missing = f"the sandbox lacks: {one.means}; tried and possible: {', '.join(one.got_out)}"
        if one.in_force:
            yield DiagnosticResult(state="ok", says=f"the sandbox gives files from outside {one.means}")
        elif not one.essential:
            yield DiagnosticResult(state="lacks", says=missing)
        elif settings.allow_unsandboxed:
            yield DiagnosticResult(state="lacks", says=f"{missing}; allow_unsandboxed decodes files all the same")
        else:
            yield DiagnosticResult(state="broken", says=f"{missing}: files from outside are refused")


def _plugins(_settings: Settings) -> Iterator[DiagnosticResult]:
    from classifiers import vocabulary
    from pipeline.diagnostics.plugin_checks import check_outside_plugins

    plugins = check_outside_plugins()
    for plugin, problem in plugins:
        yield DiagnosticResult(state="broken" if problem else "ok", says=problem or f"{plugin} is installed")
    if not any(problem for _plugin, problem in plugins):
        vocabulary()  # raises, with its name, for a classifier whose labels are not its own


def outside_classifiers(settings: Settings) -> list[str]:
    """Classifiers from outside that need no model of Assay's, with their labels and who brought them."""
    from classifiers.registered import classifier_types

    brought = {kind: plugin.distribution for plugin, kind in classifier_types() if not plugin.bundled}
    return [
        f"{classifier.source} ({', '.join(classifier.labels)}), from {brought[type(classifier)]}: {classifier.covers}"
        for classifier in _classifiers(settings)
        if type(classifier) in brought
    ]


def _rules(settings: Settings) -> Iterator[DiagnosticResult]:
    from policy.lint.pack_check import uncovered_labels

    policy, profile = policy_loading.load_policy(settings), policy_loading.configured_profile(settings)
    shadow = sum(rule.mode.value == "shadow" for rule in policy.rules)
    profile_text = f", profile {profile.name}" if profile else ""
    description = f"{len(policy.rules)} rules hold, {shadow} of them in shadow: {policy.digest[:12]}{profile_text}"
    yield DiagnosticResult(state="ok", says=description)
    for gap in sorted(uncovered_labels(policy, profile)):
        instead = gap.instead or "No enforced rule reads it."
        yield DiagnosticResult(state="lacks", says=f"not covered at the {gap.gate} gate: {gap.label}. {instead}")
    for lack in unmeasured_labels(settings, None):
        yield DiagnosticResult(state="lacks", says=f"{lack.label} is not measured here: {lack.why}. {lack.instead}")


def _keys(settings: Settings) -> Iterator[DiagnosticResult]:
    from pipeline.sealing import signing_keys
    from provenance.c2pa.signers.certificate_checks import certificate_warnings
    from provenance.c2pa.signers.expiry_warnings import expiry_warnings
    from provenance.c2pa.signers.signer import check_signer

    keys = signing_keys(settings)
    if keys.development:
        yield DiagnosticResult(state="lacks", says="the signing keys are for development: nobody outside trusts them")
        if is_public(settings):
            allowed = settings.allow_development_keys
            follows = (
                "allow_development_keys serves strangers with them" if allowed else "`assay serve` refuses to start"
            )
            yield DiagnosticResult(
                state="lacks" if allowed else "broken",
                says=f"others reach this address, and the signing keys are for development: {follows}",
            )
    for warning in expiry_warnings(keys):
        yield DiagnosticResult(state="broken" if "ran out" in warning else "lacks", says=warning)
    renew = "`assay keys dev` renews it below the same root" if keys.development else "ask its authority for another"
    for warning in certificate_warnings(keys.signer.chain):
        yield DiagnosticResult(state="lacks", says=f"{warning}: {renew}")
    yield _timestamping(settings)
    check_signer(keys.signer)
    location = "a file" if settings.signer == "file" else settings.signer
    yield DiagnosticResult(
        state="ok",
        says=f"the signing key ({location}) signs, and its certificate is good until {keys.expires:%Y-%m-%d}",
    )


def _timestamping(settings: Settings) -> DiagnosticResult:
    if not settings.tsa_url or settings.timestamp == "none":
        description = "no time-stamping authority is asked (tsa_url): signatures end with the signer's certificate"
        return DiagnosticResult(state="lacks", says=description)
    effect_of_outage = {"require": "nothing is sealed", "queue": f"sealing waits for {settings.timestamp_wait:g} s"}
    return DiagnosticResult(
        state="ok",
        says=f"signatures are time-stamped; while the authority is unavailable {effect_of_outage[settings.timestamp]}",
    )


def _database(settings: Settings) -> Iterator[DiagnosticResult]:
    from pipeline.wiring import open_installation_database

    with closing(open_installation_database(settings)) as database:
        for state, says in check_database(database, settings):
            yield DiagnosticResult(state=state, says=says)


def _installation(settings: Settings) -> Iterator[DiagnosticResult]:
    from pipeline.wiring import build_installation

    installation = build_installation(settings)
    try:
        kind = "the database named by the settings" if settings.database_url else "the embedded Postgres"
        waiting = len(installation.ledger.list(limit=1000))
        yield DiagnosticResult(
            state="ok", says=f"{kind} answers; it knows {waiting}{'+' if waiting == 1000 else ''} cases"
        )
        yield from _encryption(installation)
        yield _in_force(installation)
        for state, says in check_roles(installation.accounts.all(), one_person=settings.one_person):
            yield DiagnosticResult(state=state, says=says)
        yield DiagnosticResult(
            state="ok", says=f"videos come from the engine {installation.service.context.engine.name}"
        )
        for state, says in check_engines(settings):
            yield DiagnosticResult(state=state, says=says)
        faces, hashes = installation.registry.gallery.size, installation.registry.bank.size
        yield DiagnosticResult(
            state="ok" if faces else "lacks",
            says=f"{faces} protected faces are enrolled" + ("" if faces else ": nobody's likeness is recognised"),
        )
        voices = installation.registry.voices.size
        yield DiagnosticResult(
            state="ok" if voices else "lacks",
            says=f"{voices} protected voices are enrolled" + ("" if voices else ": nobody's voice is recognised"),
        )
        if quarantined := sum(bank.entries.get("quarantined", 0) for bank in installation.registry.bank.banks.banks()):
            says = f"{quarantined} entries of banks are quarantined and decide nothing: see assay bank list"
            yield DiagnosticResult(state="lacks", says=f"{says} --state quarantined")
        yield DiagnosticResult(
            state="ok" if hashes else "lacks",
            says=f"{hashes} hashes are banked" + ("" if hashes else ": no known picture is recognised"),
        )
    finally:
        installation.close()


def _encryption(installation: Installation) -> Iterator[DiagnosticResult]:
    """Whether what people wrote and what was made of it is encrypted."""
    from pipeline.wiring.stores import open_case_keys

    context, keys = installation.service.context, open_case_keys(installation.settings)
    texts, blob_store = context.texts, context.blob_store
    if not isinstance(texts, PostgresTexts) or not isinstance(blob_store, EncryptedBlobStore):
        yield DiagnosticResult(state="lacks", says="this installation was put together without encryption at rest")
        return
    for state, says in check_encryption(keys, texts, blob_store, installation.ledger.list(limit=20, oldest=True)):
        yield DiagnosticResult(state=state, says=says)


def _in_force(installation: Installation) -> DiagnosticResult:
    status = installation.rollout.status()
    candidate = f"; {status.share:g} % of the cases meet {status.candidate[:12]}" if status.candidate else ""
    if status.installed in (status.digest, status.candidate):
        return DiagnosticResult(state="ok", says=f"the policy in force is {status.digest[:12]}{candidate}")
    description = (
        f"the policy in force is {status.digest[:12]}{candidate}, and the rules that the settings name are others"
    )
    return DiagnosticResult(
        state="lacks", says=f"{description} ({status.installed[:12]}): assay policy stage puts them in force"
    )


def _models(settings: Settings) -> Iterator[DiagnosticResult]:
    by_name = {model.name: model for model in installed_models(settings)}
    for classifier in _classifiers(settings):
        missing = [name for name in classifier.required_models if name in by_name and not by_name[name].present]
        description = f"{classifier.source} ({', '.join(classifier.labels)})"
        if missing:
            reason = "; ".join(by_name[name].missing for name in missing)
            yield DiagnosticResult(state="lacks", says=f"{description} cannot measure: {reason}")
        else:
            yield DiagnosticResult(state="ok", says=f"{description}: {classifier.covers}")
    if not settings.monitor_url:
        yield DiagnosticResult(
            state="lacks", says="no reasoning model reads prompts (monitor_url): allusion may go unseen"
        )
    for extra, use in not_installed().items():
        yield DiagnosticResult(state="lacks", says=f"{use}: not installed (assay[{extra}])")
