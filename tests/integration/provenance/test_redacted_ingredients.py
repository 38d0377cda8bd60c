"""What an engine's credentials say of people is not in the published file, and everything else of them still holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SealBroken
from core.finding import FindingVerdict
from provenance import seal as sealing
from provenance.c2pa.ingredients import build_ingredients
from provenance.c2pa.manifest_definition import build_manifest_definition
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.source_types import source_type_uri
from provenance.c2pa.writer import sign_file
from provenance.seal import seal
from provenance.verification.verify import verify

WORDS = (b"a portrait of my neighbour", b"Jane Doe")


@pytest.fixture(scope="module")
def delivered(tmp_path_factory, clip, keys) -> Path:
    """As an engine delivers it: with its own credentials, in which it wrote who asked for what."""
    created = {"action": "c2pa.created", "digitalSourceType": source_type_uri("trainedAlgorithmicMedia")}
    author = {
        "@context": "https://schema.org",
        "@type": "CreativeWork",
        "author": [{"@type": "Person", "name": "Jane Doe"}],
    }
    claim = {
        "claim_generator_info": [{"name": "An engine", "version": "1"}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [created]}},
            {"label": "com.engine.run", "data": {"steps": 30}},
            {"label": "com.engine.run", "data": {"prompt": WORDS[0].decode()}},
            {"label": "stds.schema-org.CreativeWork", "kind": "Json", "data": author},
        ],
    }
    path = tmp_path_factory.mktemp("engine") / "delivered.mp4"
    sign_file(clip, path, claim, keys.signer, trust=keys.trust)
    assert all(words in path.read_bytes() for words in WORDS)
    return path


def test_the_prompt_and_the_name_are_gone_and_the_history_holds(tmp_path, delivered, order, keys, watermark):
    path = tmp_path / "sealed.mp4"
    seal(delivered, path, order, keys=keys, mark=watermark.mark, detect=watermark.detect)
    for file in (path, path.with_name("sealed.mp4.c2pa")):
        assert not any(words in file.read_bytes() for words in WORDS)
    reading = read_credentials_report(path, keys.trust)
    assert reading.credentials.state == "trusted" and reading.broken_ingredients == () and reading.personal_data == ()
    assert reading.credentials.manifest_id and len(reading.lineage) == 2
    assert reading.lineage[1].generator == "An engine 1" and reading.lineage[1].signer
    found = verify(path, trust=keys.trust, keys=[keys.watermark_key], detect=watermark.detect, look_up=lambda _: None)
    assert found.verdict is FindingVerdict.AI_MADE_TRUSTED


def test_words_that_are_still_there_afterwards_break_the_seal(tmp_path, delivered, order, keys, watermark, monkeypatch):
    monkeypatch.setattr(
        sealing,
        "build_manifest_definition",
        lambda order, **said: build_manifest_definition(order, **said | {"redacted": ()}),
    )
    with pytest.raises(SealBroken, match="should have been redacted"):
        seal(delivered, tmp_path / "sealed.mp4", order, keys=keys, mark=watermark.mark, detect=watermark.detect)
    assert list(tmp_path.iterdir()) == []


def test_a_word_that_nobody_may_redact_is_told_to_the_operator(tmp_path, clip, order, keys, watermark):
    created = {
        "action": "c2pa.created",
        "digitalSourceType": source_type_uri("trainedAlgorithmicMedia"),
        "parameters": {"com.engine.prompt": "my neighbour"},
    }
    claim = {"assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}]}
    sign_file(clip, tmp_path / "delivered.mp4", claim, keys.signer, trust=keys.trust)
    given = {"keys": keys, "mark": watermark.mark, "detect": watermark.detect}
    report = seal(tmp_path / "delivered.mp4", tmp_path / "sealed.mp4", order, **given)
    assert any("where nobody may redact it" in one for one in report.warnings)


def test_the_credits_of_whoever_made_what_went_in_stay(tmp_path, delivered, clip, order, keys, watermark):
    """A creator's name on a source is theirs; only what the engine wrote is taken out."""
    path = tmp_path / "sealed.mp4"
    sources = build_ingredients(parent=delivered)
    seal(clip, path, order, keys=keys, mark=watermark.mark, detect=watermark.detect, sources=sources)
    assert WORDS[1] in path.read_bytes()
