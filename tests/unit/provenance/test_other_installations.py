"""A mark of another installation is found with its key, named by credentials without one, and costs a search each."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import BadInput, BadMedia
from core.finding import (
    AudioWatermarkFinding,
    ContentCredentials,
    FindingVerdict,
    OtherInstallationMark,
    UnexaminedPart,
    WatermarkFinding,
)
from media.sandbox.scan import Scan, ScanBudget, scan_within
from pipeline.settings import Settings, load_settings
from pipeline.verification.other_installations_table import load_other_installations
from provenance.c2pa.credentials_report import CredentialsReport, SoftBinding
from provenance.earlier_mark import find_earlier_mark
from provenance.other_installations import NO_OTHER_INSTALLATIONS, OtherInstallation, OtherInstallations
from provenance.verification.evaluate import Observations, evaluate_observations, find_conflicts
from provenance.verification.finding_evidence import gather_evidence
from provenance.verification.summary import summarise
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload

CASE, ISSUER = "00112233445566aa", 0xABCDEF
PAYLOAD = Payload(issuer=ISSUER, case_id=CASE).hex
ALGORITHM = "com.assay.lattice.1"
FILE = Path("file.mp4")
NOTHING = WatermarkFinding(detected=False)


def key(name):
    return WatermarkKey(id=name, secret=name.encode() * 16)


class Detector:
    """Finds what is said for a key, and counts its searches."""

    def __init__(self, **found):
        self.found, self.asked = found, []

    def __call__(self, path, *, keys):
        (one,) = keys
        self.asked.append(one.id)
        found = self.found.get(one.id, NOTHING)
        if isinstance(found, Exception):
            raise found
        return found


def known(detect=None, **more):
    installations = [
        OtherInstallation(name="Studio B", url="https://b.example", issuer=ISSUER, key=key("b")),
        OtherInstallation(name="Studio C", key=key("c")),
        OtherInstallation(name="Studio D", issuer=0xD, **more),
    ]
    return OtherInstallations(known=installations, detect=detect or Detector())


def named(state="valid", payload=PAYLOAD, algorithm=ALGORITHM, depth=0):
    return CredentialsReport(
        credentials=ContentCredentials(state=state),
        soft_bindings=(SoftBinding(algorithm=algorithm, value=payload, depth=depth),),
    )


def test_each_key_is_one_search_and_the_first_that_finds_ends_it():
    detect = Detector(c=WatermarkFinding(detected=True, payload=PAYLOAD, p_value=1e-9))
    assert known(detect).search(FILE) == (
        OtherInstallationMark(name="Studio C", issuer="abcdef", case_id=CASE, p_value=1e-9),
        (),
    )
    assert detect.asked == ["b", "c"]
    detect = Detector()
    assert known(detect).search(FILE) == (None, ())
    assert detect.asked == ["b", "c"]


def test_a_mark_that_cannot_be_read_is_named_by_its_key():
    weak = WatermarkFinding(detected=True, p_value=1e-9)
    found, _ = known(Detector(b=weak)).search(FILE)
    assert (found.name, found.url, found.issuer, found.case_id) == ("Studio B", "https://b.example", "abcdef", None)


def test_a_mark_in_the_sound_counts():
    sound = replace(NOTHING, audio=AudioWatermarkFinding(detected=True, payload=PAYLOAD, p_value=1e-8))
    found, _ = known(Detector(b=sound)).search(FILE)
    assert (found.case_id, found.p_value) == (CASE, 1e-8)


def test_without_a_key_nothing_is_searched():
    assert NO_OTHER_INSTALLATIONS.search(FILE) == (None, ())
    detect = Detector()
    assert OtherInstallations(known=[OtherInstallation(name="D", issuer=1)], detect=detect).search(FILE) == (None, ())
    assert detect.asked == []


def test_a_file_that_cannot_be_decoded_is_tried_once():
    detect = Detector(b=BadMedia("file.mp4 cannot be read"))
    assert known(detect).search(FILE) == (None, ())
    assert detect.asked == ["b"]


def test_what_the_budget_leaves_out_is_said_and_ends_the_search():
    out = WatermarkFinding(
        detected=False,
        unexamined=(UnexaminedPart(part="picture", says="The picture was not searched for a watermark: too much."),),
    )
    detect = Detector(b=out)
    found, unexamined = known(detect).search(FILE)
    assert (found, [one.part for one in unexamined], detect.asked) == (None, ["other_installations"], ["b"])
    assert unexamined[0].says == "The marks of other installations were not all looked for: too much."
    with scan_within(Scan(budget=ScanBudget(wall=0.0))):
        detect = Detector()
        found, unexamined = known(detect).search(FILE)
    assert (found, [one.part for one in unexamined], detect.asked) == (None, ["other_installations"], [])


def test_credentials_that_hold_name_an_installation_without_its_key():
    others = known()
    for depth in (0, 2):
        found = others.named_in(named(depth=depth), algorithm=ALGORITHM)
        assert (found.name, found.case_id, found.by) == ("Studio B", CASE, "credentials")
    for report in (
        named("invalid"),
        named("none"),
        named(payload="not hex"),
        named(algorithm="another"),
        named(payload=Payload(issuer=0xE, case_id=CASE).hex),
    ):
        assert others.named_in(report, algorithm=ALGORITHM) is None


def test_the_engines_credentials_name_it_by_its_name():
    mark = find_earlier_mark(named(), algorithm=ALGORITHM, issuer=1, others=known())
    assert mark.name == "Studio B"
    assert mark.describe() == "marked by Studio B (issuer abcdef, signed by nobody known)"


def seen(by="key", case=CASE, state="none", **more):
    credentials = ContentCredentials(state=state, source_type=more.pop("source_type", ""))
    other = OtherInstallationMark(name="Studio B", url="https://b.example", issuer="abcdef", case_id=case, by=by)
    report = CredentialsReport(credentials=credentials, **more)
    return Observations(report=report, watermark=NOTHING, other_installation=other)


def test_a_mark_found_with_the_key_is_evidence_and_names_the_installation():
    found = seen()
    assert evaluate_observations(found) is FindingVerdict.WATERMARK_ONLY
    assert summarise(FindingVerdict.WATERMARK_ONLY, found) == (
        "A watermark made with the key of Studio B, another installation, is in this file."
        f" It names case {CASE} there. It can be asked at https://b.example."
    )
    assert [one.kind for one in gather_evidence(found)].count("other_installation") == 1
    assert "cannot be read" in summarise(FindingVerdict.WATERMARK_ONLY, seen(case=None))


def test_a_mark_that_only_credentials_name_changes_no_verdict():
    found = seen(by="credentials")
    assert evaluate_observations(found) is FindingVerdict.NO_INFORMATION
    assert any("name the watermark of Studio B" in one.says for one in gather_evidence(found))


def test_credentials_that_contradict_such_a_mark_are_a_conflict():
    camera = seen(state="trusted", source_type="digitalCapture")
    assert evaluate_observations(camera) is FindingVerdict.CLAIMS_CONFLICT
    assert "came from Studio B" in find_conflicts(camera)[0]
    dropped = seen(state="trusted")
    assert "its history was dropped" in find_conflicts(dropped)[0]
    kept = seen(state="trusted", soft_bindings=(SoftBinding(algorithm=ALGORITHM, value=PAYLOAD, depth=1),))
    assert find_conflicts(kept) == ()


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "watermark.secret"
    path.write_text("ab" * 32)
    path.chmod(0o600)
    return path


def test_the_settings_name_them_with_a_key_or_without(secret, tmp_path):
    table = {
        "Studio B": {"url": "https://b.example/verify", "issuer": "abcdef", "watermark_key": str(secret)},
        "Studio C": {"issuer": "000001"},
    }
    others = load_other_installations(Settings(other_installations=table))
    assert [(one.name, one.url, one.issuer) for one in others.known] == [
        ("Studio B", "https://b.example/verify", ISSUER),
        ("Studio C", "", 1),
    ]
    assert others.known[0].key.secret == bytes.fromhex("ab" * 32) and others.known[1].key is None
    file = tmp_path / "others.toml"
    file.write_text('[other_installations."Studio B"]\nissuer = "abcdef"\n')
    assert load_other_installations(load_settings(other_installations=str(file))).known[0].issuer == ISSUER
    assert load_other_installations(Settings()) is NO_OTHER_INSTALLATIONS


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"issuer": "xyz"}, "issuer"),
        ({"url": "javascript:alert(1)"}, "https://"),
        ({"key": "secret"}, "key"),
        ({"watermark_key": "not-there"}, "cannot be read"),
    ],
)
def test_a_table_that_is_none_is_refused_by_its_place(entry, why):
    with pytest.raises(BadInput, match=why):
        load_other_installations(Settings(other_installations={"Studio B": entry}))


def test_a_key_that_others_can_read_and_too_many_keys_are_refused(secret):
    table = {f"Studio {number}": {"watermark_key": str(secret)} for number in range(9)}
    with pytest.raises(BadInput, match="at most 8"):
        load_other_installations(Settings(other_installations=table))
    secret.chmod(0o644)
    with pytest.raises(BadInput, match="chmod 600"):
        load_other_installations(Settings(other_installations={"Studio B": {"watermark_key": str(secret)}}))
