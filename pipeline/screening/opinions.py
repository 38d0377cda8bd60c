"""What would be said of words, a video or references that are no case: nothing is opened and nothing kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from core.permitted import NO_CAMEOS
from core.signals import Subject
from core.text_styles import TextStyle
from core.verdicts import Gate
from media.reference_file import REFERENCE_BUDGET, prepare_reference
from media.sandbox.scan import scan_within
from pipeline.screening.dry_run import DryRunVerdict, dry_run
from pipeline.stages.stage_context import Measurements, StageContext


def opinion_of_text(
    text: str, context: StageContext, style: TextStyle | None, *, with_places: bool = True
) -> DryRunVerdict:
    """What the gate before the engine would say of a prompt, or of a text of another style.

    Without places, which take long to find, the reasons of what is not allowed do not say in which words it is.
    """
    return dry_run(
        Gate.PROMPT,
        context.measure.text(text, style=style),
        policy=context.policy,
        facts=context.facts,
        locate=(lambda measured: context.measure.located(text, measured, style)) if with_places else None,
    )


def opinion_of_video(file: Path, context: StageContext) -> DryRunVerdict:
    """What the gate before the public would say of a video. Raises BadMedia."""
    context.measure.check_video(file)
    measured = context.measure.video(file, Subject.VIDEO, NO_CAMEOS)
    return dry_run(Gate.VIDEO, measured, policy=context.policy, facts=context.facts)


def opinions_of_references(files: Iterable[Path], text: str, context: StageContext) -> Iterator[DryRunVerdict]:
    """What would be said of a prompt with each of these as its reference. Raises BadInput for what cannot be one."""
    words = context.measure.text(text)
    for file in files:
        with context.temp_folder() as folder, scan_within(REFERENCE_BUDGET):
            prepared = prepare_reference(file, folder)
            seen = context.measure.video(prepared.path, Subject.REFERENCE, NO_CAMEOS)
        measured = Measurements(
            signals=words.signals + seen.signals,
            seconds={**words.seconds, **seen.seconds},
            language=words.language,
        )
        yield dry_run(
            Gate.PROMPT,
            measured,
            policy=context.policy,
            facts=context.facts,
            locate=lambda found: context.measure.located(text, found),
        )
