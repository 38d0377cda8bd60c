"""What leaves for an engine is what a viewer sees and hears: upright, without metadata, and nothing under the surface."""

import io

import av
import numpy as np
import pytest
from media_clips import write_clip
from PIL import Image

from core.errors import BadInput, BadMedia
from media.file_kind import FileKind, file_kind
from media.probe import probe
from media.reference_file import prepare_reference
from media.sampling import sample_video
from media.sandbox.limits import InputLimits
from media.still_image import sample_image
from tests.reference_files import (
    HEIC,
    HEIGHT,
    SECRET,
    WIDTH,
    clip,
    encoded,
    exif,
    moving,
    png_with_a_hidden_picture,
    quarters,
    rotated_jpeg,
    shows_quarters,
    talkative_png,
)


@pytest.fixture
def prepared(tmp_path):
    def prepare(content, name="handed in.bin", **limits):
        (tmp_path / name).write_bytes(content)
        (tmp_path / "out").mkdir(exist_ok=True)
        return prepare_reference(tmp_path / name, tmp_path / "out", **limits)

    return prepare


@pytest.mark.parametrize(
    ("content", "received", "sent"),
    [
        (lambda: encoded("PNG"), "image/png", "image/png"),
        (talkative_png, "image/png", "image/png"),
        (lambda: encoded("JPEG", quality=95, exif=exif()), "image/jpeg", "image/jpeg"),
        (lambda: encoded("JPEG", quality=95, progressive=True), "image/jpeg", "image/jpeg"),
        (rotated_jpeg, "image/jpeg", "image/jpeg"),
        (lambda: encoded("WEBP", quality=90, exif=exif()), "image/webp", "image/png"),
        (lambda: encoded("AVIF", quality=90, exif=exif()), "image/avif", "image/png"),
        (HEIC.read_bytes, "image/heic", "image/png"),
        (lambda: encoded("GIF", comment=SECRET), "image/gif", "image/png"),
        (lambda: encoded("PNG", quarters().convert("RGBA")), "image/png", "image/png"),
        (lambda: encoded("PNG", quarters().convert("P", palette=Image.Palette.ADAPTIVE)), "image/png", "image/png"),
        (lambda: encoded("JPEG", quarters().convert("CMYK"), quality=95), "image/jpeg", "image/jpeg"),
    ],
)
def test_a_picture_arrives_upright_and_with_nothing_but_its_pixels(prepared, content, received, sent):
    made = prepared(content())
    assert (made.received.value, made.sent.value) == (received, sent)
    assert file_kind(made.path) is made.sent and made.path.suffix == made.sent.suffix
    assert shows_quarters(sample_image(made.path).frames[0].rgb)
    left = made.path.read_bytes()
    assert SECRET.encode() not in left and b"Exif" not in left and b"ICC" not in left
    with Image.open(made.path) as image:
        assert (dict(image.getexif()), getattr(image, "text", {})) == ({}, {})


def test_a_large_photograph_arrives_as_a_jpeg_and_a_large_png_as_it_is(prepared):
    large = quarters().resize((2400, 1800))
    assert prepared(encoded("WEBP", large, quality=90)).sent is FileKind.JPEG
    assert prepared(encoded("PNG", large)).sent is FileKind.PNG


@pytest.mark.parametrize(
    ("container", "codec", "received"),
    [
        ("mp4", "libx264", "video/mp4"),
        ("mov", "libx264", "video/quicktime"),
        ("webm", "libvpx-vp9", "video/webm"),
        ("matroska", "libx264", "video/x-matroska"),
        ("avi", "mpeg4", "video/avi"),
        ("mpegts", "libx264", "video/mp2t"),
    ],
)
def test_a_clip_arrives_as_an_mp4_without_its_metadata(prepared, container, codec, received):
    made = prepared(clip(container, codec, title=SECRET, comment=SECRET))
    assert (made.received.value, made.sent, file_kind(made.path)) == (received, FileKind.MP4, FileKind.MP4)
    assert SECRET.encode() not in made.path.read_bytes()
    taken = sample_video(made.path, count=3)
    assert taken.info.frames == 20
    assert all(shows_quarters(frame.rgb) for frame in taken.frames)


def test_a_clip_that_was_filmed_on_its_side_arrives_upright_with_its_sound(prepared, tmp_path):
    made = prepared(write_clip(tmp_path / "side.mp4", size=(WIDTH, HEIGHT), sound="aac", rotation=90).read_bytes())
    info = probe(made.path)
    assert (info.width, info.height, info.has_audio) == (HEIGHT, WIDTH, True)
    with av.open(str(made.path)) as file:  # as its pixels lie, for engines that do not look at a matrix
        frame = next(file.decode(video=0))
    assert (frame.width, frame.height, frame.rotation) == (HEIGHT, WIDTH, 0)


