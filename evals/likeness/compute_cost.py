"""What a likeness check costs: `ASSAY_DATA=FOLDER python -m evals.likeness.compute_cost`. CPU seconds of one thread.

Ten seconds in 720p with two people who move (public photographs, panned) and somebody speaking: 12 frames, as an
installation looks at by default, and all of the sound. The same by two nets for faces, and one face alone, as it is
described in a photograph and in a video. Writes evals/results/likeness_cost.json.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.audio.voices import Voices
from classifiers.base import Classifier
from classifiers.image.face_backend import embed_face
from classifiers.image.face_template import PHOTO_VIEWS, VIDEO_VIEWS, AugmentationViews
from classifiers.image.face_tracks import track_faces
from classifiers.image.frame_faces import FrameFaces, example_portrait
from classifiers.image.sampled_frames import sample_of_images
from classifiers.models import PACKAGED_MODELS, Models
from classifiers.models.options import ModelOptions
from core.embedding_spaces import FACE_SPACE, TWO_NET_FACE_SPACE, VOICE_SPACE, EmbeddingSpace
from core.signals import Subject
from evals.bench.machine_info import machine_info, min_median_max
from media.audio_decode import decode_mono_audio_in_process
from media.video import MONO_SAMPLE_RATE, MonoAudio, VideoSample
from registry.banks.protected_gallery import MemoryGallery

RESULT = Path(__file__).parents[1] / "results" / "likeness_cost.json"
_FRAME_COUNT = 12
"""Frames of the clip that are looked at."""
_SECONDS = 10
"""Length of the clip's sound."""
_TWO_NETS = Models(ModelOptions(face_backend="two_nets"))
_ROUNDS = 5
"""Rounds that count; one more goes before them and loads the models."""


def main() -> None:
    """Measure and write."""
    sample = _clip(Path(os.environ["ASSAY_DATA"]) / "audio" / "librosa_music" / "3436-172162-0000.ogg")
    classifiers: dict[str, Classifier] = {
        "faces": FrameFaces(_gallery(FACE_SPACE)),
        "faces, by two nets": FrameFaces(_gallery(TWO_NET_FACE_SPACE), models=_TWO_NETS),
        "voices": Voices(_gallery(VOICE_SPACE)),
    }
    cpu_seconds: dict[str, list[float]] = {name: [] for name in classifiers}
    for turn in range(_ROUNDS + 1):
        for name, classifier in classifiers.items():
            began = time.process_time()
            classifier.measure(sample, Subject.VIDEO)
            if turn:  # the first loads the nets
                cpu_seconds[name].append(time.process_time() - began)
    people = len(track_faces(sample, PACKAGED_MODELS).people)
    both = [a + b for a, b in zip(cpu_seconds["faces"], cpu_seconds["voices"], strict=True)]
    result: dict[str, object] = {
        "command": "python -m evals.likeness.compute_cost",
        "clip": f"{_SECONDS} s, 1280 x 720, {_FRAME_COUNT} frames looked at, {people} people found, "
        "2 galleries of 1,000",
        "cpu_s": {name: min_median_max(values) for name, values in cpu_seconds.items()}
        | {"together": min_median_max(both)},
        "cpu_s_a_face": {
            f"{where}, by {nets} nets": min_median_max(_one_face(models, views))
            for where, views in (("in a photograph", PHOTO_VIEWS), ("in a video", VIDEO_VIEWS))
            for nets, models in (("three", PACKAGED_MODELS), ("two", _TWO_NETS))
        },
        "machine": machine_info(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _gallery(space: EmbeddingSpace) -> MemoryGallery:
    gallery, rng = MemoryGallery(space), np.random.default_rng(1)
    for number in range(1000):
        gallery.add(f"p{number}", "other", rng.normal(0, 0.05, space.dimensions).astype(np.float32))
    return gallery


def _one_face(models: Models, views: AugmentationViews) -> list[float]:
    (face, *_) = models.get("mtcnn").find(example_portrait())
    cpu_seconds = []
    for _ in range(4 * _ROUNDS):
        began = time.process_time()
        embed_face(example_portrait(), face, models, views)
        cpu_seconds.append(time.process_time() - began)
    return cpu_seconds


def _clip(speech: Path) -> VideoSample:
    import insightface

    group = Path(os.fspath(insightface.__file__)).parent / "data" / "images" / "t1.jpg"
    six = np.asarray(cv2.imread(str(group)), np.uint8)
    other = np.ascontiguousarray(six[:, : six.shape[1] // 4, ::-1])
    frames = [_frame(example_portrait(), other, number * 8) for number in range(_FRAME_COUNT)]
    samples = np.asarray(decode_mono_audio_in_process(str(speech), float(_SECONDS), {})["samples"], np.float32)  # type: ignore[index]
    sample = sample_of_images(*frames)
    return replace(
        sample,
        info=replace(sample.info, has_audio=True, sample_rate=MONO_SAMPLE_RATE),
        audio=MonoAudio(samples=samples),
    )


def _frame(portrait: NDArray[np.uint8], other: NDArray[np.uint8], moved: int) -> NDArray[np.uint8]:
    frame = np.full((720, 1280, 3), 120, np.uint8)
    left = cv2.resize(portrait, (512, 512))
    right = cv2.resize(other, (400, round(400 * other.shape[0] / other.shape[1])))[:700]
    frame[100:612, 20 + moved : 532 + moved] = left
    frame[10 : 10 + len(right), 800 - moved : 1200 - moved] = right
    return frame


if __name__ == "__main__":
    main()
