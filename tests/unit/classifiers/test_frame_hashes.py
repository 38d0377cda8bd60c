from __future__ import annotations

import cv2
import numpy as np
import pytest

from classifiers.image.frame_faces import example_portrait
from classifiers.image.frame_hashes import FrameHashes, bank_hashes
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.models import PACKAGED_MODELS
from core.signals import Subject


def banked(kind: str, rgb: np.ndarray) -> list[tuple[str, str, str, list[tuple[int, bytes]]]]:
    return [("a1", kind, algorithm, bits) for algorithm, bits in bank_hashes(rgb, PACKAGED_MODELS)]


def scores(classifier: FrameHashes, *pictures: np.ndarray) -> dict[str, float]:
    return {s.label: s.score for s in classifier.measure(sample_of_images(*pictures), Subject.VIDEO)}


def recompressed(rgb: np.ndarray) -> np.ndarray:
    half = cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cv2.imdecode(cv2.imencode(".jpg", half, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR)


def bordered(rgb: np.ndarray) -> np.ndarray:
    return cv2.copyMakeBorder(rgb, 40, 40, 60, 60, cv2.BORDER_CONSTANT)


def cropped(rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    return rgb[height // 20 : height - height // 20, width // 20 : width - width // 20]


def cut_off(rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    return rgb[: height * 9 // 10, width // 10 :]


def other_picture() -> np.ndarray:
    y, x = np.mgrid[0:360, 0:640]
    return np.stack([(x * 3) % 256, (y * 2) % 256, (x + y) % 256], axis=2).astype(np.uint8)


@pytest.mark.parametrize(
    "change",
    [recompressed, np.fliplr, np.flipud, np.rot90, bordered, cropped, cut_off],
    ids=lambda change: change.__name__,
)
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


def test_what_a_harmless_bank_has_takes_the_hit_away_and_says_so(listed_hashes) -> None:
    bank = listed_hashes(*banked("known_bad", example_portrait()), *banked("known_harmless", example_portrait()))
    found = {s.label: s for s in FrameHashes(bank).measure(sample_of_images(example_portrait()), Subject.VIDEO)}
    assert (found["known_bad"].score, found["known_bad"].note) == (0.0, "known_harmless")
    assert found["known_bad"].evidence == "3" and found["known_bad"].at is not None


def test_a_signal_names_the_entry_that_was_found(listed_hashes) -> None:
    bank = listed_hashes(*banked("known_listed", example_portrait()))
    found = FrameHashes(bank).measure(sample_of_images(example_portrait()), Subject.VIDEO)
    assert {(s.label, s.evidence) for s in found if s.score} == {("known_listed", "1")}
