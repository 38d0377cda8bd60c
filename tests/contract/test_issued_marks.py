"""A damaged mark of a video that was sealed long ago: among which ones it is looked for, and what is said of that.

How a damaged mark is matched has tests of its own, and takes half a minute of such a file: here it is answered by whether
the right payload is on the list.
"""

from __future__ import annotations

import pytest
from test_manifests import seal_a_case

from core.finding import WatermarkFinding
from pipeline.manifest_repository.issued_marks import IssuedMarks
from pipeline.manifest_repository.similar_videos import SimilarVideoSearch
from provenance.fingerprint.video_search_hashes import video_search_hashes
from provenance.watermark import Payload, WatermarkKey
from registry.banks.sealed_payloads import SealedPayloads
from registry.near_duplicates import open_near_duplicate_search

pytestmark = pytest.mark.postgres
KEY = WatermarkKey(id="k", secret=bytes(range(32)))
PAYLOAD, NEWER = (Payload(issuer=7, case_id=case_id).hex for case_id in ("00112233445566aa", "00112233445566bb"))


def test_a_damaged_mark_that_is_older_than_the_window_is_found_where_the_video_still_looks_like_itself(
    database, two_seconds, tmp_path, monkeypatch
):
    asked: list[int] = []

    def matches(path, *, keys, issued):
        asked.append(len(issued))
        known = PAYLOAD in issued
        return WatermarkFinding(detected=True, payload=PAYLOAD if known else None, among=len(issued) if known else 0)

    monkeypatch.setattr("provenance.watermark_detection.detect_watermarks", matches)
    looks = SimilarVideoSearch(near_duplicates=open_near_duplicate_search(database, tmp_path))

    def detect(most: int) -> WatermarkFinding:
        payloads = SealedPayloads(database, most=most)
        return IssuedMarks(keys_folder=tmp_path, payloads=payloads, similar_videos=looks).detect_with(
            two_seconds, [KEY]
        )

    seal_a_case(database, PAYLOAD)
    seal_a_case(database, NEWER)
    assert detect(10_000).payload == PAYLOAD and detect(10_000).compared_since == ""
    asked.clear()
    unknown = detect(1)
    assert (unknown.payload, asked) == (None, [1]) and unknown.compared_since.startswith("20")
    seal_a_case(database, PAYLOAD, hashes=video_search_hashes(two_seconds)[0].hashes)
    seal_a_case(database, NEWER)
    asked.clear()
    alike = detect(1)
    assert (alike.payload, alike.among, asked) == (PAYLOAD, 1, [1, 1])
