"""Files of other makers, signed by the real library: their marks are named with how sure each is, and change no answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import c2pa
import pytest

from core.finding import AudioWatermarkFinding, ConsentFinding, Finding, WatermarkedSpan, WatermarkFinding
from media.container_metadata import write_container_metadata
from provenance.c2pa.library_settings import signing_settings
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.source_types import source_type_uri
from provenance.c2pa.trust_store import TrustStore
from provenance.declared_marks.consent_of_file import consent_finding
from provenance.verification.recovery import SimilarVideo, StoredManifest
from provenance.verification.verify import verify

CASE, OTHER = "00112233445566aa", "00112233445566bb"
PAYLOAD, OTHER_PAYLOAD = f"01abcdef{CASE}", f"01abcdef{OTHER}"
NO_MARK = WatermarkFinding(detected=False)
OURS = WatermarkFinding(detected=True, payload=PAYLOAD, p_value=1e-9)
RECORD = {"source_type": "trainedAlgorithmicMedia"}
CREATED = {
    "action": "c2pa.created",
    "digitalSourceType": source_type_uri("trainedAlgorithmicMedia"),
    "softwareAgent": {"name": "Another engine"},
}
SYNTHID = {"action": "c2pa.edited", "description": "Applied imperceptible SynthID watermark."}
AIGC = {
    "Label": "1",
    "ContentProducer": "Studio 北京",
    "ProduceID": "abc-1",
    "ContentPropagator": "",
    "PropagateID": "",
}


def binding(algorithm: str, value: str) -> dict[str, object]:
    return {"label": "c2pa.soft-binding", "data": {"alg": algorithm, "blocks": [{"scope": {}, "value": value}]}}


def signed_elsewhere(
    src: Path, dst: Path, keys: ProvenanceKeys, *, actions: Sequence[Mapping[str, object]], more: Sequence[object] = ()
) -> Path:
    """`src` with a manifest of another maker: these actions, and these assertions besides."""
    definition = {
        "claim_generator_info": [{"name": "Another generator", "version": "7"}],
        "title": "made elsewhere",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": list(actions)}}, *more],
    }
    context = c2pa.Context(c2pa.Settings.from_dict(signing_settings(keys.trust)))
    with c2pa.Builder(definition, context=context) as builder:
        if any(action["action"] == "c2pa.placed" for action in actions):
            part = {"title": "Stock footage", "relationship": "componentOf", "label": "part"}
            with src.open("rb") as stream:
                builder.add_ingredient(part, "video/mp4", stream)
        signer = c2pa.Signer.from_callback(keys.signer.sign, c2pa.C2paSigningAlg.ES256, keys.signer.chain, None)
        with signer, src.open("rb") as source, dst.open("w+b") as target:
            builder.sign(signer, "video/mp4", source, target)
    return dst


@dataclass(frozen=True)
class Repository:
    """Knows no manifest, and one video that looks like everything, at these seconds."""

    seconds: tuple[int, ...] = ()

    def stored(self, payload: str) -> Sequence[StoredManifest]:
        return ()

    def similar(self, path: Path) -> Sequence[SimilarVideo]:
        share = len(self.seconds) / 4
        alike = SimilarVideo(case_id=OTHER, share=share, seconds=len(self.seconds), seconds_found=self.seconds)
        return (alike,) if self.seconds else ()


@dataclass(frozen=True)
class Consents:
    """What holds of each case."""

    by_case: Mapping[str, ConsentFinding]

    def of_case(self, case_id: str) -> ConsentFinding | None:
        return self.by_case.get(case_id)


@pytest.fixture
def ask(keys) -> Callable[..., Finding]:
    def verified(path: Path, mark: WatermarkFinding = NO_MARK, **how) -> Finding:
        given = {"trust": keys.trust, "keys": [keys.watermark_key], "look_up": lambda _case: None} | how
        return verify(path, detect=lambda _path, keys: mark, **given)

    return verified


def marks(finding: Finding) -> dict[str, tuple[str, str]]:
    return {one.name: (one.sure, one.declared_in) for one in finding.incoming}


def states(finding: Finding) -> dict[str, str]:
    return {one.layer: one.state for one in finding.layers}


def test_a_foreign_manifest_and_an_aigc_field_name_their_makers_marks(clip, keys, ask, tmp_path):
    labelled = tmp_path / "labelled.mp4"
    write_container_metadata(clip, labelled, keys={"AIGC": json.dumps(AIGC, ensure_ascii=False)}, xmp="")
    actions = [CREATED, SYNTHID]
    file = signed_elsewhere(
        labelled, tmp_path / "foreign.mp4", keys, actions=actions, more=[binding("com.adobe.trustmark.P", "a1b2")]
    )
    finding = ask(file)
    assert marks(finding) == {
        "TrustMark": ("signed", "credentials"),
        "SynthID": ("signed", "credentials"),
        "AIGC label": ("unsigned", "aigc"),
    }
    said = {one.name: one for one in finding.incoming}
    assert (said["SynthID"].vendor, said["TrustMark"].vendor) == ("Google", "Adobe")
    assert said["SynthID"].says.endswith("It cannot be looked for here.")
    assert "Studio 北京" in said["AIGC label"].says and "abc-1" in said["AIGC label"].says
    assert finding.verdict.value == "ai_made_trusted"


def test_a_signer_that_nobody_knows_makes_its_marks_unconfirmed_and_a_broken_signature_unsigned(
    clip, keys, ask, tmp_path
):
    file = signed_elsewhere(clip, tmp_path / "foreign.mp4", keys, actions=[CREATED, SYNTHID])
    assert marks(ask(file, trust=TrustStore()))["SynthID"][0] == "unconfirmed"
    content = bytearray(file.read_bytes())
    place = content.rindex(b"mdat") + 40
    content[place] ^= 0xFF
    file.write_bytes(content)
    finding = ask(file)
    assert finding.credentials.state == "invalid"
    assert marks(finding)["SynthID"][0] == "unsigned"
    assert states(finding)["credentials"] == "damaged"


def test_an_algorithm_on_no_list_is_named_as_it_calls_itself_with_its_maker_where_that_is_known(
    clip, keys, ask, tmp_path
):
    more = [binding("com.google.newmark.2", "a1"), binding("org.example.mark", "b2")]
    file = signed_elsewhere(clip, tmp_path / "foreign.mp4", keys, actions=[CREATED], more=more)
    said = {one.name: one.vendor for one in ask(file).incoming}
    assert said == {"com.google.newmark.2": "Google", "org.example.mark": ""}


def test_an_unnamed_watermark_is_told_too(clip, keys, ask, tmp_path):
    more = [binding("com.assay.lattice.1", f"01fedcba{CASE}")]
    file = signed_elsewhere(
        clip, tmp_path / "a.mp4", keys, actions=[CREATED, {"action": "c2pa.watermarked.bound"}], more=more
    )
    assert list(marks(ask(file, issuer=0xABCDEF))) == ["Assay, another installation"]
    assert list(marks(ask(file, issuer=0xFEDCBA))) == []  # its own number: this installation's mark, not another's


def test_a_watermark_without_credentials_says_which_layer_was_stripped(clip, ask):
    stripped = ask(clip, OURS, look_up={CASE: RECORD}.get, repository=Repository())
    assert states(stripped) == {
        "credentials": "missing",
        "watermark_picture": "found",
        "watermark_sound": "not_checked",
        "labels": "missing",
        "visible_label": "not_checked",
        "fingerprint": "not_checked",
    }
    unknown = ask(clip, OURS)
    assert states(unknown)["credentials"] == "absent"  # no record says that it was published with any


def test_credentials_that_name_our_mark_where_none_is_found_say_that_it_is_gone(clip, keys, ask, tmp_path):
    file = signed_elsewhere(
        clip, tmp_path / "a.mp4", keys, actions=[CREATED], more=[binding("com.assay.lattice.1", PAYLOAD)]
    )
    assert states(ask(file))["watermark_picture"] == "missing"
    assert states(ask(file, OURS))["watermark_picture"] == "found"


def test_sound_of_another_source_under_marked_pictures_is_told(clip, ask):
    mute = AudioWatermarkFinding(detected=False, seconds=4.0)
    mark = WatermarkFinding(detected=True, payload=PAYLOAD, p_value=1e-9, audio=mute)
    assert states(ask(clip, mark))["watermark_sound"] == "missing"
    heard = WatermarkFinding(detected=False, audio=AudioWatermarkFinding(detected=True, payload=PAYLOAD, seconds=4.0))
    assert states(ask(clip, heard))["watermark_picture"] == "missing"


def test_nothing_is_called_gone_of_a_file_that_nothing_tells_of(clip, ask):
    finding = ask(clip, repository=Repository())
    assert set(states(finding).values()) <= {"absent", "not_checked"}
    assert finding.incoming == () and finding.origins == () and finding.consent is None


def test_a_compilation_says_second_by_second_where_it_comes_from(two_seconds, ask):
    spans = (
        WatermarkedSpan(start=0.0, end=0.5, payload=PAYLOAD, p_value=1e-9),
        WatermarkedSpan(start=0.5, end=0.9, payload=OTHER_PAYLOAD, p_value=1e-9),
    )
    mark = WatermarkFinding(detected=True, payload=PAYLOAD, p_value=1e-9, segments=spans)
    records = {CASE: RECORD, OTHER: {**RECORD, "consent": "withdrawn"}}
    origins = ask(two_seconds, mark, look_up=records.get).origins
    assert [(one.start, one.end, one.how, one.case_id, one.consent) for one in origins] == [
        (0.0, 0.5, "watermark", CASE, ""),
        (0.5, 0.9, "watermark", OTHER, "withdrawn"),
        (0.9, 2.0, "nothing", "", ""),
    ]
    assert "has ended" in origins[1].says


def test_sound_of_another_case_under_marked_pictures_is_a_span_of_its_own(two_seconds, ask):
    spans = (WatermarkedSpan(start=0.0, end=0.9, payload=PAYLOAD, p_value=1e-9),)
    heard = AudioWatermarkFinding(detected=True, payload=OTHER_PAYLOAD, seconds=2.0)
    mark = WatermarkFinding(detected=True, payload=PAYLOAD, p_value=1e-9, segments=spans, audio=heard)
    origins = ask(two_seconds, mark, look_up={CASE: RECORD}.get).origins
    assert [(one.start, one.end, one.how, one.case_id) for one in origins] == [
        (0.0, 0.9, "watermark", CASE),
        (0.0, 2.0, "sound_watermark", OTHER),
        (0.9, 2.0, "nothing", ""),
    ]


def test_a_file_without_marks_says_which_seconds_look_like_what_was_sealed_here(two_seconds, ask):
    finding = ask(two_seconds, repository=Repository(seconds=(1,)))
    assert states(finding)["fingerprint"] == "found"
    origins = finding.origins
    assert [(one.start, one.end, one.how, one.case_id) for one in origins] == [
        (0.0, 1.0, "nothing", ""),
        (1.0, 2.0, "fingerprint", OTHER),
    ]


def test_what_a_manifest_says_was_placed_where_is_told_as_its_signers_word(two_seconds, keys, ask, tmp_path):
    region = {"region": [{"type": "temporal", "time": {"type": "npt", "start": "0", "end": "1"}}]}
    placed = {"action": "c2pa.placed", "parameters": {"ingredientIds": ["part"]}, "changes": [region]}
    file = signed_elsewhere(two_seconds, tmp_path / "a.mp4", keys, actions=[CREATED, placed])
    first, *_rest = ask(file).origins
    assert (first.start, first.end, first.how, first.by) == (0.0, 1.0, "credentials", "Stock footage")
    assert "It is the word of" in first.says


def test_consent_is_that_of_the_case_which_the_watermark_leads_to(clip, ask):
    until, ended = "2027-06-01T00:00:00+00:00", "2026-11-20T10:00:00+00:00"
    in_force = Consents({CASE: consent_finding("in_force", until=until)})
    found = ask(clip, OURS, look_up={CASE: RECORD}.get, consents=in_force).consent
    assert (found.state, found.until, found.says) == (
        "in_force",
        until,
        "The consent is in force until 2027-06-01.",
    )
    gone = Consents({CASE: consent_finding("withdrawn", ended=ended)})
    assert ask(clip, OURS, look_up={CASE: RECORD}.get, consents=gone).consent.says.endswith("on 2026-11-20.")
    recalled = {**RECORD, "consent": "withdrawn", "consent_ended": ended}
    assert ask(clip, OURS, look_up={CASE: recalled}.get, consents=in_force).consent.state == "withdrawn"
    assert ask(clip, OURS, look_up={CASE: RECORD}.get, consents=Consents({})).consent is None


def test_a_receipt_that_a_strangers_file_names_is_not_believed(clip, keys, ask, tmp_path):
    receipts = {"label": "com.assay.consent", "data": {"receipts": [{"sha256": "ab" * 32}]}}
    file = signed_elsewhere(clip, tmp_path / "a.mp4", keys, actions=[CREATED], more=[receipts])
    claimed = Consents({CASE: consent_finding("in_force")})
    found = ask(file, consents=claimed).consent
    assert (found.state, found.receipts) == ("unknown", ("ab" * 32,))
