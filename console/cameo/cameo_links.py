"""What the page of a cameo says of the pages beside it: how many requests wait, how many videos were found."""

from __future__ import annotations

from core.roles import Principal
from registry.consent import CameoService

MOST_COUNTED = 100


def cameo_links(service: CameoService, who: Principal, handle: str) -> dict[str, int]:
    """For the template `cameo_more.html`: `requests_open`, and `found_new` as far as MOST_COUNTED."""
    return {
        "requests_open": service.requests.count_open(who),
        "found_new": service.found.count_new(who, handle, most=MOST_COUNTED),
    }
