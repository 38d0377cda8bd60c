"""What devices write into the files that they record is told as evidence, and changes no answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from provenance.metadata.generator_traces import find_generator_traces
from provenance.verification.evaluate import Observations, evaluate_observations
from provenance.verification.finding_evidence import gather_evidence
from tests.unit.console.test_translations import EVERYTHING

EXIF = b"Exif\x00\x00II*\x00\x08\x00\x00\x00"


@pytest.mark.parametrize(
    ("content", "cameras"),
    [
        (b"mdta com.apple.quicktime.make" + b"\x00" * 40 + b"Apple", ["an Apple device"]),
        (b"mdtacom.android.version\x00\x0014", ["an Android device"]),
        (b"avcC GoPro AVC encoder", ["a GoPro"]),
        (EXIF + b"\x00" * 60 + b"Canon\x00", ["a camera"]),
        (b"a story about Canon and Apple, com.apple.quicktime.make", []),
        (EXIF + b"\x00" * 900 + b"Canon\x00", []),
        (b"Lavf61.1.100", []),
    ],
)
def test_a_device_names_itself_in_its_own_fields(tmp_path: Path, content: bytes, cameras: list[str]) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"\x00" * 2000 + content + b"\x00" * 2000)
    assert list(find_generator_traces(tmp_path / "clip.mp4")["cameras"]) == cameras


@pytest.mark.parametrize("observations", EVERYTHING[::97])
def test_a_camera_is_evidence_and_never_the_verdict(observations: Observations) -> None:
    without = replace(observations, cameras=())
    assert evaluate_observations(observations) is evaluate_observations(without)
    assert [one.kind for one in gather_evidence(observations)].count("camera") == len(observations.cameras) > 0 or (
        not observations.cameras
    )
