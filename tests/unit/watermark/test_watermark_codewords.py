"""Key, payload and code: what is written, before it becomes a picture."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.watermark import convolutional_code
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload, from_message_bits, to_message_bits
from provenance.watermark.video import carrier_layout

KEY = WatermarkKey(id="test", secret=bytes(range(32)))
OTHER = WatermarkKey(id="other", secret=bytes(range(1, 33)))
payloads = st.builds(
    Payload,
    version=st.integers(0, 255),
    issuer=st.integers(0, 2**24 - 1),
    case_id=st.integers(0, 2**64 - 1).map("{:016x}".format),
)


def test_a_key_never_shows_its_secret() -> None:
    assert KEY.secret.hex() not in repr(KEY) and "secret" not in repr(KEY)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        WatermarkKey(id="short", secret=b"1234")


@pytest.mark.parametrize(
    "how", [{"case_id": "XYZ"}, {"case_id": "0" * 17}, {"case_id": "A" * 16}, {"case_id": "0" * 16, "issuer": 2**24}]
)
def test_what_does_not_fit_is_refused(how: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Payload(**how)  # type: ignore[arg-type]


@given(payloads)
def test_a_payload_survives_hex_and_its_word(payload: Payload) -> None:
    assert Payload.from_hex(payload.hex) == payload
    assert from_message_bits(to_message_bits(payload, KEY), KEY) == payload


@given(payloads, st.integers(0, 119))
def test_one_wrong_bit_or_another_key_is_noticed(payload: Payload, bit: int) -> None:
    word = to_message_bits(payload, KEY)
    assert from_message_bits(word, OTHER) is None
    word[bit] ^= 1
    assert from_message_bits(word, KEY) is None


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 1), min_size=20, max_size=140), st.integers(0, 2**32 - 1))
def test_the_code_corrects_what_noise_does(bits: list[int], seed: int) -> None:
    """One coded bit in thirteen arrives wrong, and the payload whole."""
    word = np.array(bits, np.uint8)
    coded = convolutional_code.encode(word)
    noisy = (1.0 - 2.0 * coded) + np.random.default_rng(seed).normal(0, 0.7, len(coded))
    assert np.array_equal(convolutional_code.decode(noisy.astype(np.float32)), word)


def test_the_code_is_the_published_one() -> None:
    """A single one comes out as the generators themselves, newest tap first."""
    word = np.zeros(40, np.uint8)
    word[0] = 1
    columns = convolutional_code.encode(word).reshape(40, 6)[:15].T
    assert [int("".join(map(str, column)), 2) for column in columns] == [
        0o46321,
        0o51271,
        0o63667,
        0o70535,
        0o73277,
        0o76513,
    ]


@settings(max_examples=20, deadline=None)
@given(payloads)
def test_what_is_written_on_the_lines_can_be_read(payload: Payload) -> None:
    amplitudes = carrier_layout.modulate(payload, KEY)
    assert np.allclose(np.abs(amplitudes), 1)
    carriers = amplitudes[carrier_layout.carrier_layout(KEY).carriers]
    assert carrier_layout.decode_carriers(carriers, KEY) == payload
    assert carrier_layout.decode_carriers(carriers, OTHER) is None


def test_files_marked_today_can_be_read_for_ever() -> None:
    """The format: should this change, every published mark would be lost. Never adjust these numbers."""
    amplitudes = carrier_layout.modulate(Payload(issuer=7, case_id="0123456789abcdef"), KEY)
    signs = np.stack([amplitudes.real > 0, amplitudes.imag > 0]).tobytes()
    places = np.stack([carrier_layout.subcarriers().u, carrier_layout.subcarriers().v]).astype("<i8").tobytes()
    assert (
        hashlib.sha256(places + signs).hexdigest() == "bb5e33eccf7f9b39cb0bfaa522ecb7a3bf36e1ba48c2bb769279a04c9dc23c10"
    )
