"""What happens to a signed file and how it must be answered: the constructed table of changes, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

import c2pa

from core.errors import Unavailable
from core.finding import ContentCredentials
from evals.watermark.video_attacks import run_ffmpeg
from media.container_metadata import write_container_metadata
from provenance.c2pa.ingredients import build_ingredients
from provenance.c2pa.library_settings import signing_settings
from provenance.c2pa.manifest_definition import SealOrder, build_manifest_definition
from provenance.c2pa.reader import read_credentials, read_credentials_report
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.trust_store import TrustList, TrustStore
from provenance.c2pa.writer import sign_file

_C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_CLIP = Path(__file__).parents[2] / "deploy" / "demo" / "bunny.mp4"
_PARENT_POLICY = "cd" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """A change to a file's bytes, and how it must be answered: one of these states, and this code if it has one."""

    name: str
    change: Callable[[bytes], bytes]
    states: tuple[str, ...]
    code: str = ""


def _flipped(needle: bytes, offset: int) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        at = content.index(needle) + offset
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    return change


def _c2pa_box(content: bytes) -> tuple[int, int]:
    """Where the box of credentials begins and ends."""
    at = content.index(_C2PA_UUID) - 8
    return at, at + int.from_bytes(content[at : at + 4], "big")


def _without_c2pa_box(content: bytes) -> bytes:
    start, end = _c2pa_box(content)
    return content[:start] + content[end:]


