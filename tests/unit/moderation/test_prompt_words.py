"""The words by which prompts are searched, and their keys."""

import pytest

from pipeline.moderation.prompt_words import prompt_words, word_keys
from pipeline.moderation.queue_search import read_search
from pipeline.moderation.review_queue import WHOLE_QUEUE

SECRET = b"s" * 32


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A Battle, a battle!", ("a", "battle")),
        ("Straße ÉCOLE", ("strasse", "école")),
        ("東京の夜", ("東京", "京の", "の夜")),
        ("", ()),
    ],
)
def test_words_are_the_same_however_they_are_written(text, words):
    assert prompt_words(text) == words


def test_a_key_depends_on_the_word_and_on_the_secret():
    assert word_keys("Fog", SECRET) == word_keys("fog", SECRET) != word_keys("fog", b"t" * 32)
    assert word_keys("fog frog", SECRET) == word_keys("fog", SECRET) + word_keys("frog", SECRET)
    assert all(-(2**63) <= key < 2**63 for key in word_keys("many words of all kinds", SECRET))


def test_a_prompt_of_very_many_words_has_a_bounded_number_of_keys():
    assert len(word_keys(" ".join(str(number) for number in range(5000)), SECRET)) == 300


def search(text):
    known = {"is_account": "tenant1".__eq__, "is_rule": "prompt_gore".__eq__}
    return read_search(text, WHOLE_QUEUE, secret=SECRET, **known)


def test_a_search_tells_accounts_rules_and_hashes_from_words():
    found = search(f"prompt_gore tenant1 {'AB' * 32} fog language:fr person:u7")
    assert (found.rule, found.author, found.digest) == ("prompt_gore", "tenant1", "ab" * 32)
    assert (found.language, found.end_user, found.words) == ("fr", "u7", word_keys("fog", SECRET))
    assert search("rights:all").words == word_keys("rights all", SECRET), "only what is named can be named"
