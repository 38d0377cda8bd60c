"""What an engine's answers mean. Liberal in what it reads; an engine's own words pass only as safe_reason leaves them:

they may repeat the prompt. Field names: OpenAI Videos API; vLLM-Omni (an error's code may be a number);
SGLang (an error may have a message and no code; FastAPI's `detail`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from core.errors import AssayError, Declined, EngineFault, RenderFailed, Unavailable
from core.ports import JobProgress, JobState
from pipeline.engines.failure_codes import error_of_answer, failure_code, failure_reason, is_out_of_memory
from pipeline.engines.retry import OrderUnanswered

_STATES = {
    JobState.QUEUED: {"queued", "pending", "submitted", "created", "waiting", "preparing"},
    JobState.RUNNING: {"in_progress", "running", "processing", "started", "generating"},
    JobState.DONE: {"completed", "succeeded", "success", "done", "finished"},
    JobState.FAILED: {"failed", "error", "cancelled", "canceled", "expired", "deleted", "incomplete", "rejected"},
}
_DECLINES = (
    "moderation", "contentpolicy", "policyviolation", "contentfilter", "contentblock", "promptblock",
    "sentinelblock", "guardrail", "safety", "nsfw", "sensitivecontent",
)  # fmt: skip
_DOUBTFUL_ENDS = {"cancelled", "canceled", "expired", "deleted", "incomplete"}  # the engine did not try to the end
_CODE = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_LONGEST_ADDRESS = 4096
_MODEL = re.compile(r"[\w.:/@+-]{1,200}", re.ASCII)


def parse_json_object(body: bytes) -> dict[str, Any]:
    """The JSON object of an answer. Raises EngineFault for anything else."""
    try:
        value = json.loads(body)
    except ValueError:
        kind = "a web page" if body.lstrip()[:1] == b"<" else "no JSON"
        raise EngineFault(f"the engine answered with {kind} where a job was expected: check its URL") from None
    if not isinstance(value, dict):
        raise EngineFault("the engine answered with JSON that is not an object: check its URL")
    return value


def job_of(answer: Mapping[str, Any]) -> str:
    """The id of the job that was created. Raises Declined, or EngineFault if there is none."""
    if not isinstance(job := answer.get("id"), str) or not job.isprintable() or not 0 < len(job) <= 512:
        _decline(answer)
        if answer.get("data"):
            raise EngineFault("the engine answered with a finished video instead of a job: it does not offer jobs")
        raise EngineFault("the engine took an order and named no job")
    if job in (".", ".."):
        raise EngineFault("the engine's name for the job is not one")
    return job


def progress_of(answer: Mapping[str, Any], known: frozenset[str] = frozenset()) -> JobProgress:
    """How far a job is. Raises Declined for one that the engine's moderation stopped, EngineFault for riddles.

    `known` are words that an engine's sentence may hold, beside those of safe_reason.
    """
    status = str(answer.get("status", "")).lower().replace("-", "_")
    state = next((state for state, words in _STATES.items() if status in words), None)
    if state is None:
        raise EngineFault(f"the engine gives the job a status that means nothing here: {_code(status) or 'none'}")
    if state is JobState.FAILED:
        _decline(answer)
        return _failed(answer, status, known)
    return JobProgress(state=state, percent=100.0 if state is JobState.DONE else _percent(answer.get("progress")))


def _failed(answer: Mapping[str, Any], status: str, known: frozenset[str]) -> JobProgress:
    """A failed job: over for good with a code, or, where it was stopped or lost, without one."""
    error = error_of_answer(answer)
    code = "" if status in _DOUBTFUL_ENDS and not error else failure_code(error)
    reason = failure_reason(code, error, known) if code else _code_of(answer) or status
    return JobProgress(state=JobState.FAILED, error=reason, code=code)


def model_of(answer: Mapping[str, Any]) -> str:
    """The model that made it, such as `Wan-AI/Wan2.2-T2V-A14B-Diffusers`; empty where the server names none."""
    model = answer.get("model")
    return model if isinstance(model, str) and _MODEL.fullmatch(model) else ""


def newest_address(answer: Mapping[str, Any], field: str) -> str:
    """The address in a field (dotted) of an answer, the last where it is a list of them; empty where there is none."""
    value: Any = answer
    for name in field.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, list):
        value = value[-1] if value else None
    return value if isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST_ADDRESS else ""


def error_for_status(status: int, body: bytes, what: str, known: frozenset[str] = frozenset()) -> AssayError:
    """The error that an HTTP status of 300 or more stands for. `what` is what was asked: "an order", "a job".

    RenderFailed is over for good; Unavailable means that the engine is away; EngineFault that it is to be doubted.
    """
    answer = _parse_leniently(body)
    code, error = _code_of(answer), error_of_answer(answer)
    said = f"HTTP {status}, {code}" if code else f"HTTP {status}"
    if status in (400, 403, 422, 451) and _declines(answer):
        return Declined(code)
    if status in (401, 402, 403):
        return Unavailable(f"the engine refuses our key ({said}): set ASSAY_ENGINE_KEY to one it accepts")
    if status in (502, 504) and what == "an order":  # of a proxy: the engine behind it may have taken the order
        return OrderUnanswered(f"the engine does not answer {what} ({said}): it will be asked again")
    if status in (408, 409, 425, 429, 502, 503, 504):
        return Unavailable(f"the engine does not take {what} now ({said}): it will be asked again")
    if 300 <= status < 400:
        return EngineFault(f"the engine sends us elsewhere ({said}): set ASSAY_ENGINE_URL to where it really is")
    if what != "an order":
        broke = f"the engine broke when it was asked for {what} ({said})"
        return EngineFault(broke if status >= 500 else f"the engine does not know {what} that it took on ({said})")
    if status in (404, 405):
        return Unavailable(f"there is no Videos API at that address ({said}): check ASSAY_ENGINE_URL")
    if is_out_of_memory(error):
        return RenderFailed("out_of_memory", failure_reason("out_of_memory", error, known))
    if status < 500:
        return RenderFailed(
            "invalid_parameters", _with_status(failure_reason("invalid_parameters", error, known), said)
        )
    return EngineFault(f"the engine broke over an order ({said})")


def _with_status(reason: str, said: str) -> str:
    return f"{reason.rstrip('.')} ({said})."


def _decline(answer: Mapping[str, Any]) -> None:
    if _declines(answer):
        raise Declined(_code_of(answer))


def _declines(answer: Mapping[str, Any]) -> bool:
    return _is_decline(_code_of(answer))


def _is_decline(code: str) -> bool:
    squeezed = re.sub(r"[^a-z]", "", code.lower())
    return any(word in squeezed for word in _DECLINES)


def _code_of(answer: Mapping[str, Any]) -> str:
    """The engine's word for what is wrong: the first of code and type that declines, else the first there is."""
    error = answer.get("error") or answer.get("detail") or {}
    if not isinstance(error, Mapping):
        return _code(error)
    words = [word for word in (_code(error.get("code")), _code(error.get("type"))) if word]
    return next(filter(_is_decline, words), words[0] if words else "")


def _code(value: object) -> str:
    """A code as it is, and nothing of what is not one: sentences may repeat a prompt."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if _CODE.fullmatch(text) else ""


def _percent(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else 0.0
    return min(max(number, 0.0), 100.0) if number == number else 0.0  # noqa: PLR0124 - NaN is not itself


def _parse_leniently(body: bytes) -> Mapping[str, Any]:
    try:
        return parse_json_object(body)
    except EngineFault:
        return {}
