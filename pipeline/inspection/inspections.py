"""The view of a file that is no case, and of a case: what whoever inspects them asks for, over the service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.case import Case, signals_of
from core.errors import AssayError, BadMedia, Erased, NotFound
from core.events import Measured
from core.roles import Principal, Role, require_role
from core.signals import Subject
from core.verdicts import Gate, Verdict
from media.probe import probe
from media.sandbox.scan import ScanBudget, scan_within
from pipeline.case_notes import footage_words
from pipeline.inspection.build_inspection import build_inspection, stored_passages, telling_moments
from pipeline.inspection.footage_preview import (
    footage_facts,
    read_evidence_strip,
    read_film_strip,
    read_waveform,
)
from pipeline.inspection.inspection_view import FilmStrip, FootageFacts, Inspection, Waveform
from pipeline.screening.dry_run import DryRunVerdict
from pipeline.service import CaseService
from pipeline.stages.judge import shows_nothing
from policy.rule_description import RuleDescription

_PREVIEW_BUDGET = ScanBudget(wall=120.0, process_wall=60.0)
"""For pictures and sound that are only shown: what takes longer is left out."""

OnStep = Callable[[str], None]
"""Is told what is done next, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInspection:
    """What would be said of a file, and the view of it."""

    opinion: DryRunVerdict
    view: Inspection


def inspect_file(
    service: CaseService, who: Principal, file: Path, *, with_film: bool, on_step: OnStep
) -> FileInspection:
    """Measure a video and put the view together. Keeps nothing. Raises BadMedia, Forbidden.

    The film strip and the waveform are left out, and why is said, where they cannot be made.
    """
    on_step("looking and listening")
    opinion = service.opinions.inspect(who, file)
    on_step("making the film strip" if with_film else "listening for the waveform")
    measured, verdict = opinion.measured, opinion.verdict
    missing: dict[str, str] = {}
    film, waveform = None, None
    with scan_within(_PREVIEW_BUDGET):
        facts = _facts(service, file)
        view = build_inspection(
            facts,
            measured.signals,
            verdict,
            service.context.policy.describe(verdict),
            passages=stored_passages(measured.words),
        )
        if with_film:
            try:
                film = read_evidence_strip(file, facts.seconds, telling_moments(view))
            except AssayError as error:
                missing["film"] = str(error)
        try:
            waveform = read_waveform(file)
        except AssayError as error:
            missing["waveform"] = str(error)
    view = replace(
        view,
        waveform=waveform,
        film=film,
        shows_nothing=shows_nothing(measured.signals),
        missing=tuple(missing.items()),
    )
    return FileInspection(opinion=opinion, view=view)


def inspect_case(service: CaseService, who: Principal, case: Case, *, with_words: bool) -> Inspection | None:
    """The view of what was measured of a case's video; None where none was, or it is not for this person.

    Words are in it only if asked for.
    """
    signals = signals_of(case, Subject.VIDEO)
    if not who.has(Role.MODERATOR) or case.rendered is None or not signals:
        return None
    rendered = case.rendered
    facts = FootageFacts(name=case.id, seconds=rendered.duration, width=rendered.width, height=rendered.height)
    verdict = next((one for one in reversed(case.verdicts) if one.gate is Gate.VIDEO), None)
    rules, missing = _described(service, verdict)
    words: list[dict[str, Any]] = []
    if with_words:
        service.viewable(case)
        try:
            words = footage_words(who, replace(case, words=_words_of_video(service, case)), service.context.texts)
        except Erased:
            missing["words"] = "they were erased"
    return replace(build_inspection(facts, signals, verdict, rules, passages=words), missing=tuple(missing.items()))


def reference_words(service: CaseService, who: Principal, case: Case) -> list[dict[str, Any]]:
    """What is said and written in what the video is made from, as far as it was measured last; for moderators.

    Raises Erased.
    """
    of_video = _words_of_video(service, service.viewable(case))
    others = tuple(text for text in case.words if text not in of_video)
    return footage_words(who, replace(case, words=others), service.context.texts)


def read_case_film(service: CaseService, who: Principal, case_id: str, folder: Path) -> FilmStrip:
    """A strip of pictures of a case's video, for moderators. Raises Forbidden, NotFound, BadMedia."""
    return read_film_strip(_video_of(service, who, case_id, folder))


def read_case_waveform(service: CaseService, who: Principal, case_id: str, folder: Path) -> Waveform:
    """The waveform of a case's video, for moderators. Raises Forbidden, BadMedia, NotFound where it has no sound."""
    waveform = read_waveform(_video_of(service, who, case_id, folder))
    if waveform is None:
        raise NotFound("this video has no sound")
    return waveform


def _words_of_video(service: CaseService, case: Case) -> tuple[str, ...]:
    """The ids of the texts that were kept when the video was measured last."""
    measured = (entry.event for entry in reversed(service.ledger.history(case.id)) if isinstance(entry.event, Measured))
    last = next((one for one in measured if any(s.subject is Subject.VIDEO for s in one.signals)), None)
    return last.words if last else ()


def _facts(service: CaseService, file: Path) -> FootageFacts:
    """What is known of a file that was measured; of one that is longer than what is decoded whole only its size."""
    try:
        return footage_facts(file.name, probe(file))
    except BadMedia:
        seconds, width, height = service.context.measure.check_video(file)
        return FootageFacts(name=file.name, seconds=seconds, width=width, height=height)


def _video_of(service: CaseService, who: Principal, case_id: str, folder: Path) -> Path:
    require_role(who, Role.MODERATOR)
    service.case(who, case_id)  # what a key is for is asked there
    return service.content(who, case_id, folder / f"{case_id}.mp4")


def _described(service: CaseService, verdict: Verdict | None) -> tuple[Sequence[RuleDescription], dict[str, str]]:
    """The rules of the policy that gave the verdict; where that is kept nowhere, none and why."""
    if verdict is None:
        return (), {}
    try:
        return service.context.policy.describe(verdict), {}
    except AssayError as error:
        return (), {"thresholds": str(error)}
