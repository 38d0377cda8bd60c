"""Pictures for the history of a file: what its credentials carry, or what this installation may show of its own videos.

Never of what was withdrawn: where any part of a history was taken down here, none of it is shown, whoever asks and
whoever else's credentials carry a picture. Our own seals carry none, since what is signed into a copy cannot be
taken back.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.case import Phase
from core.errors import AssayError, NotFound
from core.finding import Finding
from core.roles import Principal
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.service import CaseService
    from provenance.c2pa.thumbnails import LineageThumbnail

log = logging.getLogger("assay.verify")

_CASE_ID = re.compile(r"[0-9a-f]{16}")
_TAKEN_DOWN = (Phase.RECALLED, Phase.WITHDRAWN)
_MAX_OWN_VIDEOS = 4  # each takes a look at a whole video


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryThumbnail:
    """A JPEG of one step of a history, empty where there is none to show; `ours` if it is of a video kept here."""

    jpeg: bytes = b""
    ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialThumbnails:
    """The ThumbnailReader of this installation, by its trust lists."""

    settings: Settings

    def carried(self, file: Path, finding: Finding) -> Sequence[LineageThumbnail]:
        """As ThumbnailReader.carried."""
        from provenance.c2pa.signers.keys_folder import load_keys
        from provenance.c2pa.thumbnails import lineage_thumbnails

        return lineage_thumbnails(file, finding, load_keys(self.settings.keys_folder).trust)


def history_thumbnails(
    service: CaseService, who: Principal | None, file: Path, finding: Finding
) -> tuple[HistoryThumbnail, ...]:
    """One for each step of the lineage that the finding tells, in its order; none at all where they cannot be had."""
    if service.public.thumbnails is None or (finding.case or {}).get("phase") in _TAKEN_DOWN:
        return ()
    try:
        steps = service.public.thumbnails.carried(file, finding)
        ours = [_own_case_phase(service, step) for step in steps]
        if any(case is not None and case in _TAKEN_DOWN for case in ours):
            return ()
        return _shown(service, who, steps, ours)
    except AssayError as error:  # the answer stands without them
        log.warning("no pictures of a history: %s", error)
        return ()


def _shown(
    service: CaseService,
    principal: Principal | None,
    steps: Sequence[LineageThumbnail],
    own_phases: Sequence[Phase | None],
) -> tuple[HistoryThumbnail, ...]:
    thumbnails, remaining = [], _MAX_OWN_VIDEOS
    for step, phase in zip(steps, own_phases, strict=True):
        own = phase is not None and remaining > 0 and not step.jpeg
        remaining -= own
        thumbnails.append(
            _case_thumbnail(service, principal, step.case_id) if own else HistoryThumbnail(jpeg=step.jpeg)
        )
    return tuple(thumbnails)


def _own_case_phase(service: CaseService, step: LineageThumbnail) -> Phase | None:
    """The phase of the case whose seal this step is; None for others' manifests, whatever case they name."""
    if not _CASE_ID.fullmatch(step.case_id):  # an untrusted file can name anything
        return None
    try:
        case = service.ledger.load(step.case_id)
    except NotFound:
        return None
    return case.phase if case.sealed is not None and case.sealed.manifest_id == step.manifest_id else None


def _case_thumbnail(service: CaseService, principal: Principal | None, case_id: str) -> HistoryThumbnail:
    """From the middle of the video, if the client may see it."""
    from media.sampling import sample_video
    from provenance.c2pa.thumbnail_jpeg import THUMBNAIL_SIDE, encode_jpeg

    try:
        with service.context.temp_folder() as folder:
            video = service.content(principal, case_id, folder / "video")
            frames = sample_video(video, count=3, max_side=THUMBNAIL_SIDE).frames
    except NotFound:
        return HistoryThumbnail()
    return HistoryThumbnail(jpeg=encode_jpeg(frames[len(frames) // 2].rgb), ours=True)
