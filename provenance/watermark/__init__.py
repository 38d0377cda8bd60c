"""An invisible, keyed watermark in the brightness of a video, that survives encoding, resizing, cropping, mirroring.

One tile is repeated over the picture; each of its frequencies carries two bits or a pilot. In `video/`: carrier_layout
and spatial_pattern say what is written, embed writes it and strength_control says how strongly; pilot_search,
spectral_search and homography_candidates find a picture's geometry, demodulate and detect read it, segments says where,
files does both for files. `audio/` is the watermark in sound. Shared: key, payload, convolutional_code and payload_set,
which matches a mark that cannot be decoded against those that were issued.
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
