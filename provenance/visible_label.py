"""The visible label and the watermark as one way of marking: the label first, so that the mark covers it too."""

from __future__ import annotations

import tempfile
from pathlib import Path

from media.label_overlay import VisibleLabel, overlay_label
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload
from provenance.watermark_ports import EmbedWatermark


def embed_with_visible_label(embed: EmbedWatermark, label: VisibleLabel) -> EmbedWatermark:
    """Marks what was labelled before. Raises what `embed` raises, and BadMedia; then leaves no file."""

    def mark_labelled(src: Path, dst: Path, *, payload: Payload, key: WatermarkKey) -> object:
        with tempfile.TemporaryDirectory(dir=dst.parent, prefix=".label-") as folder:
            labelled_video = Path(folder) / "labelled.mp4"
            overlay_label(src, labelled_video, label)
            return embed(labelled_video, dst, payload=payload, key=key)

    return mark_labelled
