"""Files of another maker, whose credentials carry pictures: of the file itself and of what it was made from."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import c2pa
import numpy as np
from PIL import Image

from provenance.keys import Keys
from provenance.settings import for_signing
from provenance.sign import media_type
from provenance.source_types import uri

Ingredient = tuple[str, Path, bytes | None]
"""Relationship, file, and the picture that is carried of it; None leaves that to what the file itself carries."""


def picture(level: int) -> bytes:
    """A grey JPEG with a comment that should not come through."""
    out = io.BytesIO()
    Image.fromarray(np.full((90, 160, 3), level, np.uint8)).save(out, "JPEG", comment=b"a stranger's words")
    return out.getvalue()


def signed_elsewhere(
    src: Path, dst: Path, keys: Keys, *, shows: bytes | None = None, made_from: Sequence[Ingredient] = ()
) -> Path:
    """`src` with a manifest of another maker and these pictures, each file under its own name as title."""
    with c2pa.Builder(_definition(dst, shows, made_from), context=_context(keys)) as builder:
        if shows:
            builder.add_resource("shows", io.BytesIO(shows))
        for number, (use, path, carried) in enumerate(made_from):
            ingredient = {"title": path.name, "relationship": use, "label": str(number)}
            if carried is not None:
                builder.add_resource(f"carried-{number}", io.BytesIO(carried))
                ingredient["thumbnail"] = {"format": "image/jpeg", "identifier": f"carried-{number}"}
            with path.open("rb") as stream:
                builder.add_ingredient(ingredient, media_type(path), stream)
        signer = c2pa.Signer.from_callback(keys.signer.sign, c2pa.C2paSigningAlg.ES256, keys.signer.chain, None)
        with signer, src.open("rb") as source, dst.open("w+b") as target:
            builder.sign(signer, "video/mp4", source, target)
    return dst


def _definition(dst: Path, shows: bytes | None, made_from: Sequence[Ingredient]) -> dict:
    parents = [str(number) for number, (use, *_) in enumerate(made_from) if use == "parentOf"]
    parts = [str(number) for number, (use, *_) in enumerate(made_from) if use == "componentOf"]
    begun = (
        {"action": "c2pa.opened", "parameters": {"ingredientIds": parents}}
        if parents
        else {"action": "c2pa.created", "digitalSourceType": uri("trainedAlgorithmicMedia")}
    )
    placed = [{"action": "c2pa.placed", "parameters": {"ingredientIds": [one]}} for one in parts]
    definition = {
        "claim_generator_info": [{"name": "Elsewhere", "version": "1"}],
        "title": dst.name,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [begun, *placed]}}],
    }
    return definition | ({"thumbnail": {"format": "image/jpeg", "identifier": "shows"}} if shows else {})


def _context(keys: Keys) -> c2pa.Context:
    return c2pa.Context(c2pa.Settings.from_dict(for_signing(keys.trust)))
