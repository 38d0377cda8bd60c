"""The rooms below the pipeline, as its stages see them: measuring and deciding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from classifiers import ChatEndpoint, PromptMonitor, label_subjects
from classifiers.base import Classifier, PromptText, measure_all
from core.errors import NotFound
from core.permitted import NO_CAMEOS, PermittedCameos
from core.signals import Subject
from core.verdicts import Gate
from media.audio_decode import decode_mono_audio
from media.probe import probe
from media.sampling import sample_video
from media.sandbox.limits import MIB, InputLimits
from media.still_image import is_image, sample_image
from media.video import VideoSample
from pipeline.ledgers.policy_store import PolicyStore
from pipeline.policy_rollout.policy_selection import PolicySelector, pack_policy
from pipeline.policy_rollout.rollout import Rollout
from pipeline.settings import Settings
from pipeline.stages.stage_context import Measurements
from policy.pack import DEFAULT_PACK, Policy, load
from policy.profile import PolicyProfile, load_profile
from policy.rule import Mode
from policy.vocabulary import FACTS, Vocabulary

_LONGEST_SIDE = 1280  # classifiers look at 854 pixels at the most; more would only be copied around


def policy_vocabulary() -> Vocabulary:
    """What rules may speak of: what classifiers measure, and the facts."""
    return Vocabulary(labels=label_subjects(), facts=FACTS)


def load_policy(settings: Settings, folder: Path | None = None) -> Policy:
    """The policy that the settings name, or that in a folder under their profile. Raises PolicyError."""
    return load(folder or settings.policy or DEFAULT_PACK, policy_vocabulary(), configured_profile(settings))


def find_policy(name: str, settings: Settings, rollout: Rollout) -> Policy:
    """The policy in a folder, or the one called current, candidate or packaged, or a kept one by its digest.

    Raises PolicyError, NotFound or BadInput.
    """
    if Path(name).is_dir():
        return load_policy(settings, Path(name))
    current, candidate, _ = rollout.policy_selector.current_and_candidate()
    if name == "current":
        return current
    if name == "packaged":
        return load_policy(settings, DEFAULT_PACK)
    if name == "candidate":
        if candidate is None:
            raise NotFound("no policy is staged")
        return candidate
    if current.digest.startswith(name) and len(name) >= 4:
        return current
    if not set(name) <= set("0123456789abcdef"):
        raise NotFound(f"{name} is not a folder")
    return rollout.policy_selector.policy(rollout.policy_selector.policy_store.find(name).digest)


def configured_profile(settings: Settings) -> PolicyProfile | None:
    """The profile that the settings name, if any. Raises PolicyError."""
    return load_profile(settings.profile) if settings.profile else None


def make_rollout(settings: Settings, policies: PolicyStore, *, validate: bool = True) -> Rollout:
    """Which policy decides about which case. Raises PolicyError, before anything is taken in.

    Without `validate` also where the policy in force no longer loads: so that somebody can go back from it.
    """
    policing = PolicySelector(policies, partial(load_policy, settings), policy_vocabulary)
    profile = configured_profile(settings)
    here = pack_policy(settings.policy or DEFAULT_PACK, policing.installed(), profile.text if profile else "")
    if validate:
        policing.current_and_candidate()
    return Rollout(policy_selector=policing, installed_policy=here)


def prompt_monitors(settings: Settings) -> tuple[Classifier, ...]:
    """The reasoning model that reads prompts too, if one is set up. It is told the rules in their own words."""
    if not settings.monitor_url:
        return ()
    rules = [rule for rule in load_policy(settings).rules if rule.gate is Gate.PROMPT and rule.mode is Mode.ENFORCE]
    told = "\n".join(dict.fromkeys(f"- {rule.reason}" for rule in rules))
    key = settings.monitor_key.get_secret_value() if settings.monitor_key else ""
    chat = ChatEndpoint(
        url=settings.monitor_url, model=settings.monitor_model, key=key, timeout=settings.monitor_timeout
    )
    return (PromptMonitor(chat, told),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierMeasurer:
    """The Measurer over the classifiers of this installation, made anew for each set of leased cameos."""

    classifiers: Classifiers
    frames: int
    limits: InputLimits

    def text(self, text: str) -> Measurements:
        """As Measurer.text."""
        found = measure_all(PromptText(text), self.classifiers.build(NO_CAMEOS))
        return Measurements(signals=found.signals, seconds=found.seconds)

    def video(self, path: Path, subject: Subject, leased: PermittedCameos) -> Measurements:
        """As Measurer.video."""
        taken = self._sample(path)
        found = measure_all(taken, self.classifiers.build(leased), subject=subject)
        return Measurements(signals=found.signals, seconds=found.seconds)

    def _sample(self, path: Path) -> VideoSample:
        if is_image(path):  # a reference
            return sample_image(path, max_side=_LONGEST_SIDE)
        taken = sample_video(path, count=self.frames, max_side=_LONGEST_SIDE)
        return replace(taken, audio=decode_mono_audio(path)) if taken.info.has_audio else taken

    def check_video(self, path: Path) -> tuple[float, int, int]:
        """As Measurer.check_video."""
        info = probe(path, self.limits)
        return info.duration, info.width, info.height


class Classifiers(Protocol):
    """All classifiers of an installation."""

    def build(self, leased: PermittedCameos) -> Sequence[Classifier]:
        """Those for a case that may show these cameos. Cheap where it was asked before."""


def measurer(settings: Settings, classifiers: Classifiers) -> ClassifierMeasurer:
    """The Measurer that the settings describe."""
    limits = InputLimits(max_bytes=settings.engine_max_mb * MIB)
    return ClassifierMeasurer(classifiers=classifiers, frames=settings.frames, limits=limits)
