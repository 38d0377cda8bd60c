"""What signing refuses, takes along and leaves behind."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from core.errors import BadInput, SealBroken, Unavailable
from provenance.c2pa.manifest_definition import build_manifest_definition
from provenance.c2pa.reader import read_credentials, read_credentials_report
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.signers.signer import FileSigner
from provenance.c2pa.writer import carries_credentials, sign_file
from tests.integration.provenance.signing_helpers import (
    PAYLOAD,
    change_file,
    flip_bit_at,
    manifest_definition,
    seal_order,
)
from tests.unit.provenance.conftest import remux


def test_signing_over_credentials_without_taking_them_along_is_refused(
    tmp_path: Path, signed: Path, keys: ProvenanceKeys
):
    assert carries_credentials(signed)
    with pytest.raises(BadInput, match="as parent"):
        sign_file(signed, tmp_path / "a.mp4", manifest_definition(), keys.signer, trust=keys.trust)
    assert list(tmp_path.iterdir()) == []


def test_a_parents_credentials_are_in_the_graph(tmp_path: Path, signed: Path, clip: Path, keys: ProvenanceKeys):
    parent = build_manifest_definition(seal_order(), payload="01abcdef00112233445566bb", has_parent=True)
    sign_file(clip, tmp_path / "a.mp4", parent, keys.signer, trust=keys.trust, parent=signed)
    reading = read_credentials_report(tmp_path / "a.mp4", keys.trust)
    assert reading.credentials.state == "trusted"
    assert [(one.depth, one.value[-2:]) for one in reading.soft_bindings] == [(0, "bb"), (1, "aa")]
    assert {saying.depth for saying in reading.ai_assertions} == {0, 1}


@pytest.mark.parametrize("name", ["footage.mkv", "footage.mov"])
def test_a_parent_may_come_in_another_container(tmp_path: Path, clip: Path, keys: ProvenanceKeys, name: str):
    served = build_manifest_definition(seal_order(engine="folder", synthetic=False), payload=PAYLOAD, has_parent=True)
    footage = remux(clip, tmp_path / name)
    sign_file(clip, tmp_path / "a.mp4", served, keys.signer, trust=keys.trust, parent=footage)
    assert read_credentials(tmp_path / "a.mp4", keys.trust).state == "trusted"


def test_a_tampered_parent_is_surfaced_though_the_library_says_trusted(tmp_path, signed, clip, keys):
    tampered = change_file(signed, tmp_path / "parent.mp4", flip_bit_at(b"mdat", 500))
    claims = build_manifest_definition(seal_order(), payload=PAYLOAD, has_parent=True)
    sign_file(clip, tmp_path / "a.mp4", claims, keys.signer, trust=keys.trust, parent=tampered)
    reading = read_credentials_report(tmp_path / "a.mp4", keys.trust)
    assert reading.credentials.state == "trusted"
    assert reading.broken_ingredients == ("assertion.bmffHash.mismatch",)
    assert "ingredient: assertion.bmffHash.mismatch" in reading.credentials.issues


def test_a_parent_whose_credentials_cannot_be_read_stops_the_signing(tmp_path, signed, clip, keys):
    broken = change_file(signed, tmp_path / "parent.mp4", flip_bit_at(b"claim_generator_info", -1))
    with pytest.raises(BadInput, match="cannot be kept"):
        sign_file(clip, tmp_path / "a.mp4", manifest_definition(), keys.signer, trust=keys.trust, parent=broken)
    assert not (tmp_path / "a.mp4").exists()


class AbsentKeyStore:
    """A key store that fails, with something in its words that nobody should read."""

    algorithm = "es256"
    tsa_url = None

    def __init__(self, chain: str) -> None:
        self.chain = chain

    def sign(self, data: bytes) -> bytes:
        raise ConnectionError("pin 1234 rejected")


def test_a_signer_that_fails_leaves_no_file_and_its_reason_is_kept_but_not_told(tmp_path, clip, keys, caplog):
    with pytest.raises(SealBroken) as caught:
        sign_file(clip, tmp_path / "a.mp4", manifest_definition(), AbsentKeyStore(keys.signer.chain), trust=keys.trust)
    assert str(caught.value) == "the signer failed (ConnectionError)"
    assert isinstance(caught.value.__cause__, ConnectionError)
    assert "1234" not in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_signature_leaves_no_file(tmp_path: Path, clip: Path, keys: ProvenanceKeys):
    stranger = FileSigner(chain=keys.signer.chain, key=ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(SealBroken):
        sign_file(clip, tmp_path / "a.mp4", manifest_definition(), stranger, trust=keys.trust)
    assert list(tmp_path.iterdir()) == []


def test_a_time_stamping_authority_that_does_not_answer_means_no_file(tmp_path: Path, clip: Path, keys: ProvenanceKeys):
    away = replace(keys.signer, tsa_url="http://127.0.0.1:9/")
    with pytest.raises(Unavailable):
        sign_file(clip, tmp_path / "a.mp4", manifest_definition(), away, trust=keys.trust)
    assert list(tmp_path.iterdir()) == []


def test_a_signer_behind_a_process_boundary_can_sign(tmp_path: Path, clip: Path, keys: ProvenanceKeys):
    """Stands for a KMS: the private key is only ever in the other process, the bytes go over a pipe."""
    key = keys.signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "hsm.pem").write_bytes(key)
    program = (
        "import sys;from pathlib import Path;from provenance.c2pa.signers.signer import file_signer;"
        "s=file_signer(Path(sys.argv[1]).read_bytes(),Path(sys.argv[2]).read_text());"
        "sys.stdout.buffer.write(s.sign(sys.stdin.buffer.read()))"
    )
    (tmp_path / "chain.pem").write_text(keys.signer.chain)

    class Remote:
        algorithm, chain, tsa_url = "es256", keys.signer.chain, None

        def sign(self, data: bytes) -> bytes:
            command = [sys.executable, "-c", program, str(tmp_path / "hsm.pem"), str(tmp_path / "chain.pem")]
            return subprocess.run(command, input=data, capture_output=True, check=True).stdout

    sign_file(clip, tmp_path / "a.mp4", manifest_definition(), Remote(), trust=keys.trust)
    assert read_credentials(tmp_path / "a.mp4", keys.trust).state == "trusted"
