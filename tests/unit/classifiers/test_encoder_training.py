"""What the encoder learns from, and what stands beside e5's weights: with small nets and drawn numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from classifiers.models.catalog import locate_files, model_entry
from classifiers.models.e5 import E5Embedder, load_adapter
from classifiers.models.e5.packed_weights import read_packed_weights
from classifiers.models.onnx_net import onnx_session
from classifiers.models.options import ModelOptions
from core.errors import Unavailable
from evals.prompts.training.e5_adapter import TunedE5, adapter_arrays
from evals.prompts.training.encoder import teacher_distance
from evals.prompts.training.encoder_file import encoder_file
from evals.prompts.training.minilm import TEACHER_DIMENSIONS, MiniLmClassifier, pad_batch


def test_texts_that_the_teacher_does_not_know_teach_nothing() -> None:
    taught = torch.zeros(3, 4)
    taught[1] = torch.tensor([0.0, 1.0, 0.0, 0.0])
    said = torch.tensor([[9.0, 0.0, 0.0, 0.0], [0.0, 5.0, 0.0, 0.0], [0.0, 0.0, 7.0, 0.0]])
    assert teacher_distance(said, taught).item() == 0.0
    assert teacher_distance(-said, taught).item() == 2.0
    assert teacher_distance(said, torch.zeros(3, 4)).item() == 0.0


def test_what_is_asked_for_the_teacher_changes_no_logit() -> None:
    torch.manual_seed(1)
    model = MiniLmClassifier(5, vocabulary=50, width=24, inner=32, layers=1).eval()
    batch = pad_batch([[4, 8, 15], [16, 23]])
    logits, embeddings = model.with_teacher(*batch)
    assert torch.equal(logits, model(*batch))
    assert embeddings.shape == (2, TEACHER_DIMENSIONS)


def test_the_encoder_is_written_as_it_was_learnt_and_reads_a_text_alike_beside_others() -> None:
    """A long text beside it, with larger numbers: with one scale for all of them it would read otherwise."""
    torch.manual_seed(5)
    model = MiniLmClassifier(5, vocabulary=50, width=48, inner=96, layers=2).eval()
    runs = onnx_session(encoder_file(model, 16))
    ids, lengths = np.zeros((2, 9), np.int64), np.array([3, 9], np.int32)
    ids[0, :3], ids[1] = [4, 8, 15], np.arange(9) + 20
    together = runs.run(["logits"], {"ids": ids, "lengths": lengths})[0]
    alone = runs.run(["logits"], {"ids": ids[:1, :3], "lengths": lengths[:1]})[0]
    with torch.inference_mode():
        learnt = model(*pad_batch([ids[0, :3].tolist(), ids[1].tolist()])).numpy()
    assert np.abs(together - learnt).max() < 0.03 * np.abs(learnt).max()
    assert np.allclose(together[0], alone[0], atol=1e-5)


def test_no_weight_of_the_shipped_encoder_has_more_than_seven_bits() -> None:
    """With eight, products overflow on some processors and not on others."""
    (file, _words) = locate_files(model_entry("prompt_encoder"), ModelOptions())
    matrices = {
        one.name: numpy_helper.to_array(one)
        for one in onnx.load(file).graph.initializer
        if one.name.endswith(".w") and one.data_type == onnx.TensorProto.INT8
    }
    assert len(matrices) == 36
    assert max(int(np.abs(matrix.astype(np.int16)).max()) for matrix in matrices.values()) == 63


@pytest.fixture
def tuned() -> TunedE5:
    """e5 with drawn numbers in its thin matrices."""
    torch.manual_seed(3)
    model = TunedE5(read_packed_weights(e5_file()), 5).eval()
    with torch.no_grad():
        for matrix in model.up.values():
            matrix.copy_(torch.randn_like(matrix) * 0.2)
    return model


def e5_file() -> Path:
    return locate_files(model_entry("e5_multilingual"), ModelOptions())[0]


def test_what_e5_learns_is_what_runs(tuned: TunedE5, tmp_path: Path) -> None:
    texts = ["Ein Hund läuft über die Straße", "女の子が公園で犬と遊んでいる"]
    np.savez(tmp_path / "adapter.npz", **adapter_arrays(tuned))
    plain, runs = E5Embedder(e5_file(), {}), E5Embedder(e5_file(), load_adapter([tmp_path / "adapter.npz"]))
    words, lengths = plain.word_embeddings([plain.windows(text)[0] for text in texts])
    with torch.inference_mode():
        learnt = tuned.embed(torch.from_numpy(words), torch.from_numpy(lengths)).numpy()
    assert ((runs.embed(texts) * learnt).sum(axis=1) > 0.99).all()
    assert ((plain.embed(texts) * learnt).sum(axis=1) < 0.9).all()


def test_an_adapter_that_lacks_a_matrix_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "adapter.npz", **{"l11.q.up": np.zeros((3, 2)), "l11.k.down": np.zeros((2, 4))})
    with pytest.raises(Unavailable, match="no adapter"):
        load_adapter([tmp_path / "adapter.npz"])
