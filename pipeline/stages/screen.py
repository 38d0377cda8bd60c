"""screen: every classifier of prompts and of reference inputs measures; nothing is decided.

Every text of an order is screened as the prompt is, whatever its name, but for the negative prompt: naming what is to
be avoided is no request for it, so other classifiers look at it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from classifiers.base import LOCATED_SCORE
from core.assets import Asset
from core.case import Case
from core.errors import NotYet
from core.events import NEGATIVE_PROMPT, Event, Measured, ParameterValue, Submitted
from core.signals import Span, Subject
from core.verdicts import Decision, Gate
from pipeline.engines.parameter_paths import flatten_parameter, object_of_text, words_of_object
from pipeline.stages.stage_context import Measurements, StageContext

ALL_TEXTS = "all"
"""The field of signals about the prompt and the texts of parameters together: a request may be dealt to several."""

MIN_WORDS_ALONE = 6
"""Words from which on a text is measured by itself: the nets know sentences, and call a word as `euler` hateful."""

_BETWEEN = ". "
_TURN_SECONDS = 1.0  # after which an order whose references cannot be measured now is looked at again
_WORD = re.compile(r"[^\W\d_]{2,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_GUIDANCE = re.compile(r"guidance|cfg", re.IGNORECASE)


def screen(case: Case, context: StageContext) -> Sequence[Event]:
    """Measure each text, and each reference under subject REFERENCE. Raises Erased where a text is gone.

    Sealed videos of which a reference is a copy are found here, so that nobody who orders waits for that. References
    take seconds, some half a minute: those of another order are measured when it is their turn. Raises NotYet.
    """
    if not (assets := case.request.engine_inputs):
        return [measured_event(case, _measured_texts(case, list(_texts(case.request, context)), (), context), context)]
    if not context.reference_turn.acquire(blocking=False):
        raise NotYet(_TURN_SECONDS)
    try:
        return [_with_references(case, assets, context)]
    finally:
        context.reference_turn.release()


def _with_references(case: Case, assets: Sequence[Asset], context: StageContext) -> Measured:
    texts = list(_texts(case.request, context))
    with context.temp_folder() as folder:
        files = [context.fetch_asset(asset, folder) for asset in assets]
        copies = tuple(dict.fromkeys(source for file in files for source in context.copies.source_cases(file)))
        leased = context.consent.may_appear(replace(case, submitted=replace(case.request, copies=copies)))
        seen = [context.measure.video(file, Subject.REFERENCE, leased) for file in files]
    found = [*_measured_texts(case, texts, seen, context), *seen]
    return replace(measured_event(case, found, context), copies=copies)


@dataclass(frozen=True, slots=True, kw_only=True)
class _MeasuredText:
    """A text as it was measured, and what of that is kept."""

    text: str
    found: Measurements
    kept: Callable[[Measurements], Measurements] = lambda found: found


def _measured_texts(
    case: Case, texts: Sequence[_MeasuredText], seen: Sequence[Measurements], context: StageContext
) -> list[Measurements]:
    """What is kept of the texts; with the words that carry it where policy, asked beforehand, would not allow it.

    Finding those takes several times as long as measuring, and nobody asks which words an order was let pass for.
    """
    kept = [text.kept(text.found) for text in texts]
    if not any((signal.score or 0.0) >= LOCATED_SCORE for one in kept for signal in one.signals):
        return kept
    signals = tuple(signal for one in (*kept, *seen) for signal in one.signals)
    facts = context.facts.facts(replace(case, signals=case.signals + signals))
    if context.policy.judge(Gate.PROMPT, signals, facts, (), case.id).decision is Decision.ALLOW:
        return kept
    return [text.kept(context.measure.located(text.text, text.found)) for text in texts]


def measured_event(case: Case, found: Sequence[Measurements], context: StageContext) -> Measured:
    """Several measurements as one event; the seconds of a source are those of all, the language is the first's.

    Words are kept as erasable texts.
    """
    seconds: dict[str, float] = {}
    for one in found:
        for source, took in one.seconds.items():
            seconds[source] = round(seconds.get(source, 0.0) + took, 6)
    words = tuple(context.texts.put(one.words, case_id=case.id) for one in found if one.words)
    language = found[0].language if found else ""
    signals = tuple(s for one in found for s in one.signals)
    return Measured(
        signals=signals,
        seconds=seconds,
        words=words,
        language=language,
        cut_off=tuple(source for one in found for source in one.cut_off),
        saved_seconds=sum(one.saved_seconds for one in found),
    )


def is_negative_prompt_inverted(parameters: Mapping[str, ParameterValue]) -> bool:
    """Whether guidance is so weak that the engine may follow the negative prompt instead of avoiding it.

    With classifier-free guidance the engine goes from the negative prompt towards the prompt, by the scale: at 1 it
    arrives, and below it stays with the negative prompt in part, at 0 altogether.
    """
    return any(
        _GUIDANCE.search(name) and isinstance(value, int | float) and not isinstance(value, bool) and value < 1
        for name, value in parameters.items()
    )


def _texts(asked: Submitted, context: StageContext) -> Iterator[_MeasuredText]:
    """The prompt, each parameter's text, and all that asks for something together."""
    prompt = context.texts.read(asked.prompt)
    own = context.measure.text(prompt)
    yield _MeasuredText(text=prompt, found=own)
    values, asking = dict(asked.parameters), {}
    negative = ""
    for name, text_id in sorted(asked.parameter_texts.items()):
        text = context.texts.read(text_id)
        given = object_of_text(text)
        if given is not None:
            values |= dict(flatten_parameter(name, given))
            asking[name] = words_of_object(given)
        elif name == NEGATIVE_PROMPT:
            negative = text
        else:
            asking[name] = text
    if negative:
        found = context.measure.text(negative, Subject.NEGATIVE_PROMPT)
        yield _MeasuredText(text=negative, found=found, kept=partial(_of_field, field=NEGATIVE_PROMPT))
        if is_negative_prompt_inverted(values):
            asking[NEGATIVE_PROMPT] = negative
    asking = {name: text for name, text in asking.items() if text.strip()}
    for name, text in asking.items():
        if len(_WORD.findall(text)) >= MIN_WORDS_ALONE:
            yield _MeasuredText(text=text, found=context.measure.text(text), kept=partial(_of_field, field=name))
        else:
            yield _beside_prompt(prompt, text, name, own, context)
    if len(asking) > 1 or any(len(_WORD.findall(text)) >= MIN_WORDS_ALONE for text in asking.values()):
        yield _beside_prompt(prompt, ". ".join(asking.values()), ALL_TEXTS, own, context)


