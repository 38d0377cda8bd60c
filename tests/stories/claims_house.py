"""A served claims desk, on which anybody may claim as often as a story needs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.diagnostics.installation_checks import make_development_keys
from pipeline.settings import Settings
from tests.stories.access_objects import AccessObjects
from tests.stories.http_installation import ServedInstallation, serve_real_installation
from tests.unit.media.media_clips import write_clip


@contextmanager
def claims_house(home: Path) -> Iterator[tuple[ServedInstallation, AccessObjects]]:
    """Over a new folder; what is made in it belongs to the other platform."""
    make_development_keys(Settings(home=home))
    with serve_real_installation(home, one_person=False, claims_per_day=0, claims_per_address_day=0) as at:
        yield (
            at,
            AccessObjects(
                at=at.installation,
                context=at.app.state.context,
                video=write_clip(home / "claimed.mp4"),
                maker=at.other.person,
                maker_token=at.other.token,
                number=itertools.count(),
            ),
        )
