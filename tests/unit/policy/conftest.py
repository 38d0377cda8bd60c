"""Policies that the tests of decide() share."""

from __future__ import annotations

import pytest

from policy.pack import Policy, load
from tests.unit.policy.packs import RULE, VOCABULARY, rule, write_pack


@pytest.fixture(scope="session")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """Two gates, a final rule, one in shadow, one that is off, one that allows what is missing, one about a fact."""
    strikes = RULE.format(
        gate="prompt",
        when='"author_strikes >= 2 && hate >= 0.2"',
        then="hold",
        reason="It is about strikes.",
        more="",
        fires="{ hate = 0.2 }\nfacts = { author_strikes = 2 }",
        quiet="{ hate = 0.0 }",
    )
    folder = write_pack(
        tmp_path_factory.mktemp("pack"),
        prompt_gore=rule("gore", then="refuse", at=0.9, more="final = true\n"),
        prompt_hate=rule("hate", then="refuse", at=0.7, more='if_missing = "allow"\nwhy = "sexual holds anyway"\n'),
        prompt_strikes=strikes,
        prompt_nudity=rule("nudity", more='mode = "shadow"\n'),
        prompt_sexual_off=rule("sexual", at=0.1, then="refuse", more='mode = "off"\n'),
        video_nudity=rule("nudity", gate="video", then="refuse", more='if_missing = "refuse"\n'),
    )
    return load(folder, VOCABULARY)
