"""Compares pictures with sentences: any OpenCLIP checkpoint on this machine. Never downloads one."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.models.options import variable
from classifiers.models.torchvision_shim import import_torchvision
from core.errors import Unavailable

_DEFAULT = "ViT-B-32-quickgelu"  # what OpenAI's ViT-B-32 was trained with


class ImageTextEncoder:
    """A joint embedding of pictures and sentences; safe to share between threads."""

    def __init__(self, architecture: str, checkpoint: Path) -> None:
        open_clip = _open_clip()
        if architecture not in open_clip.list_models():
            raise Unavailable(
                f"OpenCLIP has no architecture {architecture}: set {variable('openclip_model')} to one it lists"
            )
        self._net, _, self._prepare = open_clip.create_model_and_transforms(
            architecture, pretrained=str(checkpoint), device="cpu"
        )
        self._net.eval()
        self._tokens = open_clip.get_tokenizer(architecture)
        self._lock = threading.Lock()

    def encode_images(self, rgbs: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(n, d), rows of length one, for RGB uint8 pictures of any size."""
        import torch
        from PIL import Image

        batch = torch.stack([self._prepare(Image.fromarray(rgb)) for rgb in rgbs])
        with self._lock, torch.inference_mode():
            return _rows(self._net.encode_image(batch, normalize=True))

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, d), rows of length one."""
        import torch

        with self._lock, torch.inference_mode():
            return _rows(self._net.encode_text(self._tokens(list(texts)), normalize=True))

    @property
    def scale(self) -> float:
        """By how much the net multiplies cosines before its softmax."""
        return float(self._net.logit_scale.exp().item())


def load(paths: Sequence[Path], architecture: str) -> ImageTextEncoder:
    """From one checkpoint of this architecture; without a name that of OpenAI's ViT-B-32."""
    return ImageTextEncoder(architecture or _DEFAULT, paths[0])


def _open_clip() -> Any:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # else a missing file is asked of the hub for most of a minute
    import torch

    import_torchvision()
    import open_clip

    torch.set_num_threads(1)
    return open_clip


def _rows(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(tensor.cpu().numpy(), dtype=np.float32)
