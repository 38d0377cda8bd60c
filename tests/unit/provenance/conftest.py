"""A development office, a small clip, and a stand-in for the watermark that says so in its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

from core.finding import WatermarkFinding
from provenance.c2pa.manifest_definition import SealOrder
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload

CASE = "00112233445566aa"


def comment_of(container: av.container.Container) -> str:
    return next((value for name, value in container.metadata.items() if name.lower() == "comment"), "")


def remux(src: Path, dst: Path, *, comment: str | None = None) -> Path:
    """Copies the streams into a new container, as a phone or a site does; the container's comment is all it keeps."""
    with av.open(str(src)) as source, av.open(str(dst), "w", options={"movflags": "faststart"}) as target:
        target.metadata["comment"] = comment_of(source) if comment is None else comment
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    return dst


@dataclass
class StandInWatermark:
    """Not a watermark: it writes the payload into the container's comment, so that tests of the rest are quick."""

    forgets: bool = False
    misreads: str = ""

    def mark(self, src: Path, dst: Path, *, payload: Payload, key: WatermarkKey) -> None:
        remux(src, dst, comment="" if self.forgets else f"{key.id}/{payload.hex}")

    def detect(self, path: Path, *, keys: Sequence[WatermarkKey]) -> WatermarkFinding:
        with av.open(str(path)) as container:
            key, _, payload = comment_of(container).partition("/")
        if not payload or key not in {one.id for one in keys}:
            return WatermarkFinding(detected=False)
        payload = self.misreads or payload
        return WatermarkFinding(
            detected=True, payload=payload, p_value=1e-12, case_id=Payload.from_hex(payload).case_id
        )


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> ProvenanceKeys:
    return make_dev_keys(tmp_path_factory.mktemp("office") / "keys").keys


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1.2 s of moving noise, 160x96, H.264 in MP4."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    noise = np.random.default_rng(7).integers(0, 255, (96, 160, 3), dtype=np.uint8)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for step in range(12):
            frame = av.VideoFrame.from_ndarray(np.roll(noise, step * 4, axis=1), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def watermark() -> StandInWatermark:
    return StandInWatermark()


def make_order() -> SealOrder:
    return SealOrder(
        case_id=CASE,
        engine="wan",
        engine_version="2.2",
        policy="ab" * 32,
        when=datetime(2026, 11, 20, 12, tzinfo=UTC),
        model="Wan2.2-T2V",
    )


@pytest.fixture
def order() -> SealOrder:
    return make_order()
