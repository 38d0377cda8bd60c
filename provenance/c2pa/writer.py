"""Puts a signed manifest into a file. The only file that imports c2pa for signing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import c2pa

from core.errors import AssayError, BadInput, SealBroken, Unavailable
from media.file_kind import file_kind
from provenance.c2pa.ingredients import Ingredient, build_ingredients
from provenance.c2pa.library_settings import signing_settings
from provenance.c2pa.signers.signer import Signer
from provenance.c2pa.trust_store import TrustStore

_ALGORITHMS = {
    "es256": c2pa.C2paSigningAlg.ES256,
    "es384": c2pa.C2paSigningAlg.ES384,
    "ps256": c2pa.C2paSigningAlg.PS256,
    "ed25519": c2pa.C2paSigningAlg.ED25519,
}


def sign_file(
    src: Path,
    dst: Path,
    definition: Mapping[str, object],
    signer: Signer,
    *,
    trust: TrustStore,
    parent: Path | None = None,
    sources: Sequence[Ingredient] = (),
) -> bytes:
    """Write `src`, a video or a picture, with the manifest to `dst`, whole or not at all; returns the manifest (JUMBF).

    `sources` become the ingredients that the definition's actions name by label; `parent` stands for a parent alone.
    Raises BadInput if `src` or a source carries credentials that this would drop or cannot take along, SealBroken
    with the signer's reason if signing fails, Unavailable if the time-stamping authority gives no stamp.
    """
    sources = sources or build_ingredients(parent=parent)
    if carries_credentials(src) and not any(one.relationship == "parentOf" for one in sources):
        raise BadInput("this file already carries credentials: sign it with its source as parent")
    with tempfile.TemporaryDirectory(dir=dst.parent, prefix=".sign-") as folder:
        made = Path(folder) / "signed.mp4"
        manifest = _write(src, made, definition, signer, trust, sources)
        shutil.move(made, dst)
    return manifest


def carries_credentials(path: Path) -> bool:
    """Whether a C2PA manifest is in the file, readable or not."""
    try:
        with path.open("rb") as stream, c2pa.Reader(stream, context=_context(TrustStore())):
            return True
    except c2pa.C2paError as error:
        return not str(error).startswith(("ManifestNotFound", "NotSupported"))


def _write(
    src: Path,
    made: Path,
    definition: Mapping[str, object],
    signer: Signer,
    trust: TrustStore,
    sources: Sequence[Ingredient],
) -> bytes:
    witness = _RecordingSigner(signer.sign)
    try:
        with c2pa.Builder(dict(definition), context=_context(trust)) as builder:
            for source in sources:
                _add_ingredient(builder, source)
            native = c2pa.Signer.from_callback(witness, _ALGORITHMS[signer.algorithm], signer.chain, signer.tsa_url)
            with native, src.open("rb") as source_file, made.open("w+b") as target:
                return bytes(builder.sign(native, file_kind(src).value, source_file, target))
    except c2pa.C2paError as error:
        if isinstance(witness.failure, AssayError):
            raise SealBroken(f"the signer failed: {witness.failure}") from witness.failure
        if witness.failure is not None:  # only its kind: what a key store says may be nobody's business
            raise SealBroken(f"the signer failed ({type(witness.failure).__name__})") from witness.failure
        if signer.tsa_url and witness.signed and str(error).startswith("Signature"):
            raise Unavailable("the time-stamping authority gave no time stamp, so nothing was signed") from error
        raise SealBroken(f"the file could not be signed: {_one_line(error)}") from error


def _add_ingredient(builder: c2pa.Builder, source: Ingredient) -> None:
    ingredient = {"title": source.title or source.label, "relationship": source.relationship, "label": source.label}
    try:
        with source.path.open("rb") as stream:  # the library refuses an ingredient of another kind than it is told
            builder.add_ingredient(ingredient, file_kind(source.path).value, stream)
    except c2pa.C2paError as error:
        raise BadInput(
            f"the source's credentials cannot be read, so they cannot be kept: {_one_line(error)}"
        ) from error


def _context(trust: TrustStore) -> c2pa.Context:
    return c2pa.Context(c2pa.Settings.from_dict(signing_settings(trust)))


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


@dataclass(slots=True)
class _RecordingSigner:
    """Calls the signer and keeps its exception: the library reports only that the signature was invalid."""

    call: Callable[[bytes], bytes]
    failure: BaseException | None = field(default=None)
    signed: bool = False

    def __call__(self, data: bytes) -> bytes:
        try:
            signature = self.call(data)
            self.signed = True
            return signature
        except Exception as error:  # noqa: BLE001  it comes from a key store of any make, and is raised again in _write
            self.failure = error
            return b""  # the library takes this for a failure; an exception it would log, words and all
