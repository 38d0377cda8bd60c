"""Listens to a file: its first sound track in mono at 16 kHz, which is what speech is measured at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.codec import dump, load
from core.errors import BadInput
from media import limited
from media.container import check_file, open_sound
from media.limits import Limits
from media.sound import Decoder
from media.video import HEARD_RATE, Heard

_LONGEST = 3600.0


def listen(path: Path, *, seconds: float = 600.0, limits: Limits | None = None) -> Heard | None:
    """The first `seconds` of a video's or sound file's track; None where it has none. Raises BadMedia."""
    if not 0 < seconds <= _LONGEST:
        raise BadInput(f"listen() takes between 0 and {_LONGEST:.0f} seconds")
    limits = limits or Limits()
    check_file(path, limits)
    arguments = {"path": str(path.resolve()), "seconds": seconds, "limits": dump(limits)}
    answer = limited.call("media.hearing:listen_here", arguments)
    return Heard(samples=answer["samples"], whole=answer["whole"]) if answer else None


def listen_here(path: str, seconds: float, limits: dict[str, Any]) -> dict[str, Any] | None:
    """As listen(), in this process: for limited ones."""
    wanted, have = int(seconds * HEARD_RATE), 0
    blocks: list[Any] = []
    with open_sound(Path(path)) as (container, track):
        if track is None:
            return None
        decoder = Decoder(track, HEARD_RATE, load(Limits, limits))
        for packet in container.demux(track):
            for block in decoder.decode(packet):
                blocks.append(np.nan_to_num(block.mean(axis=1)))
                have += len(block)
            if have > wanted:
                break
    samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    return {"samples": np.clip(samples[:wanted], -1, 1).astype(np.float32), "whole": have <= wanted}
