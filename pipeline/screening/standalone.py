"""Screening a text where there is no installation: by the policy that the settings name, with nobody enrolled.

It opens no database. Works and people that an installation has registered are not known here, and a policy that an
installation has rolled out is not in force here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from classifiers import PromptWorks, build_classifiers
from classifiers.audio.voices import EmptyGallery
from classifiers.base import Classifier, PromptText, measure_all
from classifiers.models import Models
from classifiers.text.language_detection import detect_language
from classifiers.text.prompt_works import WorkLike
from core.case import Case
from core.errors import NotFound
from core.signals import Signal
from core.text_styles import TextStyle
from core.verdicts import Facts, Gate, Ruling, Verdict
from media.arrays import BitArray
from media.lookup.bank_hashes import BankHit, FrameViews
from pipeline.policy_rollout.policy_loading import load_policy
from pipeline.rights.work_facts import NO_WORKS
from pipeline.screening.dry_run import DryRunVerdict, dry_run
from pipeline.screening.measurement import located_measurements, prompt_monitors
from pipeline.settings import Settings
from pipeline.stages.stage_context import Measurements
from pipeline.video_request import VideoRequest, validate_request
from policy.decide import decide, refuses_for_good
from policy.explain import Reason, reasons
from policy.pack import Policy
from policy.rule_description import RuleDescription, describe_rules
from policy.vocabulary import FACTS
from registry.consent.cameos import Cameo
from registry.consent.consent_facts import ConsentFacts
from registry.consent.leases import Lease, UseRequest
from registry.consent.likeness_uses import AncestorCase


def is_installed(settings: Settings) -> bool:
    """Whether the settings describe an installation that has been used: a home, or a database elsewhere."""
    return settings.database_url is not None or settings.root.exists()


def screen_standalone(
    settings: Settings, text: str, style: TextStyle | None = None, *, with_places: bool = True
) -> DryRunVerdict:
    """What would be said of this prompt, by the policy that the settings name. Raises BadInput, PolicyError.

    Without places, which take long to find, the reasons of what is not allowed do not say in which words it is.
    The policy and the models are loaded once for each set of settings.
    """
    validate_request(VideoRequest(prompt=text))
    screener, prompt = _screener(settings), PromptText(text, style)
    measurements = measure_all(prompt, screener.classifiers)
    measured = Measurements(
        signals=measurements.signals,
        seconds=measurements.seconds,
        language=detect_language(text, screener.models) or "",
    )
    return dry_run(
        Gate.PROMPT,
        measured,
        policy=screener.policy,
        facts=screener.facts,
        locate=(lambda found: located_measurements(prompt, found, screener.classifiers)) if with_places else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OnePolicy:
    """A PolicyGate that always decides by the same policy."""

    policy: Policy

    def judge(
        self, gate: Gate, signals: Sequence[Signal], facts: Facts, rulings: Sequence[Ruling], case_id: str = ""
    ) -> Verdict:
        """As PolicyGate.judge."""
        del case_id
        return decide(gate, signals, facts, rulings, self.policy)

    def refuses_for_good(self, gate: Gate, signals: Sequence[Signal], case_id: str) -> bool:
        """As PolicyGate.refuses_for_good."""
        del case_id
        return refuses_for_good(gate, signals, self.policy)

    def explain(self, verdict: Verdict, signals: Sequence[Signal]) -> Sequence[Reason]:
        """As PolicyGate.explain."""
        return reasons(verdict, signals, self.policy)

    def describe(self, verdict: Verdict) -> Sequence[RuleDescription]:
        """As PolicyGate.describe."""
        return describe_rules(self.policy, verdict.gate)


class NobodyRegistered:
    """The registries and the ledger of an installation in which nothing has happened yet."""

    def all(self) -> Sequence[WorkLike]:
        """No work is registered."""
        return ()

    def covering_lease(self, handle: str, request: UseRequest) -> Lease | None:
        """No lease was given."""
        del handle, request
        return None

    def leased_for_order(self, case_id: str) -> Sequence[str]:
        """No lease was given, for one order neither."""
        del case_id
        return ()

    def get(self, cameo_id: str) -> Cameo:
        """Raises NotFound: nobody is enrolled."""
        raise NotFound(f"{cameo_id} is not enrolled: nobody is")

    def by_handle(self, handle: str) -> Cameo | None:
        """Nobody is enrolled."""
        del handle
        return None

    def touch(self, cameo_ids: Sequence[str]) -> None:
        """Nobody is enrolled."""

    def ancestors(
        self, case_id: str, parent: str, references: Sequence[str], copies: Sequence[str] = ()
    ) -> Sequence[AncestorCase]:
        """There are no cases."""
        del case_id, parent, references, copies
        return ()

    def approved_cameos(self, case_id: str, asset: str) -> frozenset[str]:
        """There are no drafts."""
        del case_id, asset
        return frozenset()

    def read(self, text_id: str) -> str:
        """Raises NotFound: there are no texts."""
        raise NotFound(f"there is no text {text_id} here")

    def count_vetoes(self, case_ids: Sequence[str]) -> int:
        """There are no owners."""
        del case_ids
        return 0

    def author_facts(self, author: str, end_user: str = "") -> dict[str, int]:
        """Nobody has asked for anything."""
        del author, end_user
        return {name: 0 for name in FACTS if name.startswith(("author_", "account_refusals"))}


class EmptyBank:
    """A HashBank in which nothing is banked."""

    size = 0
    has_sounds = False

    def frame_hits(self, frames: Sequence[FrameViews]) -> Sequence[BankHit]:
        """There is nothing to be like."""
        del frames
        return ()

    def sound_hits(self, hashes: BitArray, seconds: Sequence[int]) -> Sequence[BankHit]:
        """There is nothing to be like."""
        del hashes, seconds
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NobodysFacts:
    """A FactSource for a text that belongs to no case: it is made from no file, and no scores were there to move."""

    consent: ConsentFacts

    def facts(self, case: Case) -> Mapping[str, bool | int | float | str]:
        """As FactSource.facts."""
        return {**self.consent.facts(case), **NO_WORKS, "damaged_parents": 0, "classifier_drift": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Screener:
    models: Models
    classifiers: tuple[Classifier, ...]
    policy: OnePolicy
    facts: NobodysFacts


@lru_cache(maxsize=4)
def _screener(settings: Settings) -> _Screener:
    empty = NobodyRegistered()
    consent = ConsentFacts(
        leases=empty,
        cameos=empty,
        lineage=empty,
        answers=empty,
        authors=empty,
        texts=empty,
        engine=settings.engine,
        unstated_minor=settings.unstated_minor,
        monitor_asked=bool(settings.monitor_url),
    )
    models = Models(settings.model_options())
    return _Screener(
        models=models,
        classifiers=build_classifiers(
            EmptyGallery(),
            EmptyBank(),
            more=(PromptWorks(empty, models=models), *prompt_monitors(settings)),
            models=models,
        ),
        policy=OnePolicy(policy=load_policy(settings)),
        facts=NobodysFacts(consent=consent),
    )
