"""How often a likely mark is found in what was never marked: a sample of the items of false_alarms.

    ASSAY_DATA=… python -m evals.watermark.likely_false_alarms [one item in so many] [at most so many]

Each item is searched deeply for LIKELY_COUNT payloads, as verifying does for look-alikes.
Writes evals/results/watermark_likely_null.json.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import cv2

from evals.bench.machine_info import machine_info
from evals.intervals import wilson_interval
from evals.watermark.false_alarms import KEY, unmarked_items
from provenance.watermark import Payload
from provenance.watermark.effort import ANALYSIS_SHORT_SIDE
from provenance.watermark.video.detect import FALSE_ALARM_RATE, QUESTIONS_OF_ISSUED
from provenance.watermark.video.frame_accumulation import accumulate_frames
from provenance.watermark.video.likely_payload_detector import find_likely_mark

OUT = Path("evals/results/watermark_likely_null.json")
LIKELY_COUNT = 5
"""Payloads that are likely, as far as the search knows."""
_PAYLOADS = [Payload(issuer=1, case_id=f"{0x9E3779B97F4A7C15 * at % 2**64:016x}") for at in range(1, LIKELY_COUNT + 1)]


def main(interval: int = 50, most: int = 40) -> None:
    """Searches every `interval`-th item."""
    cv2.setNumThreads(1)
    kinds, smallest, found = Counter[str](), 1.0, 0
    for kind, pictures in islice(unmarked_items(), 0, interval * most, interval):
        mark = find_likely_mark(accumulate_frames(pictures, min_short_side=ANALYSIS_SHORT_SIDE), _PAYLOADS, KEY)
        chance = mark.p_value(1 + QUESTIONS_OF_ISSUED) if mark else 1.0
        kinds[kind] += 1
        found += chance <= FALSE_ALARM_RATE
        smallest = min(smallest, chance)
    count = sum(kinds.values())
    results = {
        "items": dict(kinds),
        "n": count,
        "likely": LIKELY_COUNT,
        "found": found,
        "smallest_p": smallest,
        "upper_bound_95": round(wilson_interval(found, count)[1], 4),
        "machine": machine_info(),
    }
    OUT.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results))


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
