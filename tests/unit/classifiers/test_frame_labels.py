"""The real OpenCLIP code over a small net with random weights: what needs a checkpoint is loaded from one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from classifiers.base import SignalNote, measure_all
from classifiers.image.frame_labels import FrameLabels
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.image.zero_shot import label_sentences
from classifiers.models import Models
from classifiers.models.boxes import nms
from classifiers.models.catalog import file_sha256
from classifiers.models.options import ModelOptions
from core.errors import Unavailable

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


def test_policy_says_with_which_sentences_frames_are_compared(checkpoint, tmp_path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[harmless]\nsentences = ["a field"]\n[labels.fire_visual]\nfor = ["a fire"]\n')
    options = ModelOptions(
        openclip_checkpoint=checkpoint,
        openclip_model="assay-tiny",
        openclip_sha256=file_sha256(checkpoint),
        zero_shot_prompts=own,
    )
    found = measure_all(sample_of_images(flat_image(90)), [FrameLabels(Models(options))]).signals
    assert {s.label for s in found if s.score is not None} == {"fire_visual"}


def test_the_sentences_that_come_with_assay_speak_of_every_label_for_and_against() -> None:
    sentences = label_sentences()
    assert set(sentences) == set(FrameLabels.labels)
    assert all(len(said.described) >= 3 and len(said.against) >= 10 for said in sentences.values())


@pytest.mark.parametrize("text", ["", "[harmless]\nsentences = []\n[labels.x]\nfor = []", "nonsense", "labels = 3"])
def test_sentences_that_say_nothing_usable_are_refused(tmp_path, text) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(Unavailable, match="sentences for frames"):
        label_sentences(tmp_path / "own.toml")
