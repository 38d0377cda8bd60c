"""Files of another maker, whose credentials carry pictures: of the file itself and of what it was made from."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import c2pa
import numpy as np
from PIL import Image

from media.file_kind import file_kind
from provenance.c2pa.library_settings import signing_settings
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.source_types import source_type_uri

IngredientFile = tuple[str, Path, bytes | None]
"""Relationship, file, and the picture that is carried of it; None leaves that to what the file itself carries."""


def grey_jpeg(level: int) -> bytes:
    """A grey JPEG with a comment that should not come through."""
    out = io.BytesIO()
    Image.fromarray(np.full((90, 160, 3), level, np.uint8)).save(out, "JPEG", comment=b"a stranger's words")
    return out.getvalue()


def sign_as_other_generator(
    src: Path,
    dst: Path,
    keys: ProvenanceKeys,
    *,
    thumbnail: bytes | None = None,
    ingredients: Sequence[IngredientFile] = (),
) -> Path:
    """`src` with a manifest of another maker and these pictures, each file under its own name as title."""
    with c2pa.Builder(_definition(dst, thumbnail, ingredients), context=_context(keys)) as builder:
        if thumbnail:
            builder.add_resource("shows", io.BytesIO(thumbnail))
        for number, (use, path, carried) in enumerate(ingredients):
            ingredient = {"title": path.name, "relationship": use, "label": str(number)}
            if carried is not None:
                builder.add_resource(f"carried-{number}", io.BytesIO(carried))
                ingredient["thumbnail"] = {"format": "image/jpeg", "identifier": f"carried-{number}"}
            with path.open("rb") as stream:
                builder.add_ingredient(ingredient, file_kind(path).value, stream)
        signer = c2pa.Signer.from_callback(keys.signer.sign, c2pa.C2paSigningAlg.ES256, keys.signer.chain, None)
        with signer, src.open("rb") as source, dst.open("w+b") as target:
            builder.sign(signer, "video/mp4", source, target)
    return dst


def _definition(dst: Path, shows: bytes | None, made_from: Sequence[IngredientFile]) -> dict:
    parents = [str(number) for number, (use, *_) in enumerate(made_from) if use == "parentOf"]
    parts = [str(number) for number, (use, *_) in enumerate(made_from) if use == "componentOf"]
    begun = (
        {"action": "c2pa.opened", "parameters": {"ingredientIds": parents}}
        if parents
        else {"action": "c2pa.created", "digitalSourceType": source_type_uri("trainedAlgorithmicMedia")}
    )
    placed = [{"action": "c2pa.placed", "parameters": {"ingredientIds": [one]}} for one in parts]
    definition = {
        "claim_generator_info": [{"name": "Elsewhere", "version": "1"}],
        "title": dst.name,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [begun, *placed]}}],
    }
    return definition | ({"thumbnail": {"format": "image/jpeg", "identifier": "shows"}} if shows else {})


def _context(keys: ProvenanceKeys) -> c2pa.Context:
    return c2pa.Context(c2pa.Settings.from_dict(signing_settings(keys.trust)))
