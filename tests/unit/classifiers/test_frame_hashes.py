from __future__ import annotations

import cv2
import numpy as np
import pytest

from classifiers.frame_faces import portrait
from classifiers.frame_hashes import FrameHashes, closeness, hashes_of
from classifiers.frames import a_sample, flat
from core.signals import Subject


def banked(kind: str, rgb: np.ndarray) -> list[tuple[str, str, str, bytes]]:
    return [("a1", kind, algorithm, bits) for algorithm, bits in hashes_of(rgb)]


def scores(classifier: FrameHashes, *pictures: np.ndarray) -> dict[str, float]:
    return {s.label: s.score for s in classifier.measure(a_sample(*pictures), Subject.VIDEO)}


def recompressed(rgb: np.ndarray) -> np.ndarray:
    half = cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cv2.imdecode(cv2.imencode(".jpg", half, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR)


def other_picture() -> np.ndarray:
    y, x = np.mgrid[0:360, 0:640]
    return np.stack([(x * 3) % 256, (y * 2) % 256, (x + y) % 256], axis=2).astype(np.uint8)


@pytest.mark.parametrize("change", [recompressed, np.fliplr, np.flipud, np.rot90], ids=lambda change: change.__name__)
def test_a_changed_copy_is_still_found(listed_hashes, change) -> None:
    classifier = FrameHashes(listed_hashes(*banked("known_bad", portrait())))
    found = scores(classifier, other_picture(), np.ascontiguousarray(change(portrait())))
    assert found["known_bad"] >= 0.5 and found["known_work"] == 0.0


def test_another_picture_is_not(listed_hashes) -> None:
    classifier = FrameHashes(listed_hashes(*banked("known_bad", portrait()), *banked("known_work", portrait())))
    assert max(scores(classifier, other_picture()).values()) < 0.4


def test_the_place_is_that_of_the_frame(listed_hashes) -> None:
    classifier = FrameHashes(listed_hashes(*banked("known_work", portrait())))
    found = {s.label: s for s in classifier.measure(a_sample(other_picture(), portrait()), Subject.VIDEO)}
    assert (found["known_work"].score, found["known_work"].at.start, found["known_work"].at.end) == (1.0, 1.0, 2.0)


def test_a_picture_without_detail_is_not_banked_and_not_found(listed_hashes) -> None:
    assert hashes_of(flat(0)) == []
    assert max(scores(FrameHashes(listed_hashes(*banked("known_bad", portrait()))), flat(0)).values()) == 0.0


@pytest.mark.parametrize("algorithm", ["pdq", "phash"])
def test_the_nearer_the_higher(algorithm: str) -> None:
    falling = [closeness(algorithm, distance) for distance in range(257)]
    assert falling == sorted(falling, reverse=True) and falling[0] == 1.0 and falling[-1] == 0.0
