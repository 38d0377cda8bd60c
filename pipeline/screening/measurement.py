"""Measuring as stages see it: the classifiers of this installation, over texts and videos."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from classifiers import ChatEndpoint, PromptMonitor
from classifiers.base import Classifier, PromptText, locate_all, measure_all
from classifiers.models import Models
from classifiers.text.language_detection import detect_language
from classifiers.text.link_hosts import read_host_list
from classifiers.time_limit import time_limit
from core.codec import dump
from core.errors import OverBudget, Unavailable
from core.permitted import NO_CAMEOS, PermittedCameos
from core.signals import Subject
from core.text_styles import TextStyle
from core.verdicts import Gate
from media.audio_decode import decode_mono_audio
from media.probe import probe
from media.reference_file import REFERENCE_BUDGET
from media.sampling import sample_video
from media.sandbox.limits import MIB, InputLimits
from media.sandbox.scan import ScanBudget, scan_within
from media.still_image import is_image, sample_image
from media.video import VideoSample
from pipeline.policy_rollout.policy_loading import load_policy
from pipeline.screening.measuring_steps import (
    IsCertain,
    MeasuredSteps,
    StepDurations,
    first_look,
    may_settle_at_once,
    measure_in_steps,
    not_looked_at,
)
from pipeline.settings import Settings
from pipeline.stages.stage_context import Measurements
from policy.rule import Mode

log = logging.getLogger("assay.measurement")

_LONGEST_SIDE = 1280  # classifiers look at 854 pixels at the most; more would only be copied around
_LONG_VIDEOS = InputLimits(
    max_duration=6 * 3600.0, max_frames=2_000_000
)  # what is looked at in part rather than refused
_FIRST_PICTURES, _FIRST_SIDE = 8, 640  # what is looked at before all else, and how large
_MEMORY = 4096 * MIB  # of the process that decodes
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


def located_measurements(text: PromptText, measured: Measurements, classifiers: Sequence[Classifier]) -> Measurements:
    """What these classifiers measured of a text, with the words that carry it; their seconds grow by the search."""
    found = locate_all(text, classifiers, measured.signals)
    seconds = {
        source: round(measured.seconds.get(source, 0.0) + found.seconds.get(source, 0.0), 6)
        for source in {**measured.seconds, **found.seconds}
    }
    return replace(measured, signals=found.signals, seconds=seconds)


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
    seconds: float = 600.0
    durations: StepDurations = field(default_factory=StepDurations)

    def text(
        self, text: str, subject: Subject = Subject.PROMPT, style: TextStyle | None = TextStyle.VIDEO
    ) -> Measurements:
        """As Measurer.text."""
        found = measure_all(PromptText(text, style), self.classifiers.build(NO_CAMEOS), subject=subject)
        language = detect_language(text, self.models) or "" if subject is Subject.PROMPT else ""
        return Measurements(signals=found.signals, seconds=found.seconds, language=language)

    def located(self, text: str, measured: Measurements, style: TextStyle | None = TextStyle.VIDEO) -> Measurements:
        """As Measurer.located."""
        return located_measurements(PromptText(text, style), measured, self.classifiers.build(NO_CAMEOS))

    def video(
        self, path: Path, subject: Subject, leased: PermittedCameos, is_certain: IsCertain | None = None
    ) -> Measurements:
        """As Measurer.video."""
        classifiers = self.classifiers.build(leased)
        with time_limit(self.seconds):
            try:
                found = self._measured(path, subject, classifiers, is_certain)
            except OverBudget:
                if subject is not Subject.VIDEO:
                    raise
                found = not_looked_at(classifiers, subject)
        passages = found.words.passages
        return Measurements(
            signals=found.signals,
            seconds=found.seconds,
            words=json.dumps(dump(passages), ensure_ascii=False) if passages else "",
            cut_off=found.cut_off,
            saved_seconds=found.saved_seconds,
        )

    def _bad_hosts(self) -> frozenset[str] | None:
        """The operator's list as it is now; None where it cannot be read."""
        try:
            return read_host_list(self.bad_hosts) if self.bad_hosts else frozenset()
        except Unavailable as error:
            log.error("%s", error)
            return None

    def _measured(
        self, path: Path, subject: Subject, classifiers: Sequence[Classifier], is_certain: IsCertain | None
    ) -> MeasuredSteps:
        """At first a few pictures alone, where they may settle the case. Raises OverBudget, BadMedia."""
        how: dict[str, Any] = {"subject": subject, "durations": self.durations}
        if is_certain is not None and not is_image(path) and may_settle_at_once(classifiers, subject):
            with scan_within(self._budget()):
                few = sample_video(path, count=_FIRST_PICTURES, max_side=_FIRST_SIDE, limits=_LONG_VIDEOS)
            if found := first_look(few, classifiers, is_certain=is_certain, **how):
                return found
        with scan_within(self._budget()) if subject is Subject.VIDEO else nullcontext():
            taken = self._pictures(path, subject)
        return measure_in_steps(
            taken, path, classifiers, self.models, is_certain=is_certain, bad_hosts=self._bad_hosts(), **how
        )

    def _pictures(self, path: Path, subject: Subject) -> VideoSample:
        """The pictures of a file; its sound too where it is a reference, which is decoded within its own budget."""
        if subject is Subject.REFERENCE:
            with scan_within(REFERENCE_BUDGET):
                taken = self._sample(path, thumbnails=0)
                return replace(taken, audio=decode_mono_audio(path)) if taken.info.has_audio else taken
        return self._sample(path, thumbnails=_THUMBNAILS, limits=_LONG_VIDEOS)

    def _budget(self) -> ScanBudget:
        """For decoding a video: what measuring it may take."""
        return ScanBudget(
            wall=self.seconds,
            process_wall=self.seconds,
            cpu=math.ceil(self.seconds),
            memory=_MEMORY,
            max_decoded_pixels=_LONG_VIDEOS.max_decoded_pixels,
            max_boxes=_LONG_VIDEOS.max_boxes,
            max_tracks=_LONG_VIDEOS.max_tracks,
        )

    def _sample(self, path: Path, *, thumbnails: int, limits: InputLimits | None = None) -> VideoSample:
        if is_image(path):  # a reference
            return sample_image(path, max_side=_LONGEST_SIDE)
        return sample_video(
            path,
            every=self.every,
            min_count=self.min_frames,
            max_count=self.max_frames,
            max_side=_LONGEST_SIDE,
            thumbnails=thumbnails,
            limits=limits,
        )

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
        seconds=settings.measuring_seconds,
    )
