"""CLIP's vectors of frames, made once for all who look at one, and which frames are worth looking at."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.models import Models
from classifiers.remember import remember
from media.video import Frame, VideoSample

VECTOR_MODEL = "clip_image_tower"


@remember
def frame_vector(frame: Frame, models: Models) -> NDArray[np.float32]:
    """(512,) of length one: the middle square of a frame. Raises Unavailable if the model is missing."""
    return np.asarray(models.get(VECTOR_MODEL).encode([frame.rgb])[0], dtype=np.float32)


def most_different_frames(sample: VideoSample, most: int) -> list[int]:
    """Frames that look least like one another, at most so many, in order of time; of fewer, those of more are part."""
    return most_different(_thumbnails(sample), most)


def most_different(vectors: NDArray[np.float32], most: int) -> list[int]:
    """Rows that are far from one another, at most so many, in order: the middle one, then each time the farthest."""
    chosen = [len(vectors) // 2]
    nearest = vectors @ vectors[chosen[0]]
    while len(chosen) < min(most, len(vectors)):
        farthest = int(np.argmin(nearest))
        chosen.append(farthest)
        nearest = np.maximum(nearest, vectors @ vectors[farthest])
    return sorted(set(chosen))


def _thumbnails(sample: VideoSample) -> NDArray[np.float32]:
    """(n, 192): each frame in 8 x 8 colours, centred and of length 1."""
    small = [cv2.resize(frame.rgb, (8, 8), interpolation=cv2.INTER_AREA) for frame in sample.frames]
    rows = np.stack(small).reshape(len(small), -1).astype(np.float32) - np.float32(127.5)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6), np.float32)
