"""Stills of a case on the ladder of exposure: one in outlines and few greys, or a single region of one, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.assets import Asset
from core.case import Case
from core.errors import BadInput, NotFound
from core.roles import Principal, Role, Scope, require_role, require_scope
from media.sampling import sample_moments
from media.still_image import is_image, jpeg_bytes, sample_image

COLUMNS, ROWS = 4, 3
"""Into how many regions a picture is divided."""

_SMALL, _LARGE = 320, 960  # pixels of the longer side
_GREYS = 4

Fetch = Callable[[Asset, Path], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Which picture of a case: of its video at this second, or of the reference of this number."""

    at: float = 0.0
    reference: int | None = None


def simplified_still(who: Principal, case: Case, fetch: Fetch, folder: Path, moment: Moment) -> bytes:
    """A small picture in outlines and four greys, as a JPEG: who and what is there, and no detail of it.

    Raises Forbidden, NotFound, BadMedia.
    """
    return jpeg_bytes(
        _simplified(_picture(who, case, moment, partial(_fetched, fetch, folder), _SMALL)), max_side=_SMALL
    )


def still_region(who: Principal, case: Case, fetch: Fetch, folder: Path, moment: Moment, region: int) -> bytes:
    """One region of the picture as it is; regions are counted from 0, row by row. Raises as above, and BadInput."""
    if not 0 <= region < COLUMNS * ROWS:
        raise BadInput(f"a picture has regions 0 to {COLUMNS * ROWS - 1}")
    rgb = _picture(who, case, moment, partial(_fetched, fetch, folder), _LARGE)
    row, column = divmod(region, COLUMNS)
    top, bottom = (round(rgb.shape[0] * edge / ROWS) for edge in (row, row + 1))
    left, right = (round(rgb.shape[1] * edge / COLUMNS) for edge in (column, column + 1))
    return jpeg_bytes(np.ascontiguousarray(rgb[top:bottom, left:right]), max_side=_LARGE // COLUMNS)


def _picture(
    who: Principal, case: Case, moment: Moment, fetch: Callable[[Asset], Path], side: int
) -> NDArray[np.uint8]:
    require_role(who, Role.MODERATOR)
    require_scope(who, Scope.MODERATE)
    asset = _asset(case, moment.reference)
    if asset is None:
        raise NotFound("there is no picture to be had here")
    file = fetch(asset)
    sample = sample_image(file, max_side=side) if is_image(file) else sample_moments(file, [moment.at], max_side=side)
    return sample.frames[0].rgb


def _fetched(fetch: Fetch, folder: Path, asset: Asset) -> Path:
    return fetch(asset, folder / "still.bin")


def _asset(case: Case, reference: int | None) -> Asset | None:
    if reference is not None:
        references = case.request.engine_inputs
        return references[reference] if 0 <= reference < len(references) else None
    return case.rendered.asset if case.rendered else None


def _simplified(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from PIL import Image, ImageFilter, ImageOps

    grey = ImageOps.grayscale(Image.fromarray(rgb)).filter(ImageFilter.GaussianBlur(1.5))
    values = np.asarray(grey, dtype=np.float32)
    flat = np.floor(values / 256 * _GREYS) * (160 / (_GREYS - 1)) + 80
    edges = np.asarray(grey.filter(ImageFilter.FIND_EDGES), dtype=np.float32) > 28
    flat[1:-1, 1:-1][edges[1:-1, 1:-1]] = 0
    return np.repeat(np.clip(flat, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
