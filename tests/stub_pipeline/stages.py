"""The toy route. Its phases and events are the real ones; only what is measured and made is not."""

import os
import time
from pathlib import Path

from core.assets import Asset
from core.case import Phase
from core.events import Commissioned, Judged, Measured, Published, Rendered, Sealed, Withdrawn
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate, Verdict

ASSET = Asset(digest="a" * 64, media_type="video/mp4", size=1)


def screen(case):
    return [Measured(signals=(Signal(subject=Subject.PROMPT, label="toy", score=0.0, source="toy/1"),))]


def judge_prompt(case):
    return [Judged(verdict=_verdict(case, Gate.PROMPT, "prompt"))]


def commission(case):
    return [Commissioned(engine="toy", engine_version="1", job=case.id)]


def render(case):
    return [Rendered(asset=ASSET, engine="toy", engine_version="1")]


def inspect(case):
    if "fail always" in case.request.prompt or ("fail once" in case.request.prompt and not case.failures):
        raise ZeroDivisionError("this may hold a name: Zebedee")
    if "slow" in case.request.prompt:
        _work_slowly(case)
    return [Measured(signals=(Signal(subject=Subject.VIDEO, label="toy", score=0.0, source="toy/1"),))]


def judge_video(case):
    return [Judged(verdict=_verdict(case, Gate.VIDEO, "video"))]


def seal(case):
    return [Sealed(asset=ASSET, payload=case.id, manifest_id="m", manifest=ASSET, soft_binding="toy")]


def publish(case):
    return [Published(url=f"toy:{case.id}")]


def withdraw(case):
    return [Withdrawn()]


ROUTE = {
    Phase.SUBMITTED: screen,
    Phase.SCREENED: judge_prompt,
    Phase.ADMITTED: commission,
    Phase.COMMISSIONED: render,
    Phase.RENDERED: inspect,
    Phase.INSPECTED: judge_video,
    Phase.CLEARED: seal,
    Phase.SEALED: publish,
    Phase.RECALLED: withdraw,
}


def _verdict(case, gate, word):
    decision = Decision.ALLOW
    if f"refuse {word}" in case.request.prompt:
        decision = Decision.REFUSE
    elif f"hold {word}" in case.request.prompt and not any(ruling.gate is gate for ruling in case.rulings):
        decision = Decision.HOLD
    return Verdict(gate=gate, decision=decision, rules=("toy",) if decision else (), policy="toy")


def _work_slowly(case):
    """Leave a line when begun and one when done, in the file that the environment names."""
    diary = Path(os.environ["TOY_DIARY"])
    for word in ("began", "ended"):
        with diary.open("a") as lines:
            lines.write(f"{word} {case.id} {os.getpid()}\n")
        if word == "began":
            time.sleep(float(os.environ["TOY_SLOW"]))
