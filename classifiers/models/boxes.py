"""Non-maximum suppression: of boxes that overlap, the surest."""

from __future__ import annotations

from typing import Any

import numpy as np


def nms(boxes: Any, scores: Any, iou_threshold: float) -> list[int]:
    """Greedy non-maximum suppression over (n, 4) boxes x0 y0 x1 y1; indices, best first, of equals the last."""
    x0, y0, x1, y1 = boxes.T
    areas = (x1 - x0) * (y1 - y0)
    order = np.argsort(scores, kind="stable")[::-1]
    kept: list[int] = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        width = np.clip(np.minimum(x1[best], x1[rest]) - np.maximum(x0[best], x0[rest]), 0, None)
        height = np.clip(np.minimum(y1[best], y1[rest]) - np.maximum(y0[best], y0[rest]), 0, None)
        common = width * height
        order = rest[common <= iou_threshold * (areas[best] + areas[rest] - common)]
    return kept