def _beside_prompt(prompt: str, text: str, field: str, own: Measurements, context: StageContext) -> _MeasuredText:
    """What a text says where it stands behind the prompt: what is not the prompt's alone, and what was not measured."""
    start = len(prompt) + len(_BETWEEN)
    highest: dict[tuple[str, str], float] = {}
    for signal in own.signals:
        key = signal.label, signal.source
        highest[key] = max(highest.get(key, 0.0), signal.score or 0.0)

    def kept(found: Measurements) -> Measurements:
        signals = [
            replace(signal, field=field, at=_moved(signal.at, start) if field != ALL_TEXTS else None)
            for signal in found.signals
            if signal.score is None or signal.score > highest.get((signal.label, signal.source), -1.0)
        ]
        return Measurements(signals=tuple(signals), seconds=found.seconds)

    both = f"{prompt}{_BETWEEN}{text}"
    return _MeasuredText(text=both, found=context.measure.text(both), kept=kept)


def _moved(at: Span | None, start: int) -> Span | None:
    """The place within a text that begins at `start`; none where it is not wholly within it."""
    if at is None or at.unit != "chars" or at.start < start:
        return None
    return replace(at, start=at.start - start, end=at.end - start)


def _of_field(found: Measurements, field: str) -> Measurements:
    """The signals, with the field that they are about."""
    return Measurements(signals=tuple(replace(s, field=field) for s in found.signals), seconds=found.seconds)
