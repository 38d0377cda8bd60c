"""A manifest to sign, signers, and changes to a signed file, for the tests of signing and reading."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from provenance.c2pa.library_settings import signing_settings
from provenance.c2pa.manifest_definition import SealOrder, build_manifest_definition
from provenance.c2pa.signers import certificates as profile
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.signers.signer import FileSigner
from tests.unit.provenance.conftest import make_order

PAYLOAD = "01abcdef00112233445566aa"


def seal_order(**changes) -> SealOrder:
    return replace(make_order(), **changes)


def manifest_definition(**changes):
    return build_manifest_definition(seal_order(**changes), payload=PAYLOAD, has_parent=False)


def change_file(src: Path, dst: Path, change) -> Path:
    content = bytearray(src.read_bytes())
    dst.write_bytes(change(content) or content)
    return dst


def flip_bit_at(needle: bytes, offset: int):
    def change(content: bytearray) -> None:
        content[content.index(needle) + offset] ^= 1

    return change


def make_signer(leaf: profile.CertificateWithKey, *above: profile.CertificateWithKey) -> FileSigner:
    chain = [leaf.certificate, *(one.certificate for one in above)]
    return FileSigner(chain="".join(pem(one) for one in chain), key=leaf.key)


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def sign_media(src: Path, dst: Path, keys: ProvenanceKeys, media_type: str, definition=None) -> Path:
    """Sign a file of any kind that the library writes, with this installation's key."""
    context = c2pa.Context(c2pa.Settings.from_dict(signing_settings(keys.trust)))
    native = c2pa.Signer.from_callback(keys.signer.sign, c2pa.C2paSigningAlg.ES256, keys.signer.chain)
    with (
        c2pa.Builder(definition or manifest_definition(), context=context) as builder,
        native,
        src.open("rb") as source,
        dst.open("w+b") as target,
    ):
        builder.sign(native, media_type, source, target)
    return dst
