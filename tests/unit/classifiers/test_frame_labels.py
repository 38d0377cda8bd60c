"""The real OpenCLIP code over a small net with random weights: what needs a checkpoint is loaded from one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from classifiers.base import SignalNote, measure_all
from classifiers.image.frame_labels import FrameLabels
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.models import Models
from classifiers.models.boxes import nms
from classifiers.models.file_digest import file_sha256
from classifiers.models.options import ModelOptions

pytestmark = pytest.mark.models

TINY = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A checkpoint on disk of an architecture registered for this test."""
    from classifiers.models.open_clip_encoder import _open_clip

    open_clip = _open_clip()
    import torch

    folder = tmp_path_factory.mktemp("clip")
    (folder / "assay-tiny.json").write_text(json.dumps(TINY))
    open_clip.add_model_config(folder)
    torch.manual_seed(1)
    torch.save(open_clip.create_model("assay-tiny").state_dict(), folder / "tiny.pt")
    return folder / "tiny.pt"


def test_a_local_checkpoint_gives_scores_for_every_frame_label(checkpoint) -> None:
    options = ModelOptions(
        openclip_checkpoint=checkpoint, openclip_model="assay-tiny", openclip_sha256=file_sha256(checkpoint)
    )
    noise = np.random.default_rng(3).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    found = measure_all(sample_of_images(flat_image(90), noise), [FrameLabels(Models(options))]).signals
    assert {s.label for s in found} == set(FrameLabels.labels)
    assert all(s.note == SignalNote.NONE and 0 < s.score < 1 and s.at for s in found)


def test_a_checkpoint_nobody_vouches_for_is_refused(checkpoint) -> None:
    models = Models(ModelOptions(openclip_checkpoint=checkpoint))
    found = measure_all(sample_of_images(flat_image(90)), [FrameLabels(models)]).signals
    assert {(s.score, s.note) for s in found} == {(None, SignalNote.MISSING_MODEL)}


def test_without_a_checkpoint_nothing_is_said_and_no_hub_is_asked() -> None:
    found = measure_all(sample_of_images(flat_image(90)), [FrameLabels()]).signals
    assert {(s.label, s.score) for s in found} == {(label, None) for label in FrameLabels.labels}


def test_overlapping_boxes_give_way_to_the_surest() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]], dtype=np.float32)
    assert nms(boxes, np.array([0.8, 0.9, 0.7]), 0.5) == [1, 2]
    assert nms(boxes[:0], np.array([]), 0.5) == []
