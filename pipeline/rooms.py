"""The rooms below the pipeline, as its stages see them: measuring and deciding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from classifiers import Chat, PromptMonitor, vocabulary
from classifiers.base import Classifier, PromptText, measure_all
from core.errors import NotFound
from core.permitted import NO_CAMEOS, PermittedCameos
from core.signals import Subject
from core.verdicts import Gate
from media.hearing import listen
from media.limits import MIB, Limits
from media.probe import probe
from media.sample import sample
from pipeline.ledgers.policies import Policies
from pipeline.policing import Policing, packed
from pipeline.rollout import Rollout
from pipeline.settings import Settings
from pipeline.stages.tools import Measurements
from policy.pack import DEFAULT_PACK, Policy, load
from policy.profile import Profile, profile_of
from policy.rule import Mode
from policy.vocabulary import FACTS, Vocabulary

_LONGEST_SIDE = 1280  # classifiers look at 854 pixels at the most; more would only be copied around


def words() -> Vocabulary:
    """What rules may speak of: what classifiers measure, and the facts."""
    return Vocabulary(labels=vocabulary(), facts=FACTS)


def policy_of(settings: Settings, folder: Path | None = None) -> Policy:
    """The policy that the settings name, or that in a folder under their profile. Raises PolicyError."""
    return load(folder or settings.policy or DEFAULT_PACK, words(), profile_named(settings))


def policy_named(name: str, settings: Settings, rollout: Rollout) -> Policy:
    """The policy in a folder, or the one called current, candidate or packaged, or a kept one by its digest.

    Raises PolicyError, NotFound or BadInput.
    """
    if Path(name).is_dir():
        return policy_of(settings, Path(name))
    current, candidate, _ = rollout.policing.both()
    if name == "current":
        return current
    if name == "packaged":
        return policy_of(settings, DEFAULT_PACK)
    if name == "candidate":
        if candidate is None:
            raise NotFound("no policy is staged")
        return candidate
    if current.digest.startswith(name) and len(name) >= 4:
        return current
    if not set(name) <= set("0123456789abcdef"):
        raise NotFound(f"{name} is not a folder")
    return rollout.policing.policy(rollout.policing.policies.kept(name).digest)


def profile_named(settings: Settings) -> Profile | None:
    """The profile that the settings name, if any. Raises PolicyError."""
    return profile_of(settings.profile) if settings.profile else None


def rollout_of(settings: Settings, policies: Policies, *, prove: bool = True) -> Rollout:
    """Which policy decides about which case. Raises PolicyError, before anything is taken in.

    Without `prove` also where the policy in force no longer loads: so that somebody can go back from it.
    """
    policing = Policing(policies, partial(policy_of, settings), words)
    profile = profile_named(settings)
    here = packed(settings.policy or DEFAULT_PACK, policing.installed(), profile.text if profile else "")
    if prove:
        policing.both()
    return Rollout(policing=policing, here=here)


def monitors(settings: Settings) -> tuple[Classifier, ...]:
    """The reasoning model that reads prompts too, if one is set up. It is told the rules in their own words."""
    if not settings.monitor_url:
        return ()
    rules = [rule for rule in policy_of(settings).rules if rule.gate is Gate.PROMPT and rule.mode is Mode.ENFORCE]
    told = "\n".join(dict.fromkeys(f"- {rule.reason}" for rule in rules))
    key = settings.monitor_key.get_secret_value() if settings.monitor_key else ""
    chat = Chat(url=settings.monitor_url, model=settings.monitor_model, key=key, timeout=settings.monitor_timeout)
    return (PromptMonitor(chat, told),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierMeasurer:
    """The Measurer over the classifiers of this installation, made anew for each set of leased cameos."""

    classifiers: Classifiers
    frames: int
    limits: Limits

    def text(self, text: str) -> Measurements:
        """As Measurer.text."""
        found = measure_all(PromptText(text), self.classifiers.build(NO_CAMEOS))
        return Measurements(signals=found.signals, seconds=found.seconds)

    def video(self, path: Path, subject: Subject, leased: PermittedCameos) -> Measurements:
        """As Measurer.video."""
        taken = sample(path, count=self.frames, max_side=_LONGEST_SIDE)
        if taken.info.has_audio:
            taken = replace(taken, heard=listen(path))
        found = measure_all(taken, self.classifiers.build(leased), subject=subject)
        return Measurements(signals=found.signals, seconds=found.seconds)

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
    limits = Limits(max_bytes=settings.engine_max_mb * MIB)
    return ClassifierMeasurer(classifiers=classifiers, frames=settings.frames, limits=limits)
