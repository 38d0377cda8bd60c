"""Credentials are read before and without decoding a picture: what cannot be decoded still gets an answer."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from core.errors import BadMedia
from core.finding import FindingVerdict as V
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.verification.verify import exit_code, verify
from provenance.watermark_detection import detect_watermarks
from tests.integration.provenance.signing_helpers import change_file, sign_media

CUT = "its pictures are not decoded here"


def answer(path: Path, keys: ProvenanceKeys):
    return verify(path, trust=keys.trust, keys=[keys.watermark_key], detect=detect_watermarks, look_up=None)


def picture(path: Path, size: tuple[int, int] = (64, 48)) -> Path:
    noise = np.random.default_rng(5).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


def test_a_picture_too_small_to_be_searched_still_says_what_its_credentials_say(tmp_path, keys):
    signed = sign_media(picture(tmp_path / "a.png", (8, 8)), tmp_path / "signed.png", keys, "image/png")
    finding = answer(signed, keys)
    assert (finding.verdict, exit_code(finding)) == (V.AI_MADE_TRUSTED, 0)
    assert f"No watermark was looked for: {CUT} (the picture is 8 x 8" in finding.summary
    assert not finding.watermark.detected and CUT in finding.watermark.note


def test_a_truncated_picture_is_said_to_be_changed_after_it_was_signed(tmp_path, keys):
    signed = sign_media(picture(tmp_path / "a.jpg"), tmp_path / "signed.jpg", keys, "image/jpeg")
    finding = answer(change_file(signed, tmp_path / "cut.jpg", lambda content: content[:-900]), keys)
    assert (finding.verdict, finding.credentials.causes) == (V.CREDENTIALS_DAMAGED, ("file_changed",))
    assert exit_code(finding) == 2


def test_a_video_whose_index_names_no_picture_still_says_what_its_credentials_say(tmp_path, clip, keys):
    def blind(content: bytearray) -> None:  # the codec is one that nobody knows
        at = content.index(b"avc1", content.index(b"stsd"))
        content[at : at + 4] = b"zzzz"

    broken = change_file(clip, tmp_path / "blind.mp4", blind)
    finding = answer(sign_media(broken, tmp_path / "signed.mp4", keys, "video/mp4"), keys)
    assert finding.verdict is V.AI_MADE_TRUSTED
    assert "this file" in finding.summary and CUT in finding.summary


@pytest.mark.parametrize("signed", [True, False])
def test_a_picture_larger_than_is_searched_is_answered_and_only_the_search_for_a_mark_is_left_out(
    tmp_path, keys, signed
):
    path = picture(tmp_path / "wide.png", (7681, 16))
    path = sign_media(path, tmp_path / "signed.png", keys, "image/png") if signed else path
    finding = answer(path, keys)
    assert finding.verdict is (V.AI_MADE_TRUSTED if signed else V.NO_INFORMATION)
    assert "7681 x 16" in finding.summary and CUT in finding.summary
    assert finding.credentials.state == ("trusted" if signed else "none")


def test_a_kind_whose_pictures_are_not_decoded_here_still_says_what_its_credentials_say(tmp_path, keys):
    signed = sign_media(picture(tmp_path / "a.tiff"), tmp_path / "signed.tiff", keys, "image/tiff")
    finding = answer(signed, keys)
    assert (finding.verdict, finding.credentials.state) == (V.AI_MADE_TRUSTED, "trusted")
    assert "files of this kind are not decoded here" in finding.summary and "damaged" not in finding.summary


def test_of_a_sound_file_nothing_is_said_about_pictures(tmp_path, keys):
    with wave.open(str(tmp_path / "a.wav"), "wb") as sound:
        sound.setparams((1, 2, 16000, 0, "NONE", ""))
        sound.writeframes(np.zeros(16000, np.int16).tobytes())
    signed = sign_media(tmp_path / "a.wav", tmp_path / "signed.wav", keys, "audio/wav")
    for path in (tmp_path / "a.wav", signed):
        finding = answer(path, keys)
        assert "looked for" not in finding.summary and finding.watermark.audio is not None


def test_a_video_whose_pictures_cannot_be_decoded_is_still_listened_to(tmp_path, bunny, keys):
    def blind(content: bytearray) -> None:
        at = content.index(b"avc1", content.index(b"stsd"))
        content[at : at + 4] = b"zzzz"

    finding = answer(change_file(bunny, tmp_path / "blind.mp4", blind), keys)
    assert finding.watermark.audio is not None
    assert f"No watermark was looked for in the picture: {CUT}" in finding.summary


def test_the_beginning_of_a_stream_is_called_one_and_not_a_changed_file(tmp_path, clip, keys):
    fragmented = tmp_path / "fragmented.mp4"
    with (
        av.open(str(clip)) as source,
        av.open(str(fragmented), "w", options={"movflags": "frag_keyframe+empty_moov"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    signed = sign_media(fragmented, tmp_path / "signed.mp4", keys, "video/mp4")
    start = change_file(signed, tmp_path / "init.mp4", lambda content: content[: content.index(b"moof") - 4])
    finding = answer(start, keys)
    assert (finding.verdict, finding.credentials.causes) == (V.CREDENTIALS_UNCONFIRMED, ("stream_start",))
    assert finding.summary.startswith("This is the beginning of a stream") and "changed." in finding.summary
    assert answer(signed, keys).verdict is V.AI_MADE_TRUSTED


def test_what_says_nothing_and_cannot_be_decoded_is_still_bad_media(tmp_path, clip, keys):
    cut = change_file(clip, tmp_path / "cut.mp4", lambda content: content[:600])
    (tmp_path / "text.mp4").write_text("Made with Google AI, says this text")
    for path in (cut, tmp_path / "text.mp4"):
        with pytest.raises(BadMedia):
            answer(path, keys)
