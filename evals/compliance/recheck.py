"""Measures a sample of the stored results again, with the code as it is: do the marks still do what was written down?

    ASSAY_DATA=… python -m evals.compliance.recheck [NAME…]

Code is reworded and moved long after a night of measuring. Of each table a few cells, chosen here and not by their
outcome, are made anew: where all but a share of them come out as stored (a mark that survives more than was stored
bears it out too), the stored table stands for this code, and the pack says of how many that is known. Otherwise
nothing is written, and everything has to be measured again.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import cv2

from evals.compliance.sources import RESULTS, record_measured
from evals.provenance.__main__ import recovery
from evals.provenance.treatments import measure_treatments
from evals.watermark import audio_robustness, false_alarms, video_robustness
from evals.watermark.audio_attacks import AUDIO_ATTACKS
from evals.watermark.audio_clips import evaluation_clips
from evals.watermark.video_attacks import VIDEO_ATTACKS
from evals.watermark.video_clips import CLIPS, prepare_clip
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.watermark import Payload, WatermarkKey
from provenance.watermark.audio import detect_audio
from provenance.watermark.payload_set import PayloadSet

_VIDEO_CLIPS = ("bunny_480p", "videocrafter_320p", "dynamicrafter_320p", "another_portrait_480p")
_SOUND_CLIPS = 6
_UNMARKED = 120
_RECOVERED_CLIPS = 2
_MAX_CHANGED = 0.05
"""Share of cells that may come out otherwise: another release of an encoder tips a few that are on the edge."""


def main(names: Sequence[str]) -> None:
    """Measure them, or those that are named, say what came of it, and note it where it agrees."""
    cv2.setNumThreads(1)
    says = {}
    for name, cells in _SAMPLES.items():
        if names and name not in names:
            continue
        outcomes = list(cells())
        same = sum(outcomes)
        print(f"{name}: {same} of {len(outcomes)} as stored", flush=True)
        if len(outcomes) - same > _MAX_CHANGED * len(outcomes):
            raise SystemExit(f"{name}: too many came out otherwise; measure it in full")
        says[name] = f"{same} of {len(outcomes)} cells, measured again with this code, came out as stored."
    if "watermark" in says:
        says["watermark_removal"] = f"Marking and reading are those of the table of survival: {says['watermark']}"
    record_measured(says, how="sample measured again")


def _video() -> Iterator[bool]:
    stored = _stored("watermark")["clips"]
    for clip in CLIPS:
        if clip.name not in _VIDEO_CLIPS:
            continue
        with tempfile.TemporaryDirectory(prefix="recheck-") as folder:
            source, marked = Path(folder) / "source.mp4", Path(folder) / "marked.mp4"
            if not prepare_clip(clip, source):
                raise SystemExit(f"{clip.name} is not there: name the data folder in ASSAY_DATA")
            video_robustness.mark_clip(clip, source, marked)
            for attack in VIDEO_ATTACKS:
                if attack.name in video_robustness.BRIEF_SUITE:
                    got = video_robustness.attack_result(attack, marked, Path(folder) / "attacked")
                    before = stored[clip.name]["attacks"][attack.name]
                    yield got["recognised"] >= before["recognised"]  # a stronger mark bears out what was stored


def _sound() -> Iterator[bool]:
    stored = {row["name"]: row for row in _stored("audio_watermark")["clips"]}
    held_out = (clip for clip in evaluation_clips(Path(os.environ["ASSAY_DATA"])) if clip.group == "held_out")
    for clip in islice(held_out, _SOUND_CLIPS):
        marked = audio_robustness.embed_test_mark(clip.sound)
        for name, attack in AUDIO_ATTACKS.items():
            samples, rate = attack(marked)
            found = detect_audio(iter([samples]), rate, [audio_robustness.KEY])
            recognised = found.payload == audio_robustness.PAYLOAD
            yield recognised == (name not in stored[clip.name]["not_recognised"])


def _null() -> Iterator[bool]:
    issued = PayloadSet([Payload(issuer=1, case_id=f"{index:016x}").hex for index in range(100)], false_alarms.KEY)
    wrong = [WatermarkKey(id="wrong", secret=b"%032d" % index) for index in range(2)]
    for kind, pictures in islice(false_alarms.unmarked_items(), _UNMARKED):
        yield not false_alarms.measure_item(kind, pictures, wrong, issued, "quick")["detected"]


def _provenance() -> Iterator[bool]:
    """All treatments; and on a few clips what every stored clip was recovered after."""
    stored = _stored("provenance")
    always = {name for name, row in stored["recovery"]["rows"].items() if row["recovered"] == row["n"]}
    with tempfile.TemporaryDirectory(prefix="recheck-") as folder:
        keys = make_dev_keys(Path(folder) / "keys").keys
        for name, row in measure_treatments(Path(folder), keys)["rows"].items():
            yield row["state"] == stored["treatments"]["rows"][name]["state"]
        for name, rate in recovery(Path(folder), keys, _RECOVERED_CLIPS)["rows"].items():
            if name in always:
                yield rate["recovered"] == rate["n"]


_SAMPLES: Mapping[str, Callable[[], Iterator[bool]]] = {
    "watermark": _video,
    "audio_watermark": _sound,
    "watermark_null": _null,
    "provenance": _provenance,
}
"""By the name of the results: whether each cell came out as stored. Look-ups take two minutes to measure in full."""


def _stored(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main(sys.argv[1:])
