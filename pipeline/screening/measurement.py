"""Measuring as stages see it: the classifiers of this installation, over texts and videos."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from classifiers import ChatEndpoint, PromptMonitor
from classifiers.base import Classifier, PromptText, measure_all
from classifiers.find_words import find_words
from classifiers.models import Models
from classifiers.passages import SampleWithWords
from classifiers.text.language_detection import detect_language
from classifiers.text.link_hosts import read_host_list
from core.codec import dump
from core.errors import Unavailable
from core.permitted import NO_CAMEOS, PermittedCameos
from core.signals import Subject
from core.verdicts import Gate
from media.audio_decode import decode_mono_audio
from media.probe import probe
from media.reference_file import REFERENCE_BUDGET
from media.sampling import sample_video
from media.sandbox.limits import MIB, InputLimits
from media.sandbox.scan import scan_within
from media.still_image import is_image, sample_image
from media.video import VideoSample
from pipeline.policy_rollout.policy_loading import load_policy
from pipeline.settings import Settings
from pipeline.stages.stage_context import Measurements
from policy.rule import Mode

log = logging.getLogger("assay.measurement")

_LONGEST_SIDE = 1280  # classifiers look at 854 pixels at the most; more would only be copied around
_THUMBNAILS = 20_000  # pictures: eleven minutes at 30 a second, 132 MiB


def prompt_monitors(settings: Settings) -> tuple[Classifier, ...]:
    """The reasoning model that reads prompts too, if one is set up. It gets the reasons of the rules."""
    if not settings.monitor_url:
        return ()
    rules = [rule for rule in load_policy(settings).rules if rule.gate is Gate.PROMPT and rule.mode is Mode.ENFORCE]
    reasons = "\n".join(dict.fromkeys(f"- {rule.reason}" for rule in rules))
    key = settings.monitor_key.get_secret_value() if settings.monitor_key else ""
    chat = ChatEndpoint(
        url=settings.monitor_url, model=settings.monitor_model, key=key, timeout=settings.monitor_timeout
    )
    return (PromptMonitor(chat, reasons),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierMeasurer:
    """The Measurer over the classifiers of this installation, built for each set of leased cameos."""

    classifiers: Classifiers
    models: Models
    every: float
    min_frames: int
    max_frames: int
    limits: InputLimits
    bad_hosts: Path | None = None

    def text(self, text: str, subject: Subject = Subject.PROMPT) -> Measurements:
        """As Measurer.text."""
        found = measure_all(PromptText(text), self.classifiers.build(NO_CAMEOS), subject=subject)
        language = detect_language(text, self.models) or "" if subject is Subject.PROMPT else ""
        return Measurements(signals=found.signals, seconds=found.seconds, language=language)

    def video(self, path: Path, subject: Subject, leased: PermittedCameos) -> Measurements:
        """As Measurer.video."""
        with scan_within(REFERENCE_BUDGET) if subject is Subject.REFERENCE else nullcontext():
            taken = self._sample(path, thumbnails=0 if subject is Subject.REFERENCE else _THUMBNAILS)
        words = find_words(taken, self.models, self._bad_hosts())
        known = SampleWithWords(
            info=taken.info, frames=taken.frames, audio=taken.audio, thumbnails=taken.thumbnails, words=words
        )
        found = measure_all(known, self.classifiers.build(leased), subject=subject)
        said = json.dumps(dump(words.passages), ensure_ascii=False) if words.passages else ""
        return Measurements(signals=found.signals, seconds=found.seconds, words=said)

    def _bad_hosts(self) -> frozenset[str] | None:
        """The operator's list as it is now; None where it cannot be read."""
        try:
            return read_host_list(self.bad_hosts) if self.bad_hosts else frozenset()
        except Unavailable as error:
            log.error("%s", error)
            return None

    def _sample(self, path: Path, *, thumbnails: int) -> VideoSample:
        if is_image(path):  # a reference
            return sample_image(path, max_side=_LONGEST_SIDE)
        taken = sample_video(
            path,
            every=self.every,
            min_count=self.min_frames,
            max_count=self.max_frames,
            max_side=_LONGEST_SIDE,
            thumbnails=thumbnails,
        )
        return replace(taken, audio=decode_mono_audio(path)) if taken.info.has_audio else taken

    def check_video(self, path: Path) -> tuple[float, int, int]:
        """As Measurer.check_video."""
        info = probe(path, self.limits)
        return info.duration, info.width, info.height


class Classifiers(Protocol):
    """All classifiers of an installation."""

    def build(self, leased: PermittedCameos) -> Sequence[Classifier]:
        """Those for a case that may show these cameos. Cheap where it was asked before."""


def measurer(settings: Settings, classifiers: Classifiers, models: Models) -> ClassifierMeasurer:
    """The Measurer that the settings describe."""
    limits = InputLimits(max_bytes=settings.engine_max_mb * MIB)
    return ClassifierMeasurer(
        classifiers=classifiers,
        models=models,
        every=1 / settings.frames_per_second,
        min_frames=settings.frames,
        max_frames=max(settings.frames, settings.max_frames),
        limits=limits,
        bad_hosts=settings.bad_hosts,
    )
