"""Which rulings are given twice: by a key, for good, and about as many as the settings say."""

import secrets

import pytest

from core.errors import Unavailable
from pipeline.moderation.quality.review_sampling import ReviewSampling, load_sampling_key

CASES = [f"{number:016x}" for number in range(20_000)]


def sampling(key=b"k" * 32, second=0.05, golden=0.02):
    return ReviewSampling(key=key, second_share=second, golden_share=golden)


def test_the_sample_has_the_share_that_the_settings_say_and_is_the_same_each_time():
    drawn = [case for case in CASES if sampling().reviewed_twice(case)]
    assert 0.045 < len(drawn) / len(CASES) < 0.055
    assert drawn == [case for case in CASES if sampling().reviewed_twice(case)]


def test_another_key_draws_another_sample():
    drawn = {case for case in CASES if sampling().reviewed_twice(case)}
    other = {case for case in CASES if sampling(b"l" * 32).reviewed_twice(case)}
    assert len(drawn & other) < len(drawn) / 5


def test_no_turn_has_two_checks_and_second_reviews_come_twice_as_often_as_they_arise():
    one = sampling()
    golden = {turn for turn in range(20_000) if one.golden_turn("mo", turn)}
    second = {turn for turn in range(20_000) if one.second_turn("mo", turn)}
    assert not golden & second
    assert 0.017 < len(golden) / 20_000 < 0.023 and 0.09 < len(second) / 20_000 < 0.11


def test_shares_of_nothing_draw_nothing():
    none = sampling(second=0.0, golden=0.0)
    assert not any(none.reviewed_twice(case) for case in CASES[:2000])
    assert not any(none.golden_turn("mo", turn) or none.second_turn("mo", turn) for turn in range(2000))


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path):
    key = load_sampling_key(tmp_path / "keys")
    assert len(key) == 32 and key == load_sampling_key(tmp_path / "keys")
    (file,) = (tmp_path / "keys").iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_a_damaged_key_is_said_and_not_used(tmp_path):
    (tmp_path / "review_sampling.key").write_bytes(secrets.token_bytes(5))
    with pytest.raises(Unavailable, match="damaged"):
        load_sampling_key(tmp_path)
