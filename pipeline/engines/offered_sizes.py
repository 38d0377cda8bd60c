"""Whether an engine offers what an order asks for: its size, its seconds, its parameters."""

from __future__ import annotations

from core.errors import BadInput
from core.ports import RenderRequest
from pipeline.engines.engine_profile import EngineProfile, parse_size


def require_offered_size(size: str, profile: EngineProfile) -> str:
    """The size, if the engine offers it. Raises BadInput."""
    if not size:
        return size
    sides, offered = parse_size(size), profile.size
    if sides is None:
        raise BadInput(f"size must be width x height in pixels, as 1280x720, and {size[:40]!r} is not")
    if offered.choices:
        if size not in offered.choices:
            raise BadInput(f"size must be one of {', '.join(offered.choices)}, and {size[:40]!r} is not")
        return size
    if not all(offered.min_side <= side <= offered.max_side for side in sides):
        raise BadInput(f"the sides of size must lie between {offered.min_side} and {offered.max_side} pixels")
    if any(side % offered.multiple_of for side in sides):
        raise BadInput(f"the sides of size must be multiples of {offered.multiple_of}")
    return size


def require_offered_seconds(seconds: float | None, profile: EngineProfile) -> float | None:
    """The seconds, if the engine offers them. Raises BadInput."""
    if seconds is None:
        return None
    offered = profile.seconds
    if offered.choices and seconds not in offered.choices:
        raise BadInput(f"seconds must be one of {', '.join(f'{one:g}' for one in offered.choices)}")
    if not offered.choices and not offered.min <= seconds <= offered.max:
        raise BadInput(f"seconds must lie between {offered.min:g} and {offered.max:g}")
    if offered.whole and seconds != int(seconds):
        raise BadInput("seconds must be whole")
    return seconds


def offers_order(order: RenderRequest, profile: EngineProfile) -> bool:
    """Whether an engine of this profile may be given the order."""
    if not {*order.parameters, *order.parameter_texts} <= profile.parameters.keys():
        return False
    try:
        require_offered_size(order.size, profile)
        require_offered_seconds(order.seconds, profile)
    except BadInput:
        return False
    return True
