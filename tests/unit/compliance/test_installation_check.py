"""What of the duties the settings of an installation meet."""

from __future__ import annotations

import pytest

from pipeline.compliance.installation_check import DutyCheck, check_marking_duties
from pipeline.settings import load_settings
from provenance.c2pa.signers.dev_keys import make_dev_keys


def rows(tmp_path, regions=(), **given: object) -> dict[str, DutyCheck]:
    settings = load_settings(home=tmp_path, **given)
    return {check.subject: check for check in check_marking_duties(settings, regions)}


@pytest.fixture
def keys(tmp_path):
    make_dev_keys(tmp_path / "keys")
    return tmp_path


def test_without_keys_nothing_can_be_marked(tmp_path) -> None:
    assert rows(tmp_path)["signing key"].state == "broken"


def test_a_fresh_installation_is_told_what_it_lacks(keys) -> None:
    found = rows(keys)
    assert found["signing key"].state == "lacks"
    assert "for development" in found["signing key"].says
    assert found["time stamp"].state == "lacks"
    assert found["trust list"].state == "lacks"
    assert found["watermark"].state == "ok"
    assert found["provider"].state == "lacks"
    assert found["verifier"].state == "lacks"
    assert found["visible label, China"].state == "lacks"


def test_settings_mend_what_they_can(keys) -> None:
    found = rows(
        keys,
        engine="http",
        provider="Example Studio",
        verifier_page="https://check.example.com/",
        web_address="https://check.example.com",
        verify_urls=True,
        label="start",
        label_text="AI-generated",
    )
    mended = ("statement of AI", "provider", "verifier", "where to check", "check by address", "visible label, India")
    assert {name: found[name].state for name in mended} == dict.fromkeys(mended, "ok")
    assert found["visible label, European Union"].state == "lacks"  # the icon is not drawn, whatever is set


def test_a_label_that_does_not_say_so_lacks(keys) -> None:
    assert rows(keys, label="whole", label_text="Enjoy")["visible label, India"].state == "lacks"
    for text in ("Made by Kaidi Media", "Aide à la création", "A kite film"):  # no word of these is AI, IA or KI
        assert rows(keys, label="whole", label_text=text)["visible label, India"].state == "lacks", text
    for text in ("AI生成", "Généré par IA", "KI-generiert", "by AI."):
        assert rows(keys, label="whole", label_text=text)["visible label, India"].state != "lacks", text
    assert rows(keys, label="whole", label_text="Synthetic")["visible label, China"].state == "lacks"


def test_only_what_the_region_asks_for_is_shown(keys) -> None:
    found = rows(keys, ["china"])
    assert "visible label, China" in found
    assert "visible label, India" not in found
    assert "time stamp" not in found
