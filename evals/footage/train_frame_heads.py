"""`python -m evals.footage.train_frame_heads OUT --label LABEL POSITIVES NEGATIVES --calibrate HARMLESS`: CLIP heads.

POSITIVES and NEGATIVES are folders, several joined by a colon; of each at most `--most` pictures are learnt from,
those whose SHA-256 comes first, so that names do not matter. HARMLESS is a folder of another source: a score is 0.5
where one of its pictures in a hundred is above. Vectors are kept in `--cache` by digest. Nothing here is random.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers.models import PACKAGED_MODELS

_SUFFIXES = {".jpg", ".jpeg", ".png"}
_STRENGTH = 10.0  # by which vectors are multiplied: cosines of pictures differ by hundredths
_LARGEST = 1280  # pixels of a side
_TOO_MANY = 40_000_000  # pixels of a picture
_HELD = 0.01  # of the harmless pictures at a score of 0.5


class PictureVectors:
    """CLIP's vectors of picture files, each made once."""

    def __init__(self, cache: Path) -> None:
        self._cache, self._known = cache, dict[str, NDArray[np.float32]]()
        if cache.exists():
            with np.load(cache, allow_pickle=False) as held:
                self._known = dict(zip(held["digests"].tolist(), held["vectors"], strict=True))

    def of(self, folders: str, most: int) -> NDArray[np.float32]:
        """(n, 512) of at most so many pictures of each folder."""
        rows = []
        for folder in folders.split(":"):
            files = sorted(
                (_digest(path), path) for path in Path(folder).rglob("*") if path.suffix.lower() in _SUFFIXES
            )
            rows += [self._vector(digest, path) for digest, path in files[:most]]
        kept = [row for row in rows if row is not None]
        self._keep()
        return np.stack(kept)

    def _vector(self, digest: str, path: Path) -> NDArray[np.float32] | None:
        if digest not in self._known:
            if (picture := readable_picture(path)) is None:
                return None
            self._known[digest] = PACKAGED_MODELS.get("clip_image_tower").encode([picture])[0]
        return self._known[digest]

    def _keep(self) -> None:
        with self._cache.open("wb") as file:
            np.savez(file, digests=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def readable_picture(path: Path) -> NDArray[np.uint8] | None:
    """RGB on white, at most 1280 pixels a side; None for what Pillow does not read and for very long or small ones."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > _TOO_MANY:
                return None
            shown = _on_white(image) if image.mode in ("RGBA", "LA", "P") else image.convert("RGB")
    except OSError:
        return None
    shown.thumbnail((_LARGEST, _LARGEST))
    long, short = max(shown.size), min(shown.size)
    return None if short < 32 or long > 6 * short else np.asarray(shown, dtype=np.uint8)


def _on_white(image: Image.Image) -> Image.Image:
    clear = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")


def trained(positives: NDArray[np.float32], negatives: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[Any]]:
    """(mean, weights) of a logistic regression in which both sides weigh the same. The margin adds its offset later."""
    from sklearn.linear_model import LogisticRegression

    vectors = np.concatenate([positives, negatives])
    mean = vectors.mean(axis=0)
    truth = np.arange(len(vectors)) < len(positives)
    model = LogisticRegression(C=0.3, max_iter=3000, class_weight="balanced").fit((vectors - mean) * _STRENGTH, truth)
    return mean, model.coef_[0] * _STRENGTH


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, calibrate, write."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("out", type=Path)
    asked.add_argument("--label", nargs=3, action="append", required=True, metavar=("LABEL", "POSITIVES", "NEGATIVES"))
    asked.add_argument("--calibrate", required=True)
    asked.add_argument("--most", type=int, default=330)
    asked.add_argument("--cache", type=Path, default=Path("vectors.npz"))
    given = asked.parse_args(arguments)
    vectors = PictureVectors(given.cache)
    harmless = vectors.of(given.calibrate, given.most)
    means, weights, middles, slopes = [], [], [], []
    for label, positives, negatives in given.label:
        yes, no = vectors.of(positives, given.most), vectors.of(negatives, given.most)
        mean, weight = trained(yes, no)
        margins = (harmless - mean) @ weight
        middle = float(np.quantile(margins, 1 - _HELD))
        means.append(mean)
        weights.append(weight)
        middles.append(middle)
        slopes.append(2.0 / max(float(np.median((yes - mean) @ weight)) - middle, 0.5))
        print(f"{label}: {len(yes)} and {len(no)} learnt from, calibrated on {len(harmless)}, 0.5 at {middle:.3f}")
    centre = np.mean(means, axis=0)
    shifts = np.array([(centre - mean) @ weight for mean, weight in zip(means, weights, strict=True)])
    np.savez(
        given.out,
        labels=np.array([label for label, _yes, _no in given.label]),
        mean=centre.astype(np.float32),
        weights=np.stack(weights).astype(np.float32),
        middle=(np.array(middles) - shifts).astype(np.float32),
        slope=np.array(slopes, dtype=np.float32),
    )


if __name__ == "__main__":
    main()
