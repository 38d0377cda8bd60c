"""Where no payload could be read, the marks of videos that the file looks like are looked for; and only there."""

from pathlib import Path

import pytest

from core.errors import BadMedia, Unavailable
from core.finding import WatermarkFinding
from pipeline.verification.likely_marks import RememberedLookup, with_likely_marks
from provenance import watermark_detection
from provenance.verification.recovery import SimilarVideo
from provenance.watermark import WatermarkKey

KEY = WatermarkKey(id="test", secret=bytes(range(32)))
FILE = Path("copy.mp4")
NOTHING = WatermarkFinding(detected=False, note="no mark of ours found")


class Lookup:
    def __init__(self, *cases, error=None):
        self.cases, self.error, self.asked = cases, error, 0

    def stored(self, payload):
        return [payload]

    def similar(self, path):
        self.asked += 1
        if self.error:
            raise self.error
        return [SimilarVideo(case_id=case, share=0.9, seconds=4) for case in self.cases]


@pytest.fixture
def looked_for(monkeypatch):
    """The payloads that were looked for in the file, in place of looking: tests/unit/watermark does that."""
    seen = []

    def detect(_path, found, *, keys, likely):
        seen.append((tuple(keys), tuple(likely)))
        return found

    monkeypatch.setattr(watermark_detection, "detect_likely_marks", detect)
    return seen


def test_the_payloads_of_similar_cases_are_looked_for_once_each(looked_for):
    lookup = Lookup("00112233445566aa", "00112233445566bb", "00112233445566aa", "no case id")
    with_likely_marks(NOTHING, FILE, keys=[KEY], lookup=lookup, issuer=7)
    assert looked_for == [((KEY,), ("0100000700112233445566aa", "0100000700112233445566bb"))]


def test_nothing_is_looked_for_where_a_payload_was_read_or_there_is_no_key(looked_for):
    lookup, read = Lookup("00112233445566aa"), WatermarkFinding(detected=True, payload="0100000700112233445566aa")
    assert with_likely_marks(read, FILE, keys=[KEY], lookup=lookup, issuer=7) is read
    assert with_likely_marks(NOTHING, FILE, keys=[], lookup=lookup, issuer=7) is NOTHING
    assert (lookup.asked, looked_for) == (0, [])


def test_a_file_that_cannot_be_compared_is_answered_as_it_was_and_a_silent_registry_is_not(looked_for):
    broken, silent = Lookup(error=BadMedia("no pictures")), Lookup(error=Unavailable("the registry"))
    assert with_likely_marks(NOTHING, FILE, keys=[KEY], lookup=broken, issuer=7) is NOTHING
    with pytest.raises(Unavailable):
        with_likely_marks(NOTHING, FILE, keys=[KEY], lookup=silent, issuer=7)
    assert looked_for == []


def test_what_a_file_is_similar_to_is_found_out_once():
    lookup = Lookup("00112233445566aa")
    remembered = RememberedLookup(repository=lookup)
    assert remembered.similar(FILE) == remembered.similar(FILE) and lookup.asked == 1
    assert remembered.stored("00") == ["00"]
