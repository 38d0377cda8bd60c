"""Credentials are noticed by the place that a container keeps for them, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenance.c2pa.credentials_presence import C2PA_BOX, has_credentials, holds_credential_bytes


def box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + kind + body


MANIFEST = C2PA_BOX + bytes(4) + b"manifest" + bytes(9)
JUMBF = b"JP" + bytes(6) + b"jumb" + b"....jumdc2pa"
WITH = {
    "mp4": box(b"ftyp", b"isom") + box(b"uuid", MANIFEST) + box(b"moov", b""),
    "mp4, cut off behind it": box(b"ftyp", b"isom") + box(b"uuid", MANIFEST) + b"\0\0\xff\xffmdat",
    "jpeg": b"\xff\xd8\xff\xe0\0\4ab\xff\xeb" + (2 + len(JUMBF)).to_bytes(2, "big") + JUMBF,
    "png": b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IHDR\0\0\0\0" + b"\0\0\0\1caBXx",
    "webp": b"RIFF\0\0\0\0WEBP" + b"VP8 \3\0\0\0abc\0" + b"C2PA\0\0\0\0",
    "gif": b"GIF89a" + bytes(7) + b"\x21\xff\x0bC2PA_GIF",
    "tiff": b"II*\0\x08\0\0\0" + b"\1\0" + b"\x41\xcd\7\0\1\0\0\0\0\0\0\0" + bytes(4),
    "dng, big-endian": b"MM\0*\0\0\0\x08" + b"\0\1" + b"\xcd\x41\0\7\0\0\0\1\0\0\0\0" + bytes(4),
    "pdf": b"%PDF-1.7\n<< /AFRelationship /C2PA_Manifest >>",
    "mp3": b"ID3\4\0\0\0\0\0\x30GEOB" + bytes(10) + b"application/x-c2pa-manifest-store",
    "jpeg xl": box(b"JXL ", b"\r\n\x87\n") + box(b"jumb", b"....jumdc2pa"),
}
WITHOUT = {
    "nothing": b"",
    "text": b"C2PA_Manifest and c2pa are words",
    "mp4": box(b"ftyp", b"isom") + box(b"moov", b""),
    "a piece of a stream": box(b"styp", b"msdh") + box(b"uuid", C2PA_BOX + bytes(4) + b"merkle\0" + bytes(9)),
    "another uuid box": box(b"ftyp", b"isom") + box(b"uuid", bytes(40)),
    "jpeg with other JUMBF": b"\xff\xd8\xff\xeb\0\x0eJP......jumb\xff\xd9",
    "png": b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IEND\0\0\0\0",
    "webp": b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0",
    "a tiff that points into itself": b"II*\0\x08\0\0\0" + b"\0\0" + b"\x08\0\0\0",
}


@pytest.mark.parametrize("kind", list(WITH))
def test_the_place_is_found_and_every_cut_of_it_is_survived(tmp_path: Path, kind: str):
    file = tmp_path / "file"
    file.write_bytes(WITH[kind])
    assert has_credentials(file)
    for end in range(len(WITH[kind])):
        file.write_bytes(WITH[kind][:end])
        assert has_credentials(file) in (True, False)


@pytest.mark.parametrize("kind", list(WITHOUT))
def test_what_has_none_is_not_said_to(tmp_path: Path, kind: str):
    file = tmp_path / "file"
    file.write_bytes(WITHOUT[kind])
    assert not has_credentials(file)


def test_the_bytes_of_a_manifest_store_are_found_across_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("provenance.c2pa.credentials_presence._CHUNK", 20)
    (tmp_path / "file").write_bytes(bytes(33) + C2PA_BOX + bytes(50))
    assert holds_credential_bytes(tmp_path / "file")
    (tmp_path / "file").write_bytes(bytes(33) + C2PA_BOX[:-1] + bytes(50))
    assert not holds_credential_bytes(tmp_path / "file")