_HASH_MISMATCH = "bmffHash.mismatch"
TREATMENTS: tuple[Treatment, ...] = (
    Treatment(name="as signed", change=bytes, states=("trusted",)),
    Treatment(name="flip in mdat", change=_flipped(b"mdat", 500), states=("invalid",), code=_HASH_MISMATCH),
    Treatment(name="flip in moov", change=_flipped(b"mvhd", 12), states=("invalid",), code=_HASH_MISMATCH),
    Treatment(
        name="foreign uuid box",
        change=lambda c: c + b"\0\0\0\x18uuid" + b"a" * 16,
        states=("invalid",),
        code=_HASH_MISMATCH,
    ),
    Treatment(
        name="text of an assertion changed",
        change=_flipped(b"trainedAlgorithmicMedia", 3),
        states=("invalid",),
        code="hashedURI.mismatch",
    ),
    Treatment(
        name="certificate changed",
        change=_flipped(b"DEVELOPMENT claim signer", 3),
        states=("invalid",),
        code="claimSignature.mismatch",
    ),
    Treatment(name="CBOR of the claim broken", change=_flipped(b"claim_generator_info", -1), states=("unreadable",)),
    Treatment(name="truncated", change=lambda c: c[: len(c) * 3 // 4], states=("invalid", "unreadable")),
    Treatment(name="bytes appended that are no box", change=lambda c: c + b"junk" * 20, states=("unreadable",)),
    Treatment(name="flip in ftyp", change=_flipped(b"ftyp", 4), states=("trusted",)),
    Treatment(
        name="free box appended (the library leaves these out of its hash by default, ours counts them)",
        change=lambda c: c + b"\0\0\0\x10free" + b"\0" * 8,
        states=("invalid",),
        code=_HASH_MISMATCH,
    ),
    Treatment(name="box of credentials cut out", change=_without_c2pa_box, states=("none",)),
)


class TreatmentRow(TypedDict):
    """How a treated file is answered; `agrees` is None where it could not be asked on this machine."""

    state: str
    issues: list[str]
    agrees: bool | None


class TreatmentResults(TypedDict):
    """All rows by treatment, and how many agree in words."""

    rows: dict[str, TreatmentRow]
    total: str


def measure_treatments(folder: Path, keys: ProvenanceKeys) -> TreatmentResults:
    """Which rows are answered as they must be."""
    signed = _signed(_CLIP, folder / "signed.mp4", keys)
    rows = {
        treatment.name: _row(_apply(treatment, signed, folder), keys, *treatment.states, code=treatment.code)
        for treatment in TREATMENTS
    }
    for part in (_container_treatments, _manifest_treatments, _ingredient_treatments):
        rows |= {name: _row(path, keys, state, code=code) for name, path, state, code in part(signed, folder, keys)}
    rows |= dict(_trust_list_rows(signed, keys)) | dict(_expiry_rows(signed, keys))
    agree = [row["agrees"] for row in rows.values() if row["agrees"] is not None]
    return {"rows": rows, "total": f"{sum(agree)} of {len(agree)}"}


def _row(path: Path, keys: ProvenanceKeys, *states: str, code: str = "") -> TreatmentRow:
    return _compare(read_credentials(path, keys.trust), *states, code=code)


def _compare(credentials: ContentCredentials, *states: str, code: str = "") -> TreatmentRow:
    agrees = credentials.state in states and (not code or any(code in issue for issue in credentials.issues))
    return {"state": credentials.state, "issues": list(credentials.issues), "agrees": agrees}


def _apply(treatment: Treatment, signed: Path, folder: Path) -> Path:
    path = folder / "treated.mp4"
    path.write_bytes(treatment.change(signed.read_bytes()))
    return path


TreatedFiles = Iterator[tuple[str, Path, str, str]]
"""Name, file, state and code."""


def _container_treatments(signed: Path, folder: Path, _keys: ProvenanceKeys) -> TreatedFiles:
    for suffix, wanted in ((".mp4", "none"), (".mov", "none"), (".mkv", "unsupported")):
        again = folder / f"again{suffix}"
        run_ffmpeg("-i", str(signed), "-c", "copy", str(again))
        yield f"ffmpeg -c copy to {suffix}", again, wanted, ""
    cut, anew, webm = folder / "cut.mp4", folder / "anew.mp4", folder / "small.webm"
    run_ffmpeg("-ss", "1", "-i", str(signed), "-c", "copy", str(cut))
    yield "cut without encoding", cut, "none", ""
    run_ffmpeg("-i", str(signed), "-t", "1", "-preset", "ultrafast", str(anew))
    yield "encoded anew", anew, "none", ""
    run_ffmpeg("-i", str(signed), "-t", "0.5", "-an", "-vf", "scale=160:-2", "-c:v", "libvpx", str(webm))
    yield "encoded as WebM", webm, "unsupported", ""
    renamed = folder / "photo.jpg"
    renamed.write_bytes(signed.read_bytes())
    yield "renamed to .jpg", renamed, "trusted", ""


def _manifest_treatments(signed: Path, folder: Path, keys: ProvenanceKeys) -> TreatedFiles:
    labelled = folder / "labelled.mp4"
    write_container_metadata(signed, labelled, keys={}, xmp="<x:xmpmeta/>")
    yield "XMP written after signing", labelled, "invalid", _HASH_MISMATCH
    once, other = folder / "once.mp4", folder / "other.mp4"
    run_ffmpeg("-i", str(_CLIP), "-t", "2", "-c", "copy", str(once))
    theirs, ours = _signed(once, other, keys).read_bytes(), signed.read_bytes()
    moved = folder / "moved.mp4"
    (start, end), (first, last) = _c2pa_box(theirs), _c2pa_box(ours)
    moved.write_bytes(theirs[:start] + ours[first:last] + theirs[end:])
    yield "credentials of another file put in", moved, "invalid", _HASH_MISMATCH
    yield (
        "credentials that lie on another server",
        _sign_with_remote_manifest(once, folder / "remote.mp4", keys),
        "remote",
        "",
    )


def _ingredient_treatments(signed: Path, folder: Path, keys: ProvenanceKeys) -> TreatedFiles:
    tampered, child = folder / "tampered.mp4", folder / "child.mp4"
    tampered.write_bytes(_flipped(b"mdat", 500)(signed.read_bytes()))
    _signed(_CLIP, child, keys, parent=tampered)
    yield "remix of a tampered parent", child, "trusted", f"ingredient: assertion.{_HASH_MISMATCH}"
    parent, later = folder / "parent.mp4", folder / "later.mp4"
    _signed(_CLIP, parent, keys, policy=_PARENT_POLICY)
    _signed(_CLIP, child, keys, parent=parent)
    later.write_bytes(_flipped(_PARENT_POLICY.encode(), 5)(child.read_bytes()))
    yield "parent's manifest changed after the remix took it in", later, "invalid", "ingredient.manifest.mismatch"


def _trust_list_rows(signed: Path, keys: ProvenanceKeys) -> Iterator[tuple[str, TreatmentRow]]:
    tsa_only = TrustStore(timestamp_authorities=(TrustList(name="urn:tsa", pem=keys.trust.signers[0].pem),))
    for name, trust in (("no list", TrustStore()), ("its root on the list of time stamps only", tsa_only)):
        yield name, _compare(read_credentials(signed, trust), "valid", code="signingCredential.untrusted")


def _expiry_rows(signed: Path, keys: ProvenanceKeys) -> Iterator[tuple[str, TreatmentRow]]:
    """Not counted where there is no libfaketime to ask as of another day."""
    name = "asked after its signer's certificate ran out, without a time stamp"
    try:
        later = datetime.now(UTC) + timedelta(days=800)
        credentials = read_credentials_report(signed, keys.trust, at=later).credentials
    except Unavailable as why:
        yield name, {"state": "", "issues": [str(why)], "agrees": None}
    else:
        yield name, _compare(credentials, "invalid", code="signingCredential.expired")


def _signed(src: Path, dst: Path, keys: ProvenanceKeys, *, parent: Path | None = None, policy: str = "ab" * 32) -> Path:
    order = SealOrder(case_id="0" * 16, engine="e", engine_version="1", policy=policy, when=datetime.now(UTC))
    sources = [replace(source, remixed=True) for source in build_ingredients(parent=parent)]
    claim = build_manifest_definition(order, payload="01" * 12, sources=sources)
    sign_file(src, dst, claim, keys.signer, trust=keys.trust, sources=sources)
    return dst


def _sign_with_remote_manifest(src: Path, dst: Path, keys: ProvenanceKeys) -> Path:
    """Signed, with nothing in the file but the address of its manifest."""
    order = SealOrder(case_id="0" * 16, engine="e", engine_version="1", policy="ab" * 32, when=datetime.now(UTC))
    native = c2pa.Signer.from_callback(keys.signer.sign, c2pa.C2paSigningAlg.ES256, keys.signer.chain, None)
    context = c2pa.Context(c2pa.Settings.from_dict(signing_settings(keys.trust)))
    with c2pa.Builder(build_manifest_definition(order, payload="01" * 12), context=context) as builder, native:
        builder.set_no_embed()
        builder.set_remote_url("http://127.0.0.1:9/manifest.c2pa")
        with src.open("rb") as source, dst.open("w+b") as target:
            builder.sign(native, "video/mp4", source, target)
    return dst
