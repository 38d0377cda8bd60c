"""What every test may use. Each folder below has its own beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def bunny() -> Path:
    """Five seconds of 720p with sound."""
    return ROOT / "deploy" / "demo" / "bunny.mp4"


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see no setting of whoever runs them; the data folder alone may be named from outside."""
    for name in list(os.environ):
        if name.startswith("ASSAY_") and name != "ASSAY_DATA":
            monkeypatch.delenv(name)
