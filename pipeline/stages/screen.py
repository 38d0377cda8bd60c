"""screen: every classifier of prompts and of reference inputs measures; nothing is decided.

Every text of an order is screened as the prompt is, whatever its name, but for the negative prompt: naming what is to
be avoided is no request for it, so other classifiers look at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from core.case import Case
from core.events import NEGATIVE_PROMPT, Event, Measured, ParameterValue, Submitted
from core.signals import Subject
from pipeline.engines.parameter_paths import flatten_parameter, object_of_text, words_of_object
from pipeline.stages.stage_context import Measurements, StageContext

ALL_TEXTS = "all"
"""The field of signals about the prompt and the texts of parameters together: a request may be dealt to several."""

_GUIDANCE = re.compile(r"guidance|cfg", re.IGNORECASE)


def screen(case: Case, tools: StageContext) -> Sequence[Event]:
    """Measure each text, and each reference under subject REFERENCE. Raises Erased where a text is gone."""
    found = list(_texts(case.request, tools))
    leased = tools.consent.may_appear(case)
    with tools.temp_folder() as folder:
        for asset in case.request.references:
            found.append(tools.measure.video(tools.fetch_asset(asset, folder), Subject.REFERENCE, leased))
    return [measured_event(found)]


def measured_event(found: Sequence[Measurements]) -> Measured:
    """Several measurements as one event; the seconds of a source are those of all."""
    seconds: dict[str, float] = {}
    for one in found:
        for source, took in one.seconds.items():
            seconds[source] = round(seconds.get(source, 0.0) + took, 6)
    return Measured(signals=tuple(s for one in found for s in one.signals), seconds=seconds)


def is_negative_prompt_inverted(parameters: Mapping[str, ParameterValue]) -> bool:
    """Whether guidance is so weak that the engine may follow the negative prompt instead of avoiding it.

    With classifier-free guidance the engine goes from the negative prompt towards the prompt, by the scale: at 1 it
    arrives, and below it stays with the negative prompt in part, at 0 altogether.
    """
    return any(
        _GUIDANCE.search(name) and isinstance(value, int | float) and not isinstance(value, bool) and value < 1
        for name, value in parameters.items()
    )


def _texts(asked: Submitted, context: StageContext) -> Iterator[Measurements]:
    """The prompt, each parameter's text, and all that asks for something together."""
    prompt = context.texts.read(asked.prompt)
    yield context.measure.text(prompt)
    values, asking = dict(asked.parameters), {}
    negative = ""
    for name, text_id in sorted(asked.parameter_texts.items()):
        text = context.texts.read(text_id)
        found = object_of_text(text)
        if found is not None:
            values |= dict(flatten_parameter(name, found))
            asking[name] = words_of_object(found)
        elif name == NEGATIVE_PROMPT:
            negative = text
        else:
            asking[name] = text
    if negative:
        yield _of_field(context.measure.text(negative, Subject.NEGATIVE_PROMPT), NEGATIVE_PROMPT)
        if is_negative_prompt_inverted(values):
            asking[NEGATIVE_PROMPT] = negative
    for name, text in asking.items():
        yield _of_field(context.measure.text(text), name)
    if asking:
        yield _of_field(context.measure.text("\n".join([prompt, *asking.values()])), ALL_TEXTS)


def _of_field(found: Measurements, field: str) -> Measurements:
    """The signals, with the field that they are about."""
    return Measurements(signals=tuple(replace(s, field=field) for s in found.signals), seconds=found.seconds)
