"""Posters of held videos: too small to show anything, and a hash of how they look."""

import base64
import io

import numpy as np
from PIL import Image

from pipeline.moderation.posters import difference_hash, read_poster
from tests.conftest import ROOT

CLIP = next((ROOT / "deploy" / "demo").glob("*.mp4"))


def test_a_poster_is_at_most_32_pixels_wide_and_small():
    poster = read_poster(CLIP)
    jpeg = base64.b64decode(poster.jpeg)
    assert max(Image.open(io.BytesIO(jpeg)).size) == 32 and len(jpeg) < 2000


def test_what_looks_alike_has_a_hash_that_is_near():
    chance = np.random.default_rng(7)
    blocks = chance.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    picture = np.asarray(Image.fromarray(blocks).resize((160, 120), Image.Resampling.BICUBIC))
    brighter = np.clip(picture.astype(int) + 9, 0, 255).astype(np.uint8)
    other = np.ascontiguousarray(picture[::-1, ::-1])
    near = ((difference_hash(picture) ^ difference_hash(brighter)) % 2**64).bit_count()
    far = ((difference_hash(picture) ^ difference_hash(other)) % 2**64).bit_count()
    assert near <= 4 and far > 10
