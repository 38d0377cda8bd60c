"""Sealing a still picture of a video that was sealed: marked and signed as the video is, and read back.

1. Mark: the video's own payload, in a picture's brightness, more strongly where it cannot be read back.
2. Encode, with the labels in XMP.
3. Detect the mark in the encoded picture.
4. Sign: the sealed video, with its credentials, is the parent.
5. Read the credentials back from the finished file, and the labels.
6. Detect the mark in the finished file, and release it.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import SealBroken
from provenance.c2pa.ingredients import PARENT_LABEL, Ingredient
from provenance.c2pa.manifest_definition import SealOrder, build_manifest_definition
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.writer import sign_file
from provenance.metadata import xmp_writer
from provenance.watermark.payload import Payload
from provenance.watermark.video.carrier_layout import modulate
from provenance.watermark.video.embed import VideoWatermarker
from provenance.watermark_ports import DetectWatermark

StillFormat = Literal["webp", "jpeg"]
STILL_MEDIA_TYPES: Mapping[StillFormat, str] = {"webp": "image/webp", "jpeg": "image/jpeg"}
_QUALITY = 90
_STRENGTHS = (1.5, 2.5, 4.0)
"""Times what is allowed in the first picture of a shot: a picture alone has no others to be read together with."""
_PARENT_TITLE = "The video that this is a picture of"


def seal_still(
    rgb: NDArray[np.uint8],
    dst: Path,
    order: SealOrder,
    *,
    video: Path,
    payload: Payload,
    keys: ProvenanceKeys,
    detect: DetectWatermark,
    format: StillFormat,  # noqa: A002 - Pillow's own word
) -> None:
    """Write `rgb` (height, width, 3) as a sealed picture, whole or not at all. `order` is that of the sealed `video`.

    Raises SealBroken where the finished file does not carry what it should, BadMedia for a picture too small for the
    mark, Unavailable where a time-stamping authority gives no stamp.
    """
    said = xmp_writer.xmp_fields(order, payload.hex)
    packet = xmp_writer.xmp_packet(said).encode()
    with tempfile.TemporaryDirectory(dir=dst.parent, prefix=".still-") as folder:
        marked, sealed = Path(folder) / f"marked.{format}", Path(folder) / f"sealed.{format}"
        for strength in _STRENGTHS:
            marked.write_bytes(_encode(_marked(rgb, payload, keys, strength), format, packet))  # 1, 2
            if _carries(marked, payload, keys, detect):  # 3
                break
        parent = Ingredient(relationship="parentOf", path=video, label=PARENT_LABEL, title=_PARENT_TITLE, remixed=False)
        claim = build_manifest_definition(order, payload=payload.hex, sources=[parent])
        claim["title"] = f"Picture of video {order.case_id}"
        sign_file(marked, sealed, claim, keys.signer, trust=keys.trust, sources=[parent])  # 4
        _check_credentials(sealed, order, payload, keys)  # 5
        _check_labels(sealed, said)
        if not _carries(sealed, payload, keys, detect):  # 6
            raise SealBroken("no watermark of this video can be read in its picture")
        sealed.replace(dst)


def _marked(rgb: NDArray[np.uint8], payload: Payload, keys: ProvenanceKeys, strength: float) -> NDArray[Any]:
    planes = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)
    watermark = VideoWatermarker(modulate(payload, keys.watermark_key), strength=strength)
    planes[..., 0] = watermark(np.ascontiguousarray(planes[..., 0]))
    return np.asarray(cv2.cvtColor(planes, cv2.COLOR_YCrCb2RGB))


def _encode(rgb: NDArray[Any], format: StillFormat, xmp: bytes) -> bytes:  # noqa: A002
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(rgb).save(out, format.upper(), quality=_QUALITY, xmp=xmp)
    return out.getvalue()


def _carries(file: Path, payload: Payload, keys: ProvenanceKeys, detect: DetectWatermark) -> bool:
    found = detect(file, keys=[keys.watermark_key])
    return found.detected and found.payload == payload.hex


def _check_credentials(sealed: Path, order: SealOrder, payload: Payload, keys: ProvenanceKeys) -> None:
    reading = read_credentials_report(sealed, keys.trust)
    credentials = reading.credentials
    if credentials.state != "trusted":
        raise SealBroken(f"the picture's credentials read as {credentials.state} {', '.join(credentials.issues)}")
    bindings = [(one.algorithm, one.value) for one in reading.soft_bindings if one.depth == 0]
    if bindings != [(order.soft_binding, payload.hex)] or reading.case_id != order.case_id:
        raise SealBroken("the picture's credentials name another video than its mark")


def _check_labels(sealed: Path, said: Mapping[str, str]) -> None:
    content = sealed.read_bytes()
    lines = xmp_writer.xmp_packet(said).splitlines()[3:-2]
    if not all(line.encode() in content for line in lines):
        raise SealBroken("the picture's XMP does not say what was written into it")
