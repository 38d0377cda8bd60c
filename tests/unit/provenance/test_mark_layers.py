"""Credentials that nobody changed are not called damaged, and a stranger's words about marks are bounded."""

from __future__ import annotations

import math

import pytest

from core.finding import ContentCredentials, WatermarkFinding
from provenance.c2pa.credentials_report import CredentialsReport
from provenance.declared_marks.known_algorithms import mark_algorithm, marks_named_in
from provenance.declared_marks.mark_layers import mark_layers
from provenance.declared_marks.watermark_claims import manifest_claims
from provenance.verification.evaluate import Observations


def credentials_layer(state: str, *causes: str) -> str:
    report = CredentialsReport(credentials=ContentCredentials(state=state, causes=causes))
    observations = Observations(report=report, watermark=WatermarkFinding(detected=False))
    return {one.layer: one.state for one in mark_layers(observations, looked_up=False)}["credentials"]


@pytest.mark.parametrize(
    ("state", "causes", "said"),
    [
        ("trusted", (), "found"),
        ("invalid", ("certificate_expired",), "unconfirmed"),
        ("invalid", ("stream_start", "signer_not_trusted"), "unconfirmed"),
        ("invalid", ("file_changed", "certificate_expired"), "damaged"),
        ("unreadable", ("cannot_be_parsed",), "damaged"),
        ("remote", ("stored_elsewhere",), "not_checked"),
        ("none", (), "absent"),
    ],
)
def test_only_what_was_changed_or_cannot_be_read_is_damaged(state, causes, said):
    assert credentials_layer(state, *causes) == said


def store(*actions: object, **more: object) -> dict[str, object]:
    manifest = {"assertions": [{"label": "c2pa.actions.v2", "data": {"actions": list(actions)}}], **more}
    return {"active_manifest": "a", "manifests": {"a": manifest}}


def test_a_watermark_is_named_by_a_word_of_its_own_and_by_no_part_of_one():
    assert list(marks_named_in("Applied imperceptible SynthID watermark.")) == [("SynthID", "Google")]
    assert list(marks_named_in("synthid, TrustMark")) == [("SynthID", "Google"), ("TrustMark", "Adobe")]
    assert list(marks_named_in("a trustmarket, notsynthid")) == []


def test_a_watermark_that_is_only_called_one_is_told_where_no_binding_names_it():
    [claim] = manifest_claims(store({"action": "c2pa.watermarked"})).watermarks
    assert (claim.name, claim.vendor, claim.depth) == ("", "", 0)


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ({"type": "npt", "start": "1", "end": "2.5"}, (1.0, 2.5)),
        ({"start": "0:01:00", "end": "1:02"}, (60.0, 62.0)),
        ({"start": "3"}, (3.0, math.inf)),
        ({"type": "utc", "start": "2026", "end": "2027"}, None),
        ({"start": "5", "end": "4"}, None),
        ({"start": "nan", "end": "1"}, None),
        ({"start": [], "end": {}}, None),
        ("soon", None),
    ],
)
def test_regions_of_time_are_read_as_the_standard_writes_them_and_nonsense_is_left_out(time, seconds):
    placed = {"action": "c2pa.placed", "changes": [{"region": [{"type": "temporal", "time": time}]}]}
    found = manifest_claims(store(placed)).placed
    assert [(one.start, one.end) for one in found] == ([seconds] if seconds else [])


def test_what_is_not_of_the_shape_it_should_be_says_nothing():
    for odd in (None, [], "x", {"manifests": 3}, store(7, None, {"action": []}), {"active_manifest": "a"}):
        assert manifest_claims(odd if isinstance(odd, dict) else {}).watermarks == ()


def test_a_name_that_a_stranger_chose_is_short_and_on_one_line():
    name = mark_algorithm("evil\n\x1b[31m" + "x" * 500).name
    assert len(name) == 64
    assert name.isprintable()
