"""The visible label and the watermark as one way of marking: the label first, so that the mark lies over it too."""

from __future__ import annotations

import tempfile
from pathlib import Path

from media.label import Label, label_file
from provenance.ports import MarkFile
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload


def labelled(mark: MarkFile, label: Label) -> MarkFile:
    """Marks what was labelled before. Raises what `mark` raises, and BadMedia; then leaves no file."""

    def mark_labelled(src: Path, dst: Path, *, payload: Payload, key: WatermarkKey) -> object:
        with tempfile.TemporaryDirectory(dir=dst.parent, prefix=".label-") as folder:
            drawn = Path(folder) / "labelled.mp4"
            label_file(src, drawn, label)
            return mark(drawn, dst, payload=payload, key=key)

    return mark_labelled
