"""Requests that are made over a video that is there: a remix, an edit, an extension."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from core.case import Case, Phase
from core.errors import NotFound, NotNow
from core.roles import Principal
from media.sampling import sample_video
from pipeline.service import CaseService
from pipeline.video_request import VideoRequest

_GONE = (Phase.REFUSED, Phase.FAILED, Phase.RECALLED, Phase.WITHDRAWN)


class Derivation(StrEnum):
    """What is to be made of a video: anew with another prompt, or going on where it ends."""

    EDIT = "edit"
    EXTENSION = "extension"


def derived_request(
    service: CaseService, who: Principal, asked: VideoRequest, video_id: str, folder: Path, derivation: Derivation
) -> VideoRequest:
    """The request with its source as parent and reference, in the source's model, size and length where none is named.

    The reference is the published video, or for an extension its last picture; it lies in `folder`. Raises NotFound
    for no video that this account may use, and NotNow for one of its own that is not finished.
    """
    source = _source(service, who, video_id)
    file = service.content(None, video_id, folder / "source.mp4")
    made, before = source.rendered, source.request
    return replace(
        asked,
        parent=video_id,
        references=(last_picture(file, folder) if derivation is Derivation.EXTENSION else file,),
        model=asked.model or before.model,
        size=asked.size or (f"{made.width}x{made.height}" if made and made.width else before.size),
        seconds=asked.seconds or before.seconds,
    )


def last_picture(video: Path, folder: Path) -> Path:
    """The last picture of a video, as a PNG in the folder. Raises BadMedia."""
    from PIL import Image

    file = folder / "last.png"
    Image.fromarray(sample_video(video, count=2).frames[-1].rgb).save(file)
    return file


def _source(service: CaseService, who: Principal, video_id: str) -> Case:
    try:
        case = service.ledger.load(video_id)
    except NotFound:
        case = None
    if case is not None and case.phase is Phase.PUBLISHED:
        return case
    if case is None or case.request.author != who.id or case.phase in _GONE:
        raise NotFound("there is no such video that another could be made over")
    raise NotNow("this video is not ready yet: another can be made over it once it is completed")
