"""One file that opens anywhere, asks for nothing, and believes no word of the video."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from console.inspection.html_report import html_report
from console.inspection.timeline_page import span_text, threshold_text, timeline_page, waveform_path, waveform_svg
from console.web.translations import available_languages
from media.video import MonoAudio
from pipeline.inspection.footage_preview import tile_width, waveform_of
from pipeline.inspection.inspection_view import FilmStrip, Waveform
from tests.unit.inspection.views import FACTS, HOSTILE, SIGNALS, signal, view

FILM = FilmStrip(jpeg=b"\xff\xd8", at=(0.0, 3.3, 6.6, 10.0), tile_width=160, tile_height=90)


class Elements(HTMLParser):
    """Every element with its attributes, and the texts outside styles and scripts."""

    def __init__(self, page):
        super().__init__()
        self.found, self.texts = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def named(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def page():
    return html_report(replace(view(), film=FILM, waveform=Waveform(peaks=(0.0, 0.5, 1.0), seconds=10.0)))


def test_nothing_is_asked_for_from_anywhere(page):
    addresses = re.findall(r'(?:src|href|action|url)\s*[=(]\s*["\']?([^"\')\s>]+)', re.sub(r"onerror.*?&gt;", "", page))
    assert {one.split(",")[0].split("#")[0] for one in addresses} <= {"", "data:image/jpeg;base64", "x&gt;", "x"}
    assert not re.search(r"https?://(?!www\.w3\.org/)", page)


def test_its_own_policy_allows_only_what_is_in_it(page):
    elements = Elements(page)
    policy = next(one["content"] for one in elements.named("meta") if one.get("http-equiv"))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy and "http" not in policy
    assert [
        one for _, attributes in elements.found for one in attributes if one.startswith("on") or one == "style"
    ] == []


def test_words_of_the_video_are_text_and_turn_no_direction(page):
    assert "\u202e" not in page
    assert "⟦U+202E⟧&lt;/script&gt;&lt;img" in page
    assert len(Elements(page).named("script")) == 1
    assert Elements(page).named("img") == []


def test_whose_voice_it_is_stands_beside_the_words(page):
    assert "0.80, doubt noise, speaker 2" in page


def test_a_name_of_a_file_is_a_strangers_too():
    page = html_report(replace(view(), footage=replace(FACTS, name=HOSTILE)))
    assert "\u202e" not in page and "<img" not in page


def test_the_page_without_pictures_is_light(page):
    assert len(page.encode()) < 100_000
    many = [signal(f"label_{n}", 0.5, (n % 10, n % 10 + 0.5)) for n in range(60)]
    assert len(html_report(view((*SIGNALS, *many))).encode()) < 100_000


def test_every_place_is_a_button_that_leads_to_its_second(page):
    buttons = [one["data-seek"] for one in Elements(page).named("button")]
    assert buttons == ["1.0", "2.0", "6.0", "0.0", "0.0", "4.0", "6.0"]


def test_pictures_are_shown_blurred_unless_somebody_asks(page):
    chosen = [one["id"] for one in Elements(page).named("input") if "checked" in one]
    assert chosen == ["blurred"]
    assert re.search(r"^\.film \{ filter: blur", page, re.M)


def test_what_is_missing_is_said():
    page = html_report(replace(view(), missing=(("film", "it takes too long"),)))
    assert "it takes too long" in page
    assert "a model is missing here" in page


def test_a_video_of_no_length_has_an_axis():
    placed = timeline_page(replace(view((), None), footage=replace(FACTS, seconds=0.0), words=()))
    assert placed.seconds == 1.0
    assert placed.percent(5.0) == "100.00%"
    assert timeline_page(replace(view(), footage=replace(FACTS, seconds=0.0))).seconds == 7.0
    assert timeline_page(replace(view(), footage=replace(FACTS, seconds=6.5))).seconds == 6.5
    assert len(timeline_page(replace(view(), footage=replace(FACTS, seconds=7200.0))).ticks) <= 9


def test_of_many_places_the_highest_are_drawn_and_the_rest_counted():
    many = [signal("often", n / 1000, (float(n), float(n))) for n in range(200)]
    placed = timeline_page(view(many))
    assert placed.left_out == {"often": 160}
    assert [hit.start for hit in placed.shown[0].hits] == [float(n) for n in range(160, 200)]


def test_thresholds_are_told_in_words():
    [mark] = view().labels[0].thresholds
    assert threshold_text(mark) == "holds from 0.50"
    odd = replace(mark, strict=True, alone=False, mode="shadow", decision="refuse", audience="account_minor = true")
    assert (
        threshold_text(odd) == "in shadow, refuses above 0.50 for account minor = true together with other conditions"
    )
    assert (span_text(1.0, 2.5), span_text(75.0, 75.0)) == ("1.0 to 2.5 s", "1:15.0")


def test_a_waveform_is_the_highest_level_of_each_part():
    loud = np.zeros(16_000, np.float32)
    loud[8_000:] = -0.5
    drawn = waveform_of(MonoAudio(samples=loud))
    assert (len(drawn.peaks), drawn.peaks[0], drawn.peaks[-1], drawn.seconds) == (320, 0.0, 0.5, 1.0)
    assert waveform_of(MonoAudio(samples=np.zeros(0, np.float32))).peaks == ()
    assert waveform_path(Waveform(peaks=(0.0, 1.0), seconds=1.0)) == "M0 40V40h1V0h1V40z"
    assert waveform_svg(drawn).startswith("<svg xmlns=")


@pytest.mark.parametrize(("size", "width"), [((1280, 720), 160), ((720, 1280), 90), ((0, 0), 160), ((4, 4000), 2)])
def test_pictures_of_tall_videos_stay_small(size, width):
    assert tile_width(*size, 160) == width


def test_what_is_found_at_one_moment_can_be_seen():
    placed = timeline_page(view())
    assert (placed.extent(1.0, 1.0), placed.extent(2.0, 3.0)) == ("0.40%", "10.00%")


def test_the_file_speaks_the_language_that_was_asked_for():
    french = html_report(view(), available_languages()["fr"])
    assert '<html lang="fr">' in french and "Mots entendus et vus" in french and "Words heard and seen" not in french
