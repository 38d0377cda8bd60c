import av
import pytest
from media_clips import MakeClip

from media.presentation_clock import PresentationClock


@pytest.mark.parametrize(
    ("name", "codec", "wanted"), [("clip.avi", "mpeg4", [1, 2, 3, 4]), ("clip.mp4", "libx264", [1, 2, 4, 5])]
)
def test_time_only_moves_forward_and_an_avi_is_read_in_decoding_order(
    clip: MakeClip, name: str, codec: str, wanted: list[int]
) -> None:
    with av.open(str(clip(name, codec=codec))) as container:
        clock = PresentationClock(container, container.streams.video[0])
        times = []
        for pts, dts in ((1, 1), (2, 2), (4, 3), (3, 4)):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.dts = pts, dts
            times.append(clock.of(frame))
    assert times == wanted


def test_a_frame_without_a_time_follows_the_one_before(clip: MakeClip) -> None:
    with av.open(str(clip())) as container:
        clock = PresentationClock(container, container.streams.video[0])
        first, second = clock.of(av.VideoFrame(64, 48, "yuv420p")), clock.of(av.VideoFrame(64, 48, "yuv420p"))
        assert first == 0
        assert (second - first) * clock.base == pytest.approx(0.04)
