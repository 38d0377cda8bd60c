from __future__ import annotations

import cv2
import numpy as np
import pytest

from classifiers.image.frame_faces import example_portrait
from classifiers.image.frame_hashes import FrameHashes, bank_hashes, hash_similarity
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.models import PACKAGED_MODELS
from core.signals import Subject


def banked(kind: str, rgb: np.ndarray) -> list[tuple[str, str, str, bytes]]:
    return [("a1", kind, algorithm, bits) for algorithm, bits in bank_hashes(rgb, PACKAGED_MODELS)]


def scores(classifier: FrameHashes, *pictures: np.ndarray) -> dict[str, float]:
    return {s.label: s.score for s in classifier.measure(sample_of_images(*pictures), Subject.VIDEO)}


def recompressed(rgb: np.ndarray) -> np.ndarray:
    half = cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cv2.imdecode(cv2.imencode(".jpg", half, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR)


def other_picture() -> np.ndarray:
    y, x = np.mgrid[0:360, 0:640]
    return np.stack([(x * 3) % 256, (y * 2) % 256, (x + y) % 256], axis=2).astype(np.uint8)


@pytest.mark.parametrize("change", [recompressed, np.fliplr, np.flipud, np.rot90], ids=lambda change: change.__name__)
def test_a_changed_copy_is_still_found(listed_hashes, change) -> None:
    classifier = FrameHashes(listed_hashes(*banked("known_bad", example_portrait())))
    found = scores(classifier, other_picture(), np.ascontiguousarray(change(example_portrait())))
    assert found["known_bad"] >= 0.5 and found["known_work"] == 0.0


def test_another_picture_is_not(listed_hashes) -> None:
    classifier = FrameHashes(
        listed_hashes(*banked("known_bad", example_portrait()), *banked("known_work", example_portrait()))
    )
    assert max(scores(classifier, other_picture()).values()) < 0.4


def test_the_place_is_that_of_the_frame(listed_hashes) -> None:
    classifier = FrameHashes(listed_hashes(*banked("known_work", example_portrait())))
    found = {
        s.label: s for s in classifier.measure(sample_of_images(other_picture(), example_portrait()), Subject.VIDEO)
    }
    assert (found["known_work"].score, found["known_work"].at.start, found["known_work"].at.end) == (1.0, 1.0, 2.0)


def test_a_picture_without_detail_is_not_banked_and_not_found(listed_hashes) -> None:
    assert bank_hashes(flat_image(0), PACKAGED_MODELS) == []
    assert (
        max(scores(FrameHashes(listed_hashes(*banked("known_bad", example_portrait()))), flat_image(0)).values()) == 0.0
    )


@pytest.mark.parametrize("algorithm", ["pdq", "phash"])
def test_the_nearer_the_higher(algorithm: str) -> None:
    falling = [hash_similarity(algorithm, distance) for distance in range(257)]
    assert falling == sorted(falling, reverse=True) and falling[0] == 1.0 and falling[-1] == 0.0
