"""The page of a creator says what a claim means where the claims desk took the video down."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from console.creator.creator_texts import limits_named
from core.events import Recalled
from core.recalls import CLAIM_RECALL


@pytest.mark.parametrize(("code", "named"), [(CLAIM_RECALL, {"claim"}), ("rights", set()), ("policy", set())])
def test_a_video_that_a_claim_took_down_says_what_a_claim_means(code, named):
    recalled = Recalled(by="assay:claims", code=code)
    view = SimpleNamespace(explanation=None, case=SimpleNamespace(recalled=recalled))
    assert limits_named(view) == named
