"""An invisible, keyed watermark in the brightness of a video, that survives encoding, resizing, cropping, mirroring.

Lattice: one tile repeated over the picture, whose frequencies each carry two bits or a pilot. See docs in the modules:
key, payload, code, lattice (what is written); pattern, mask, motion, embed (writing); survey, proxy, plan (how
strongly); accumulate, fold, search, read, detect, segments (reading); issued, recognise (what cannot be read is
told apart from what was issued); files (both, for files).
"""

from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload
from provenance.watermark.video.detect import detect_video
from provenance.watermark.video.embed import VideoWatermarker, embed_video
from provenance.watermark.video.files import FileDetection, MarkReport, detect_file, locate_in_file, mark_file
from provenance.watermark.video.segments import Segment

__all__ = [
    "FileDetection",
    "MarkReport",
    "Payload",
    "Segment",
    "VideoWatermarker",
    "WatermarkKey",
    "detect_file",
    "detect_video",
    "embed_video",
    "locate_in_file",
    "mark_file",
]
