"""Which label people see: by setting and by region, in the words of there; none that could not be drawn is begun with."""

import pytest
from pydantic import ValidationError

from core.errors import BadInput
from core.events import Submitted
from media.labels.label_terms import VisibleLabel
from pipeline.labelling.label_choice import check_labels, label_for
from pipeline.labelling.region_labels import region_labels
from pipeline.settings import Settings


def label(settings: Settings, **of) -> VisibleLabel | None:
    choice = label_for(Submitted(author="a", prompt="t", **of), settings, "Studio")
    return choice and choice.generated


def test_nothing_is_drawn_unless_somebody_asks_for_it():
    assert label(Settings(), region="DE") is None
    assert label(Settings(label="start", label_place="corners")).place == "corners"


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ({"region": "DE"}, "AI GENERATED | künstlich erzeugt"),
        ({"region": "IE"}, "AI GENERATED"),
        ({"territory": ("FR", "DE", "IT")}, "AI GENERATED | généré par une IA | künstlich erzeugt"),
        ({"region": "US-CA", "territory": ("CN",)}, "人工智能生成"),
        ({}, "AI GENERATED | 人工智能生成"),  # nobody says where: it may be shown in either
    ],
)
def test_a_region_gets_its_own_words_and_whoever_does_not_say_gets_all(of, words):
    assert label(Settings(label_regions="eu, china"), **of).text == f"{words} | Studio"


def test_a_region_elsewhere_gets_what_the_settings_say_and_the_longer_time_counts():
    assert label(Settings(label_regions="eu"), region="US-TX") is None
    assert label(Settings(label_regions="eu", label="start"), region="US-TX").text == "AI-generated | Studio"
    assert label(Settings(label_regions="eu"), region="AT").place == "top_right"
    assert label(Settings(label_regions="china"), region="CN").seconds == 4.0
    assert label(Settings(label_regions="china", label="whole"), region="CN").seconds is None


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"label_regions": "eu, mars"}, "'mars' has no label of its own here: eu, china, india, korea"),
        ({"label_place": "middle"}, "label_place"),
        ({"label_table": "pipeline/labelling/label_regions.toml"}, "label_regions names none of it"),
    ],
)
def test_what_is_not_known_is_refused_by_its_name(setting, words):
    with pytest.raises(ValidationError, match=words):
        Settings(**setting)


def test_a_table_says_where_it_is_wrong(tmp_path):
    (tmp_path / "own.toml").write_text('[eu]\ncountries = ["Germany"]\nlabel = "whole"\n')
    with pytest.raises(ValidationError, match="label_table: eu"):
        Settings(label_regions="eu", label_table=tmp_path / "own.toml")


def test_every_bundled_label_can_be_drawn_with_the_bundled_font():
    assert all(region.source and region.looked_up for region in region_labels().values())
    check_labels(Settings(label_regions=", ".join(region_labels())), "Zürich Żółć 株式会社")
    with pytest.raises(BadInput, match="font lacks 'हि"):
        check_labels(Settings(label="whole", label_text="हिन्दी"), "Studio")
