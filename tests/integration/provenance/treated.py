"""A manifest to sign, signers, and changes to a signed file, for the tests of signing and reading."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from provenance import certificates as profile
from provenance.claims import SealOrder, definition
from provenance.signers import FileSigner
from tests.unit.provenance.conftest import make_order

PAYLOAD = "01abcdef00112233445566aa"


def an_order(**changes) -> SealOrder:
    return replace(make_order(), **changes)


def claim(**changes):
    return definition(an_order(**changes), payload=PAYLOAD, has_parent=False)


def changed(src: Path, dst: Path, change) -> Path:
    content = bytearray(src.read_bytes())
    dst.write_bytes(change(content) or content)
    return dst


def flip_at(needle: bytes, offset: int):
    def change(content: bytearray) -> None:
        content[content.index(needle) + offset] ^= 1

    return change


def a_signer(leaf: profile.Issued, *above: profile.Issued) -> FileSigner:
    chain = [leaf.certificate, *(one.certificate for one in above)]
    return FileSigner(chain="".join(pem(one) for one in chain), key=leaf.key)


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
