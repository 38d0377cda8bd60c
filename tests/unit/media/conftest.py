from pathlib import Path

import pytest
from media_clips import MakeClip, write_clip


@pytest.fixture
def clip(tmp_path: Path) -> MakeClip:
    """Writes a clip under a name in the test's folder."""
    return lambda name="clip.mp4", **how: write_clip(tmp_path / name, **how)
