"""Still pictures of published videos, sealed as the videos are: made when first asked for, and kept for a week.

They are kept as files of this machine and not as assets of the case: whoever asks is served only while the video itself
may be had, and what is thrown away can be made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from core.case import Case
from core.errors import NotFound
from core.events import Sealed
from media.contact_sheet import contact_sheet
from media.labels.label_terms import VisibleLabel
from media.sampling import sample_video
from pipeline.sealing import CaseSealer, seal_order_for, signing_keys
from pipeline.tempdirs import temp_folder

if TYPE_CHECKING:
    from provenance.still_seal import StillFormat

_MAX_SIDE = 1280
_SHEET_PICTURES, _SHEET_COLUMNS, _TILE_WIDTH = 25, 5, 320
_KEEP_SECONDS, _KEEP_FILES = 7 * 86_400.0, 2_000


class PictureVariant(StrEnum):
    """One picture out of the video, or pictures of all of it laid side by side."""

    THUMBNAIL = "thumbnail"
    SPRITESHEET = "spritesheet"


PICTURE_FORMATS: Mapping[PictureVariant, StillFormat] = {
    PictureVariant.THUMBNAIL: "webp",
    PictureVariant.SPRITESHEET: "jpeg",
}
"""As OpenAI serves them."""


class VideoPictures(Protocol):
    """Makes still pictures of sealed videos."""

    def picture(self, case: Case, variant: PictureVariant, fetch: Callable[[Path], Path]) -> Path:
        """The sealed picture; `fetch` copies the published video to a path. Raises SealBroken, BadMedia, NotFound."""

    def forget(self, case: Case) -> None:
        """Keep no picture of this case any longer. Nothing happens where none is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePictures:
    """VideoPictures of this installation. `folder` is where they are kept, `workdir` where they are made."""

    sealer: CaseSealer
    folder: Path
    workdir: Path

    def picture(self, case: Case, variant: PictureVariant, fetch: Callable[[Path], Path]) -> Path:
        """See VideoPictures. The same file for as long as it is kept."""
        if case.sealed is None:
            raise NotFound("there is no video to be had here")
        kept = self._kept(case.sealed, variant)
        if not kept.is_file():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._throw_old_away()
            with temp_folder(self.workdir) as folder:
                self._make(case, variant, fetch(folder / "video.mp4"), kept)
        return kept

    def forget(self, case: Case) -> None:
        """See VideoPictures; of this machine only."""
        if case.sealed is None:
            return
        for variant in PictureVariant:
            self._kept(case.sealed, variant).unlink(missing_ok=True)

    def _kept(self, sealed: Sealed, variant: PictureVariant) -> Path:
        return self.folder / f"{sealed.asset.digest}-{variant.value}.{PICTURE_FORMATS[variant]}"

    def _make(self, case: Case, variant: PictureVariant, video: Path, kept: Path) -> None:
        from provenance.c2pa.reader import read_credentials_report
        from provenance.still_seal import seal_still
        from provenance.watermark import detect_file
        from provenance.watermark.payload import Payload

        if case.sealed is None:  # asked before
            raise NotFound
        settings, rests_on = self.sealer.settings, self.sealer.rests_on
        keys = signing_keys(settings)
        order = seal_order_for(case, self.sealer.ledger, settings)
        stated = read_credentials_report(video, keys.trust).credentials.source_type
        seal_still(
            _drawn(video, variant),
            kept,
            replace(
                order,
                consents=rests_on.receipts(case) if rests_on else (),
                source_type=stated,
                label=_seen_throughout(order.label),
                composite_label=_seen_throughout(order.composite_label),
            ),
            video=video,
            payload=Payload.from_hex(case.sealed.payload),
            keys=keys,
            detect=detect_file,
            format=PICTURE_FORMATS[variant],
        )

    def _throw_old_away(self) -> None:
        files = sorted(self.folder.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
        old = time.time() - _KEEP_SECONDS
        for number, file in enumerate(files):
            if number >= _KEEP_FILES or file.stat().st_mtime < old:
                with suppress(OSError):
                    file.unlink()


def _seen_throughout(label: VisibleLabel | None) -> VisibleLabel | None:
    """A label of the video's first seconds is not said to be in pictures of all of it."""
    return label if label and label.seconds is None else None


def _drawn(video: Path, variant: PictureVariant) -> Any:
    """(height, width, 3) uint8. A thumbnail is the middle of nine pictures: the first is often black."""
    if variant is PictureVariant.THUMBNAIL:
        frames = sample_video(video, count=9, max_side=_MAX_SIDE).frames
        return frames[len(frames) // 2].rgb
    pictures = [frame.rgb for frame in sample_video(video, count=_SHEET_PICTURES, max_side=_TILE_WIDTH * 2).frames]
    return contact_sheet(pictures, columns=_SHEET_COLUMNS, tile_width=_TILE_WIDTH)
