from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.models import PACKAGED_MODELS
from classifiers.models.hashed_ngrams import NGRAM_COLUMNS, word_columns
from classifiers.models.prompt_heads import ENCODER, MULTILINGUAL, NGRAMS, SENTENCE, PromptHeads
from classifiers.text import prompt_ensemble
from classifiers.text.prompt_ensemble import score_texts, select_chunks

LABELS, STYLES, INNER = 2, 1, 3


def heads(wary: float = 0.0) -> PromptHeads:
    """Two labels and one style; the word "stab" counts for the first label."""
    chance = np.random.default_rng(3)
    wide = LABELS + STYLES
    weights = np.zeros((NGRAM_COLUMNS, wide), np.float32)
    weights[list(word_columns("stab")), 0] = 8.0
    up, up_wide, down = (
        chance.normal(size=(INNER, 512)),
        chance.normal(size=(INNER, 384)),
        chance.normal(size=(3, INNER)),
    )
    return PromptHeads(
        labels=("violence", "hate"),
        styles=("video",),
        up=up.astype(np.float32),
        up_bias=np.zeros(INNER, np.float32),
        down=down.astype(np.float32),
        down_bias=np.zeros(wide, np.float32),
        wide_up=up_wide.astype(np.float32),
        wide_up_bias=np.zeros(INNER, np.float32),
        wide_down=down.astype(np.float32),
        wide_down_bias=np.zeros(wide, np.float32),
        ngram_weights=weights,
        ngram_bias=np.zeros(wide, np.float32),
        middle=np.zeros((4, LABELS), np.float32),
        spread=np.ones((4, LABELS), np.float32),
        mix=np.array([[[0.2] * 2, [0.4] * 2, [0.4] * 2, [0.0] * 2], [[0.25] * 2] * 4], np.float32),
        slope=np.ones((2, STYLES, LABELS), np.float32),
        offset=np.full((2, STYLES, LABELS), -3.0, np.float32),
        wary=np.full(2, wary, np.float32),
    )


class Model:
    """Says nothing in particular about each text, and notes that it was asked."""

    def __init__(self, name: str, width: int, asked: Counter[str]) -> None:
        self.name, self.width, self.asked = name, width, asked

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        self.asked[self.name] += len(texts)
        return np.zeros((len(texts), self.width), np.float32)

    logits = embed


@pytest.fixture
def asked() -> Counter[str]:
    """How many texts each model was asked about."""
    count: Counter[str] = Counter()
    return count


@pytest.fixture
def nets(asked: Counter[str]) -> SimpleNamespace:
    """Models that count."""
    widths = {"use_multilingual": 512, "prompt_encoder": LABELS + STYLES, "e5_multilingual": 384}
    return SimpleNamespace(get=lambda name: Model(name, widths[name], asked))


def test_slow_models_are_asked_only_about_what_the_quick_ones_suspect(
    asked: Counter[str], nets: SimpleNamespace
) -> None:
    calm, grave = score_texts(["a calm lake", "stab stab stab"], [True, True], heads(wary=0.1), nets)
    assert calm.max() < 0.1 < grave[0]
    assert asked == {"prompt_encoder": 2, "use_multilingual": 1}


def test_of_other_languages_both_are_others_and_the_encoder_is_never_asked(
    asked: Counter[str], nets: SimpleNamespace
) -> None:
    score_texts(["ein ruhiger Morgen"], [False], heads(wary=0.1), nets)
    assert asked == {"use_multilingual": 1}
    score_texts(["ein ruhiger Morgen"], [False], heads(wary=0.0), nets)
    assert asked == {"use_multilingual": 2, "e5_multilingual": 1}


def test_a_source_that_was_not_asked_leaves_its_weight_to_the_others() -> None:
    made = heads()
    sources = np.full((4, 1, LABELS + STYLES), np.nan, np.float32)
    sources[NGRAMS], sources[ENCODER] = 1.0, 3.0
    margins, _ = made.logits(np.array([True]), sources)
    assert margins[0] == pytest.approx([2.0, 2.0])
    sources[SENTENCE] = 2.0
    assert made.logits(np.array([True]), sources)[0][0] == pytest.approx([2.0, 2.0])
    sources[SENTENCE] = 7.0
    assert made.logits(np.array([True]), sources)[0][0] == pytest.approx([3.0, 3.0])


def test_wider_embeddings_have_no_say_in_english() -> None:
    sources = np.zeros((4, 2, LABELS + STYLES), np.float32)
    sources[MULTILINGUAL, 1] = 9.0
    first, second = heads().logits(np.array([True, True]), sources)[0]
    assert first == pytest.approx(second)


@pytest.mark.models
def test_an_accent_makes_no_english_text_foreign_and_few_make_no_foreign_text_english() -> None:
    encoder = PACKAGED_MODELS.get("prompt_encoder")
    english = "a waiter carries two cups of coffee across the square in front of the café while people talk and laugh"
    assert encoder.english(english) and encoder.english(english.upper().replace("É", "E"))
    assert not encoder.english("el camarero lleva dos tazas de café por la plaza mientras la gente habla y ríe")
    assert not encoder.english("Café de Flore à Paris") and not encoder.english("一只猫")


def test_shouted_words_are_embedded_in_small_letters() -> None:
    seen: list[str] = []

    class Listening(Model):
        def embed(self, texts: list[str]) -> NDArray[np.float32]:
            seen.extend(texts)
            return super().embed(texts)

    listening = SimpleNamespace(get=lambda name: Listening(name, 512, Counter()))
    prompt_ensemble._source_logits(
        SENTENCE, ["A CALM LAKE", "A calm Lake", "a CaLm lAkE", "an iPhone by a calm lake"], heads(), listening
    )
    assert seen == ["a calm lake", "A calm Lake", "a calm lake", "an iPhone by a calm lake"]


def test_of_many_parts_those_whose_words_weigh_most_are_read_and_always_the_same() -> None:
    texts = [f"a calm lake number {n}" for n in range(30)]
    texts[17] = "they stab him"
    picked = select_chunks(texts, True, heads())
    assert 17 in picked and len(picked) == 5 and picked == sorted(picked) == select_chunks(texts, True, heads())
    assert select_chunks(texts[:2], True, heads()) == [0, 1] and select_chunks([], True, heads()) == []


def test_more_wariness_never_asks_less(asked: Counter[str], nets: SimpleNamespace) -> None:
    texts = ["a calm lake", "stab him", "they stab and stab a man by the lake"]
    counts = []
    for wary in (0.9, 0.3, 0.05, 0.0):
        asked.clear()
        score_texts(texts, [True] * 3, replace(heads(), wary=np.full(2, wary, np.float32)), nets)
        counts.append(asked["use_multilingual"])
    assert counts == sorted(counts) and counts[-1] == 3


def test_a_style_that_is_given_is_not_told_from_the_words() -> None:
    two = replace(heads(), styles=("video", "social"), slope=np.ones((2, 2, LABELS), np.float32))
    two = replace(two, offset=np.array([[[-3.0] * LABELS, [1.0] * LABELS]] * 2, np.float32))
    sources = np.zeros((4, 1, LABELS + 2), np.float32)
    sources[:, :, LABELS] = 5.0  # looks like a prompt for a video
    english = np.array([True])
    told, as_post = two.score(english, sources)[0, 0], two.for_style("social").score(english, sources)[0, 0]
    assert told == pytest.approx(two.for_style("video").score(english, sources)[0, 0], abs=0.01)
    assert told < 0.1 < 0.7 < as_post
    with pytest.raises(ValueError, match="sonnet"):
        two.for_style("sonnet")