def test_of_two_sound_tracks_the_one_that_is_screened_arrives(prepared, tmp_path):
    with av.open(str(tmp_path / "two.mp4"), "w") as out:
        track = out.add_stream("libx264", rate=10)
        track.width, track.height, track.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sounds = [out.add_stream("aac", rate=16_000, layout="mono") for _ in range(2)]
        for _ in range(10):
            out.mux(track.encode(av.VideoFrame.from_image(quarters())))
        for sound in sounds:
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16_000, 0
            out.mux([*sound.encode(frame), *sound.encode(None)])
        out.mux(track.encode(None))
    with av.open(str(prepared((tmp_path / "two.mp4").read_bytes()).path)) as sent:
        assert [stream.type for stream in sent.streams] == ["video", "audio"]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_a_picture_that_moves_arrives_as_a_clip_with_every_frame(prepared, kind):
    made = prepared(moving(kind))
    assert made.sent is FileKind.MP4
    taken = sample_video(made.path, count=5)
    assert taken.info.frames == 5
    assert shows_quarters(taken.frames[0].rgb) and not shows_quarters(taken.frames[4].rgb)


def test_no_picture_is_hidden_under_transparency(prepared):
    made = prepared(png_with_a_hidden_picture())
    with Image.open(made.path) as sent:
        assert sent.mode == "RGB" and np.asarray(sent).min() == 255


def test_nothing_is_hidden_behind_the_end_of_a_picture(prepared):
    second = encoded("JPEG", Image.new("RGB", (64, 64), "black"))
    made = prepared(encoded("JPEG") + second)
    assert made.path.read_bytes().count(b"\xff\xd8\xff") == 1


def test_sixteen_bits_of_grey_keep_their_shades(prepared):
    shades = np.linspace(0, 65535, 64, dtype=np.uint16)
    out = io.BytesIO()
    Image.fromarray(np.tile(shades, (32, 1))).save(out, "PNG")
    row = sample_image(prepared(out.getvalue()).path).frames[0].rgb[16, :, 0]
    assert row[0] == 0 and abs(int(row[32]) - 129) < 3 and row[-1] == 255


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: b"", "is empty"),
        (lambda: b"hello", "cannot be a reference; accepted are PNG, JPEG, WebP, HEIC"),
        (lambda: b"<svg onload=alert(1)>", "cannot be a reference"),
        (lambda: encoded("BMP"), "cannot be a reference"),
        (lambda: encoded("PNG")[:60], "not an image that can be read"),
        (lambda: encoded("JPEG")[:300], "not an image that can be read"),
        (lambda: HEIC.read_bytes()[:400], "not an image that can be read"),
        (lambda: encoded("AVIF")[:200], "not an image that can be read"),
        (lambda: encoded("PNG", Image.new("RGB", (1, 1))), "at least 16 pixels a side"),
        (lambda: encoded("PNG", Image.new("1", (9000, 20))), "at most 8192 pixels a side"),
        (lambda: encoded("PNG", Image.new("1", (8000, 7000))), "56 megapixels; at most 50"),
        (lambda: clip("mp4", "libx264")[:900], "cut short or damaged"),
        (lambda: clip("webm", "libvpx-vp9")[:100], "damaged"),
    ],
)
def test_what_cannot_be_a_reference_is_refused_in_one_line(prepared, tmp_path, content, said):
    with pytest.raises(BadInput) as refused:
        prepared(content())
    assert said in str(refused.value) and "\n" not in str(refused.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_how_long_a_reference_moves_is_bounded(prepared):
    tight = InputLimits(max_frames=4, max_duration=0.3)
    for content in (moving("GIF"), clip("mp4", "libx264")):
        with pytest.raises(BadMedia, match=r"(more than|at most) 4"):
            prepared(content, picture_limits=tight, clip_limits=tight)
    slow = encoded("GIF", save_all=True, append_images=[Image.new("RGB", (320, 192))], duration=40_000)
    with pytest.raises(BadMedia, match="more than the 60 s"):
        prepared(slow)


def test_pixels_of_all_frames_together_are_bounded():
    from media.picture_conversion import check_clip

    check_clip(1920, 1080, 1500)
    with pytest.raises(BadMedia, match="at most 1929 of this size"):
        check_clip(1920, 1080, 2000)
