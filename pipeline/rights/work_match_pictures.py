"""What a moderator sees of a likeness to a registered work: the picture of the case, and the example beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.assets import Asset
from core.case import Case
from core.errors import NotFound
from core.roles import Principal, Role, Scope, require_role, require_scope
from core.signals import ExampleMatch, Signal, Subject
from media.sampling import sample_video
from media.still_image import is_image, jpeg_bytes, sample_image
from media.video import Frame
from registry.rights.registered_works import RegisteredWork

_SIDE = 640  # pixels of the longer side
_FRAMES = 64  # of a video, among which the one that was measured is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkMatch:
    """The `number`-th likeness of a case. `work` is None where it is no longer registered."""

    number: int
    signal: Signal
    example: ExampleMatch
    work: RegisteredWork | None

    @property
    def is_copy(self) -> bool:
        """Whether it is a copy of the example, by PDQ, and not another picture of the same thing."""
        return self.example.threshold == 0.5 and self.example.similarity == self.signal.score


def work_matches(case: Case, works: Sequence[RegisteredWork]) -> tuple[WorkMatch, ...]:
    """The likenesses to registered works that were measured in a case, in the order of its signals."""
    registered: Mapping[str, RegisteredWork] = {work.id: work for work in works}
    found = [(signal, signal.example) for signal in case.signals if signal.example is not None]
    return tuple(
        WorkMatch(number=number, signal=signal, example=example, work=registered.get(example.work))
        for number, (signal, example) in enumerate(found)
    )


def matched_picture(
    who: Principal, case: Case, number: int, fetch: Callable[[Asset, Path], Path], folder: Path
) -> bytes:
    """The picture of the case in which a likeness was found, as a JPEG; `fetch` copies an asset to a path.

    Of a request with several references it is those side by side. Raises NotFound, BadMedia, Forbidden.
    """
    require_role(who, Role.MODERATOR)
    require_scope(who, Scope.MODERATE)
    matches = work_matches(case, ())
    if not 0 <= number < len(matches):
        raise NotFound("there is no such likeness in this case")
    if matches[number].example.sound:
        raise NotFound("it was heard: there is no picture of it")
    signal = matches[number].signal
    if signal.subject is Subject.REFERENCE:
        assets = case.request.engine_inputs
    else:
        assets = (case.rendered.asset,) if case.rendered else ()
    if not assets:
        raise NotFound("there is no picture to be had here")
    files = [fetch(asset, folder / f"{n}.bin") for n, asset in enumerate(assets)]
    return side_by_side([_frame_at(file, signal.at.start if signal.at else 0.0) for file in files])


def side_by_side(frames: Sequence[Frame]) -> bytes:
    """A JPEG of these pictures, one after another on white."""
    from PIL import Image

    pictures = [Image.fromarray(frame.rgb) for frame in frames]
    whole = Image.new("RGB", (sum(one.width for one in pictures), max(one.height for one in pictures)), "white")
    left = 0
    for one in pictures:
        whole.paste(one, (left, 0))
        left += one.width
    return jpeg_bytes(np.asarray(whole), max_side=_SIDE * len(pictures))


def _frame_at(file: Path, seconds: float) -> Frame:
    if is_image(file):
        return sample_image(file, max_side=_SIDE).frames[0]
    frames = sample_video(file, count=_FRAMES, max_side=_SIDE).frames
    return min(frames, key=lambda frame: abs(frame.at - seconds))
