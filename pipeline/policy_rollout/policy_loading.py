"""The policies that settings, folders and the roll-out name, loaded against what this installation measures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from classifiers import label_subjects
from core.errors import NotFound
from pipeline.ledgers.policy_store import PolicyStore
from pipeline.policy_rollout.policy_selection import PolicySelector, pack_policy
from pipeline.policy_rollout.rollout import Rollout
from pipeline.settings import Settings
from policy.pack import DEFAULT_PACK, Policy, load
from policy.profile import PolicyProfile, load_profile
from policy.vocabulary import FACTS, Vocabulary


def policy_vocabulary() -> Vocabulary:
    """What rules may speak of: what classifiers measure, and the facts."""
    return Vocabulary(labels=label_subjects(), facts=FACTS)


def load_policy(settings: Settings, folder: Path | None = None) -> Policy:
    """The policy that the settings name, or that in a folder under their profile. Raises PolicyError."""
    return load(folder or settings.policy or DEFAULT_PACK, policy_vocabulary(), configured_profile(settings))


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPolicy:
    """The PolicySource of an installation with these settings."""

    settings: Settings

    def load_installed(self) -> Policy:
        """As PolicySource.load_installed."""
        return load_policy(self.settings)

    def vocabulary(self) -> Vocabulary:
        """As PolicySource.vocabulary."""
        return policy_vocabulary()


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
    policing = PolicySelector(policies, SettingsPolicy(settings=settings))
    profile = configured_profile(settings)
    here = pack_policy(settings.policy or DEFAULT_PACK, policing.installed(), profile.text if profile else "")
    if validate:
        policing.current_and_candidate()
    return Rollout(policy_selector=policing, installed_policy=here)
