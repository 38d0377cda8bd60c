"""Makes torchvision importable with a CPU build of torch.

The registries serve torchvision built for CUDA; with torch+cpu its C++ part does not load and its import
fails for want of the operator nms. This declares the operator and gives it a CPU kernel.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from classifiers.models.boxes import nms

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@cache
def import_torchvision() -> object:
    """Torchvision, whole or with the shim. Once per process: an operator can be declared only once."""
    import torch

    if torch.version.cuda is not None:
        import torchvision

        return torchvision
    return _shimmed(torch)


def _shimmed(torch: Any) -> Any:
    library = torch.library.Library("torchvision", "FRAGMENT")
    try:
        for schema in _SCHEMAS:
            library.define(schema)
        library.impl("nms", _nms, "CPU")
    except RuntimeError:  # a torchvision that loads has declared them already
        pass
    import torchvision
    from torchvision import extension

    extension._has_ops = lambda: True
    torchvision.assay_library = library  # the declaration lives only as long as this object
    return torchvision


def _nms(boxes: Any, scores: Any, iou_threshold: float) -> Any:
    """Indices of the boxes kept, best first. Greedy, in numpy: there are few boxes."""
    import torch

    kept = nms(boxes.detach().numpy(), scores.detach().numpy(), iou_threshold)
    return torch.as_tensor(kept, dtype=torch.int64)
