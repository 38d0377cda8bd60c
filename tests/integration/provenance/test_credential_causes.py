"""Each cause has a code and a sentence of its own, and a change is asserted only where bytes or claims disagree."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image

from core.errors import BadMedia
from core.finding import Finding
from core.finding import FindingVerdict as V
from media.sandbox import client
from provenance.c2pa.credential_causes import CHANGE_CAUSES, CredentialsCause, causes_of
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers import certificates as profile
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.signers.signer import chain_expiry
from provenance.c2pa.trust_store import TrustList, TrustStore
from provenance.c2pa.writer import sign_file
from provenance.verification.cause_texts import CAUSE_TEXTS
from provenance.verification.verify import exit_code, verify
from tests.integration.provenance.signing_helpers import (
    change_file,
    flip_bit_at,
    make_signer,
    manifest_definition,
    pem,
    sign_media,
)
from tests.unit.provenance.conftest import StandInWatermark

ACCUSATIONS = ("was changed", "were changed", "damaged")
MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "tiff": "image/tiff",
    "mp4": "video/mp4",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
}


def answer(path: Path, keys: ProvenanceKeys, trust: TrustStore | None = None, detect=None) -> Finding:
    return verify(
        path,
        trust=trust or keys.trust,
        keys=[keys.watermark_key],
        detect=detect or StandInWatermark().detect,
        look_up=None,
    )


def accuses(finding: Finding) -> bool:
    told = " ".join([finding.summary, *(f"{piece.says} {piece.proves}" for piece in finding.evidence)])
    return any(word in told.replace("that anything was changed", "") for word in ACCUSATIONS)


def test_bytes_that_differ_are_a_changed_file(tmp_path, signed, keys):
    finding = answer(change_file(signed, tmp_path / "a.mp4", flip_bit_at(b"mdat", 500)), keys)
    assert (finding.verdict, finding.credentials.causes) == (V.CREDENTIALS_DAMAGED, ("file_changed",))
    assert accuses(finding) and "credentials.file_changed" in [piece.kind for piece in finding.evidence]


def test_claims_that_differ_are_changed_credentials(tmp_path, signed, keys):
    finding = answer(change_file(signed, tmp_path / "a.mp4", flip_bit_at(b"trainedAlgorithmicMedia", 3)), keys)
    assert (finding.verdict, finding.credentials.causes) == (V.CREDENTIALS_DAMAGED, ("credentials_changed",))
    assert "they contradict themselves" in finding.summary


def test_a_certificate_that_ran_out_is_no_change(tmp_path, clip, keys):
    now = datetime.now(UTC)
    root = profile.make_root_ca(now)
    issuing = profile.make_issuing_ca(root, now)
    signer = make_signer(profile.make_signer_certificate(issuing, now, days=303 / 86400), issuing)  # begins 300 s ago
    trust = TrustStore(signers=(TrustList(name="urn:x", pem=pem(root.certificate)),))
    sign_file(clip, tmp_path / "a.mp4", manifest_definition(), signer, trust=trust)
    time.sleep(max(0.0, (chain_expiry(signer) - datetime.now(UTC)).total_seconds()) + 1.1)
    finding = answer(tmp_path / "a.mp4", keys, trust)
    assert finding.verdict is V.CREDENTIALS_UNCONFIRMED and exit_code(finding) == 1
    assert finding.credentials.causes[0] == "certificate_expired"
    assert "has run out" in finding.summary and not accuses(finding)


def test_a_signer_on_no_list_is_named_so_and_is_no_change(signed, keys):
    other = profile.make_root_ca(datetime.now(UTC))
    finding = answer(signed, keys, TrustStore(signers=(TrustList(name="urn:x", pem=pem(other.certificate)),)))
    assert finding.verdict is V.AI_MADE_VALID_UNKNOWN_SIGNER
    assert finding.credentials.causes == ("signer_not_trusted",) and not accuses(finding)


def test_credentials_that_cannot_be_parsed_are_unreadable(tmp_path, signed, keys):
    finding = answer(change_file(signed, tmp_path / "a.mp4", flip_bit_at(b"claim_generator_info", -1)), keys)
    assert (finding.verdict, exit_code(finding)) == (V.CREDENTIALS_UNREADABLE, 2)
    assert finding.credentials.causes == ("cannot_be_parsed",)


def test_a_broken_signature_of_an_ingredient_does_not_count_as_valid(tmp_path, signed, clip, keys):
    leaf = x509.load_pem_x509_certificate(keys.signer.chain.encode()).public_bytes(Encoding.DER)
    broken = change_file(signed, tmp_path / "parent.mp4", flip_bit_at(leaf, len(leaf) - 20))
    claims = manifest_definition() | {
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {"actions": [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}]},
            }
        ]
    }
    sign_file(clip, tmp_path / "a.mp4", claims, keys.signer, trust=keys.trust, parent=broken)
    assert read_credentials_report(tmp_path / "a.mp4", keys.trust).credentials.state == "trusted"  # of the top alone
    finding = answer(tmp_path / "a.mp4", keys)
    assert (finding.verdict, finding.credentials.state) == (V.CREDENTIALS_DAMAGED, "invalid")
    assert finding.credentials.causes[0] == "ingredient_changed" and finding.credentials.signer == ""
    assert finding.summary.startswith("This file's own signature holds, but not the credentials of something")


@pytest.mark.parametrize("suffix", list(MEDIA_TYPES))
def test_credentials_that_cannot_be_parsed_are_noticed_in_every_container(tmp_path, clip, keys, suffix):
    plain = tmp_path / f"plain.{suffix}"
    if suffix == "mp4":
        plain.write_bytes(clip.read_bytes())
    elif MEDIA_TYPES[suffix].startswith("audio/"):
        with av.open(str(plain), "w") as sound:
            stream = sound.add_stream("mp3" if suffix == "mp3" else "pcm_s16le", rate=16000)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.int16), format="s16", layout="mono")
            frame.sample_rate = 16000
            sound.mux(stream.encode(frame))
            sound.mux(stream.encode(None))
    else:
        Image.effect_noise((64, 48), 60).convert("RGB").save(plain)
    whole = sign_media(plain, tmp_path / f"signed.{suffix}", keys, MEDIA_TYPES[suffix])
    assert read_credentials_report(whole, keys.trust).credentials.state == "trusted"
    for needle, offset in ((b"jumd", 0), (b"claim_generator_info", -1)):
        broken = change_file(whole, tmp_path / f"broken.{suffix}", flip_bit_at(needle, offset))
        found = read_credentials_report(broken, keys.trust).credentials
        assert (found.state, found.causes) == ("unreadable", ("cannot_be_parsed",)), (suffix, needle, found)
    assert read_credentials_report(plain, keys.trust).credentials.state == "none"


def test_a_file_that_breaks_the_reader_is_said_to_have_credentials_only_where_it_has_some(
    signed, clip, keys, monkeypatch
):
    run = client.run_sandboxed

    def breaks(function, arguments, **options):
        if function.endswith("read_stores"):
            raise BadMedia("this file takes more than 120 s to read: refused")
        return run(function, arguments, **options)

    monkeypatch.setattr(client, "run_sandboxed", breaks)
    assert read_credentials_report(signed, keys.trust).credentials.state == "unreadable"
    assert read_credentials_report(clip, keys.trust).credentials.state == "unsupported"


def test_every_cause_of_readable_credentials_has_its_own_sentences():
    states = {CredentialsCause.CANNOT_BE_PARSED, CredentialsCause.STORED_ELSEWHERE, CredentialsCause.KIND_NOT_SEARCHED}
    assert set(CAUSE_TEXTS) == set(CredentialsCause) - states
    for name in ("summary", "says"):
        assert len({getattr(text, name) for text in CAUSE_TEXTS.values()}) == len(CAUSE_TEXTS)
    for cause, text in CAUSE_TEXTS.items():
        assert ("Nothing shows that anything was changed." in text.summary) is (cause not in CHANGE_CAUSES)


def test_the_weightiest_cause_comes_first_and_an_unknown_code_is_no_change():
    assert causes_of(["signingCredential.untrusted", "signingCredential.expired", "assertion.dataHash.mismatch"]) == (
        "file_changed",
        "certificate_expired",
        "signer_not_trusted",
    )
    assert causes_of(["cawg.ica.did_unavailable", "cawg.ica.signature_mismatch", "x.y"]) == (
        "not_conforming",
        "identity_invalid",
        "identity_not_checked",
    )
    assert causes_of(["signingCredential.ocsp.skipped"]) == ()
