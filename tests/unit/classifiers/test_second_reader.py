"""The second reader's laws, over made-up readers; what it does to real prompts, where its weights are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import PromptText, measure_all
from classifiers.base import SignalNote
from classifiers.models import Models
from classifiers.models.larger.averaging import SecondReader
from classifiers.models.larger.mpnet_encoder import MPNET_DIMENSIONS, read_safetensors
from classifiers.models.options import ModelOptions
from classifiers.text.prompt_intent import PromptIntent
from classifiers.text.second_opinion import second_opinion
from core.errors import Unavailable
from core.text_styles import TextStyle

LABELS = ("violence", "unsafe", "sexual")
ASKED = Models(ModelOptions(prompt_second_reader=True))
GREY = "a bloody handprint on a white wall"


def reader(quick=0.5, second=0.4, offset=-0.2, low=-3.0, high=2.0):
    one = {"quick": quick, "second": second, "offset": offset, "low": low, "high": high}
    one = {name: np.array([value]) for name, value in one.items()}
    weights = np.zeros(MPNET_DIMENSIONS)
    weights[0] = 1.0
    return SecondReader(
        labels=LABELS, styles=("video",), limits=np.array([0.7, 0.5, 0.6]), weights=weights, bias=0.0, **one
    )


readers = st.builds(
    reader,
    quick=st.floats(0, 3),
    second=st.floats(0, 3),
    offset=st.floats(-4, 4),
    low=st.floats(-5, -0.1),
    high=st.floats(0.1, 5),
)
far = st.floats(-8, 8)


@given(readers, far, far, far, far)
def test_where_a_text_lies_rises_in_both_readers_and_does_not_change_outside_the_band(made, first, other, least, most):
    first, other = sorted((first, other))
    least, most = sorted((least, most))
    lower = made.averaged(np.array([first]), np.array([least]), "video")[0]
    assert lower <= made.averaged(np.array([other]), np.array([least]), "video")[0]
    assert lower <= made.averaged(np.array([first]), np.array([most]), "video")[0]
    if made.low[0] <= first <= made.high[0]:
        assert made.low[0] <= lower <= made.high[0] and lower <= max(first, 1.0)
    else:
        assert lower == first


@given(readers, st.lists(st.floats(0.001, 0.999), min_size=3, max_size=3), far)
def test_the_highest_label_lies_where_the_average_does_and_only_unsafe_ever_rises(made, row, margin):
    scores = np.array([row], np.float32)
    highest = made.above_limits(scores).max(1)
    moved = made.moved(scores, np.array([margin]), "video")
    expected = made.averaged(highest, np.array([margin]), "video")
    assert made.above_limits(moved).max() == pytest.approx(expected[0], abs=1e-3)
    assert (moved <= scores + 1e-6)[0, [0, 2]].all()
    if expected[0] == highest[0]:
        np.testing.assert_array_equal(moved, scores)


class _Here(Models):
    """The small parts are as given, the encoder as it may be."""

    def __init__(self, made, encoder):
        super().__init__(ModelOptions(prompt_second_reader=True))
        object.__setattr__(self, "_parts", {"second_reader": made, "mpnet_english": encoder})

    def get(self, name):
        if (found := self._parts[name]) is None:
            raise Unavailable(f"{name} is missing")
        return found


class _Says:
    def __init__(self, margin):
        self.margin, self.read = margin, []

    def embed(self, texts):
        self.read += texts
        rows = np.zeros((len(texts), MPNET_DIMENSIONS), np.float32)
        rows[:, 0] = self.margin
        return rows


def test_it_reads_the_highest_undecided_parts_in_english_and_nothing_else():
    scores = np.full((5, 3), 0.01, np.float32)
    scores[:, 1] = [0.45, 0.001, 0.3, 0.4, 0.99]
    shown, english = ["grey", "plain", "less", "foreign", "sure"], [True, True, True, False, True]
    encoder = _Says(9.0)
    seen = second_opinion(shown, english, scores, LABELS, "video", _Here(reader(), encoder))
    assert encoder.read == ["grey", "less"]
    np.testing.assert_array_equal(seen[[1, 3, 4]], scores[[1, 3, 4]])
    assert seen[0, 1] > 0.5 and seen[0, 0] == scores[0, 0]
    assert second_opinion(shown, english, scores, LABELS, "social", _Here(reader(), None)) is scores


@pytest.mark.models
@pytest.mark.parametrize("text", [GREY, "a lighthouse on a cliff at dawn, gulls circling"])
def test_without_its_weights_no_prompt_is_measured_where_it_is_asked_for(tmp_path, text):
    models = Models(replace(ASKED.options, weights_folder=tmp_path))
    assert set(PromptIntent(models).required_models) > set(PromptIntent.required_models)
    found = measure_all(PromptText(text, TextStyle.VIDEO), [PromptIntent(models)]).signals
    assert {(one.score, one.note) for one in found} == {(None, SignalNote.MISSING_MODEL)}
    assert {one.source for one in found} == {f"{PromptIntent().source}+second_reader"}
    posts = measure_all(PromptText(text, TextStyle.POST), [PromptIntent(models)]).signals
    assert all(one.score is not None for one in posts)


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"not a model, but long enough to have a header")
    with pytest.raises(Unavailable, match="no safetensors file"):
        read_safetensors(path)


@pytest.mark.models
def test_with_its_weights_a_grey_prompt_is_moved_and_a_plain_one_is_left_as_it_is():
    try:
        ASKED.get("mpnet_english")
    except Unavailable as error:
        pytest.skip(str(error))
    plain = PromptText("a lighthouse on a cliff at dawn, gulls circling", TextStyle.VIDEO)
    with_it, without = (measure_all(plain, [PromptIntent(models)]).signals for models in (ASKED, Models()))
    assert [(one.label, one.score, one.at) for one in with_it] == [(one.label, one.score, one.at) for one in without]
    grey = PromptText("a girl in a bikini washes a car", TextStyle.VIDEO)
    moved, before = (
        {one.label: one.score for one in measure_all(grey, [PromptIntent(models)]).signals}
        for models in (ASKED, Models())
    )
    assert moved["unsafe"] > before["unsafe"] + 0.1 and moved["violence"] == before["violence"]


@pytest.mark.models
def test_the_embeddings_are_those_of_the_same_net_in_torch():
    try:
        embedder = ASKED.get("mpnet_english")
    except Unavailable as error:
        pytest.skip(str(error))
    import torch

    from classifiers.models.catalog import locate_files, model_entry
    from evals.prompts.training.mpnet import MpnetEmbedder

    texts = [GREY, "no", "a very long " + "winding " * 80 + "road"]
    folder = locate_files(model_entry("mpnet_english"), ASKED.options)[0].parent
    np.testing.assert_allclose(embedder.embed(texts), MpnetEmbedder(folder, torch.float32).embed(texts), atol=1e-4)
