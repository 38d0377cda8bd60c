"""Words in footage: when they stand, what counts as one text, what is unknown and what that means."""

from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from classifiers.audio.diarization import SpeakerVoice, who_speaks
from classifiers.audio.spoken_words import doubt_of, hear_words
from classifiers.base import SignalNote
from classifiers.find_words import find_words
from classifiers.image.sampled_frames import sample_of_images
from classifiers.image.written_words import read_words
from classifiers.models import PACKAGED_MODELS
from classifiers.models.ocr import FoundLine, WrittenLine
from classifiers.models.whisper import SpokenPassage
from classifiers.passages import FootageWords, Passage, PassageKind, SampleWithWords
from classifiers.text.footage_words import FootageWordScreening
from classifiers.text.impersonation import IMPERSONATION_SCORE, impersonation_score
from classifiers.text.link_hosts import find_hosts, is_listed, read_host_list
from classifiers.text.personal_data import CARD_SCORE, CONTACT_SCORE, personal_data_score
from core.errors import Unavailable
from core.signals import Span, Subject
from media.video import Frame, MonoAudio

BLANK = np.full((90, 160, 3), 60, np.uint8)
SIGN = np.full((90, 160, 3), 200, np.uint8)
OTHER = np.full((90, 160, 3), 120, np.uint8)


class ReaderByBrightness:
    """Finds what it was told stands on a picture of this brightness, each line at its own height; counts its calls."""

    def __init__(self, lines, others=None):
        self.lines, self.others, self.calls = lines, others, 0
        self._of_pictures = []

    def get(self, name):
        if name == "script_reader" and self.others is not None:
            return self.others
        if name != "ocr":
            raise Unavailable(name)
        return self

    def find(self, rgb):
        self.calls += 1
        found = self.lines.get(int(rgb[0, 0, 0]), [])
        self._of_pictures += found
        return [
            FoundLine(
                box=(0.1, 0.1 * n, 0.5, 0.1 * n + 0.08),
                picture=np.full((8, 40, 3), len(self._of_pictures) - len(found) + n, np.uint8),
            )
            for n in range(len(found))
        ]

    def read_line(self, line):
        text, certainty = self._of_pictures[int(line[0, 0, 0])]
        return WrittenLine(text=text, certainty=certainty)


class NothingInstalled:
    """No model is there."""

    def get(self, name):
        raise Unavailable(name)


def heard(*texts):
    passages = [
        Passage(
            kind=PassageKind.HEARD, text=text, at=Span(start=3.0 * n, end=3.0 * n + 3), certainty=0.9, language="en"
        )
        for n, text in enumerate(texts)
    ]
    return FootageWords(passages=tuple(passages), unknown={})


def measured(words):
    signals = FootageWordScreening().measure(words, Subject.VIDEO)
    return {signal.label: signal for signal in signals}


def test_what_stays_on_the_screen_is_read_once_and_has_the_whole_time():
    reader = ReaderByBrightness({200: [("STOP HERE", 0.9)], 120: [("STOP HERE", 0.9), ("GO AWAY", 0.9)]})
    passages, note = read_words(sample_of_images(BLANK, SIGN, SIGN, SIGN, OTHER, BLANK), reader)
    assert note is SignalNote.NONE
    assert reader.calls == 4
    assert [(one.text, one.at.start, one.at.end) for one in passages] == [
        ("STOP HERE", 1.0, 5.0),
        ("GO AWAY", 4.0, 5.0),
    ]


def test_a_line_that_is_read_otherwise_now_and_then_is_one_passage_with_the_reading_that_most_agree_in():
    levels = (60, 100, 140, 180, 220)
    readings = [("STOP HERE", 0.85), ("ST0P HERE", 0.9), ("STOP HERE", 0.8), ("STOP HERE", 0.85), ("STOP HERE", 0.85)]
    reader = ReaderByBrightness({level: [one] for level, one in zip(levels, readings, strict=True)})
    passages, _ = read_words(sample_of_images(*(np.full((90, 160, 3), level, np.uint8) for level in levels)), reader)
    assert [(one.text, one.at.start, one.at.end) for one in passages] == [("STOP HERE", 0.0, 5.0)]
    assert 0.6 <= passages[0].certainty < 0.85


def test_a_small_line_that_appears_on_a_picture_that_is_otherwise_the_same_is_looked_for():
    captioned = SIGN.copy()
    captioned[70:76, 40:120] = 0
    reader = ReaderByBrightness({})
    read_words(sample_of_images(SIGN, captioned), reader)
    assert reader.calls == 2


def test_pictures_that_follow_one_another_faster_than_anyone_reads_are_not_all_looked_at():
    levels = range(40, 240, 20)
    reader = ReaderByBrightness({level: [("STOP HERE", 0.97)] for level in levels})
    sample = sample_of_images(*(np.full((90, 160, 3), level, np.uint8) for level in levels))
    fast = replace(sample, frames=tuple(Frame(at=one.at / 10, rgb=one.rgb) for one in sample.frames))
    passages, _ = read_words(replace(fast, info=replace(fast.info, duration=1.0)), reader)
    assert reader.calls == 4  # at 0, 0.3, 0.6 and 0.9 s
    assert [(one.text, one.at.start, one.at.end) for one in passages] == [("STOP HERE", 0.0, 1.0)]


class OtherScripts:
    """Reads every line in another script."""

    def __init__(self, text, certainty):
        self._read = WrittenLine(text=text, certainty=certainty)

    def read(self, line):
        return self._read


def test_a_line_in_which_the_reader_sees_no_letters_of_its_own_is_read_in_other_scripts():
    passages, note = read_words(
        sample_of_images(SIGN), ReaderByBrightness({200: [("   ", 0.9)]}, OtherScripts("Я знаю, где ты живёшь", 0.9))
    )
    assert ([one.text for one in passages], note) == (["Я знаю, где ты живёшь"], SignalNote.NONE)


def test_letters_that_are_guessed_in_another_script_are_not_read():
    passages, _ = read_words(sample_of_images(SIGN), ReaderByBrightness({200: [("", 0.0)]}, OtherScripts("हीय", 0.7)))
    assert passages == []


def test_a_line_in_another_script_is_not_known_where_its_model_is_missing():
    assert read_words(sample_of_images(SIGN), ReaderByBrightness({200: [("", 0.0)]})) == ([], SignalNote.MISSING_MODEL)


@dataclass
class SpeechFinder:
    """Says how likely speech is, and fails where words are looked for all the same."""

    likely: float

    def get(self, name):
        if name != "speech_finder":
            raise Unavailable(name)
        return self

    def probabilities(self, samples):
        return np.full(len(samples) // 512, self.likely, np.float32)


@pytest.mark.parametrize(("complete", "note"), [(True, SignalNote.NONE), (False, SignalNote.TOO_LONG)])
def test_where_nobody_speaks_no_words_are_looked_for(complete, note):
    plain = sample_of_images(BLANK)
    sounding = replace(
        plain,
        info=replace(plain.info, has_audio=True),
        audio=MonoAudio(np.zeros(16_000, np.float32), complete=complete),
    )
    assert hear_words(sounding, SpeechFinder(0.8)) == ([], note)
    with pytest.raises(Unavailable, match="speech_multilingual"):
        hear_words(sounding, SpeechFinder(0.9))


def test_letters_that_are_guessed_are_not_read():
    reader = ReaderByBrightness({200: [("lIlI", 0.3)]}, OtherScripts("", 0.0))
    assert read_words(sample_of_images(SIGN), reader) == ([], SignalNote.NONE)


def test_pictures_beyond_the_budget_are_said_to_be_unread():
    pictures = [np.full((90, 160, 3), level, np.uint8) for level in (*range(0, 250, 50), *range(20, 250, 50)) * 13]
    reader = ReaderByBrightness({})
    assert read_words(sample_of_images(*pictures), reader)[1] is SignalNote.TOO_LONG
    assert reader.calls == 120


def test_a_missing_model_leaves_its_kind_unknown_and_the_other_one_known():
    words = find_words(sample_of_images(SIGN), ReaderByBrightness({200: [("WELCOME HOME", 0.9)]}))
    assert [one.text for one in words.passages] == ["WELCOME HOME"]
    assert words.unknown == {}  # there is no sound to be heard
    gone = find_words(sample_of_images(SIGN), NothingInstalled())
    assert gone.unknown == {PassageKind.SEEN: SignalNote.MISSING_MODEL}


@pytest.mark.models
def test_a_threat_that_is_spoken_over_two_sentences_is_found_with_its_seconds():
    found = measured(
        heard("Welcome back everybody.", "Maria, I know where you live.", "I will come and kill you tonight.")
    )
    assert found["heard_threat"].score >= 0.5
    assert found["heard_threat"].at.start >= 3.0
    assert found["seen_threat"].score == 0.0


@pytest.mark.models
@pytest.mark.parametrize(
    "text",
    [
        "Welcome to my kitchen, today we bake bread and talk about the weather.",
        "She scored a killer goal and the crowd went wild.",
        "Please do not smoke here. Mind the gap between the train and the platform.",
        "STOP",
        "GAME OVER you died",
    ],
)
def test_harmless_words_are_not_held(text):
    scores = {label: signal.score for label, signal in measured(heard(text)).items() if label.startswith("heard")}
    assert max(scores.values()) < 0.5, scores


@pytest.mark.models
def test_where_words_could_not_be_looked_for_nothing_is_known_unless_something_was_found():
    passages = heard("To make the bomb you take a pipe and fill it with powder").passages
    unknown = {PassageKind.HEARD: SignalNote.TOO_LONG.value, PassageKind.SEEN: SignalNote.MISSING_MODEL.value}
    found = measured(FootageWords(passages=passages, unknown=unknown))
    assert found["heard_instructions"].score >= 0.5
    assert (found["heard_hate"].score, found["heard_hate"].note) == (None, "too_long")
    assert (found["seen_threat"].score, found["seen_code"].score) == (None, None)


@pytest.mark.models
def test_words_that_were_found_before_are_not_looked_for_again():
    plain = sample_of_images(SIGN)
    known = SampleWithWords(info=plain.info, frames=plain.frames, words=heard("hello my friends"))
    assert measured(known)["heard_threat"].score < 0.5


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Card 4111 1111 1111 1111 CVV 123", CARD_SCORE),
        ("4111 1111 1111 1112", 0.0),  # its checksum is wrong
        ("DE89 3704 0044 0532 0130 00", CARD_SCORE),
        ("call +49 30 23125042", CONTACT_SCORE),
        ("anna@example.org", CONTACT_SCORE),
        ("Chapter 12, 24 frames a second, 1920 x 1080", 0.0),
        ("0000 0000 0000 0000", 0.0),
    ],
)
def test_personal_data_is_told_by_checksums_and_by_its_form(text, score):
    assert personal_data_score(text) == score


@pytest.mark.models
def test_a_line_in_cyrillic_letters_is_read():
    font = ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), 36)
    picture = Image.new("RGB", (854, 480), (40, 60, 40))
    ImageDraw.Draw(picture).text((60, 380), "Я убью тебя и твою семью", font=font, fill=(255, 255, 255))
    words = find_words(sample_of_images(np.asarray(picture)), PACKAGED_MODELS)
    assert [one.text for one in words.passages] == ["Я убью тебя и твою семью"]


@pytest.mark.parametrize(
    ("text", "poses"),
    [
        ("Hello, this is your bank. Your account has been frozen, please verify your account.", True),
        ("This is the police. Pay now or you will be arrested.", True),
        ("Hier ist die Polizei, überweisen Sie sofort das Geld.", True),
        ("Это служба безопасности банка, назовите код из СМС.", True),
        ("我是公安局的，请立即转账。", True),
        ("This is a nice bank, and I pay now for my coffee.", False),
        ("This is the police station of our village, and there is the bank.", False),
        ("How to verify your account: open the settings.", False),
    ],
)
def test_who_poses_as_somebody_and_demands_something_is_found(text, poses):
    assert impersonation_score(text) == (IMPERSONATION_SCORE if poses else 0.0)


def test_hosts_are_found_with_and_without_a_scheme_and_in_the_letters_of_the_dns():
    assert find_hosts("http://paypa1-login.example/verify?acc=1") == ("paypa1-login.example",)
    assert find_hosts("now at www.Bad-Shop.example. See you") == ("www.bad-shop.example",)
    assert find_hosts("пример.рф, 10.5 and 1.2.3") == ("xn--e1afmkfd.xn--p1ai",)


def test_a_host_below_a_listed_one_is_listed(tmp_path):
    (tmp_path / "hosts").write_text("# bad\n0.0.0.0 Bad.Example  # known\n")
    listed = read_host_list(tmp_path / "hosts")
    assert (is_listed("login.bad.example", listed), is_listed("notbad.example", listed)) == (True, False)
    with pytest.raises(Unavailable, match="list of bad hosts"):
        read_host_list(tmp_path / "missing")


@pytest.mark.models
@pytest.mark.parametrize(("hosts", "score"), [({"bad.example"}, 1.0), (set(), 0.0), (None, None)])
def test_a_link_to_a_listed_host_is_told_and_not_known_without_the_list(hosts, score):
    reader = ReaderByBrightness({200: [("visit login.bad.example", 0.95)]})
    words = find_words(sample_of_images(SIGN), reader, None if hosts is None else frozenset(hosts))
    assert measured(words)["seen_bad_link"].score == score


@pytest.mark.models
def test_topics_are_told_of_what_is_said_and_unsafe_for_nobody():
    found = measured(heard("Vote for our party in the election on Sunday, vote for the candidate of the people."))
    assert found["words_politics"].score >= 0.5
    assert found["words_alcohol"].score < 0.5


@pytest.mark.parametrize(
    ("said", "level", "doubt"),
    [
        (SpokenPassage(text="a", start=0, end=2, certainty=0.8), 0.0, ""),
        (SpokenPassage(text="a", start=0, end=2, certainty=0.3), 0.0, "unsure"),
        (SpokenPassage(text="a", start=0, end=2, certainty=0.8, no_speech=0.3), 0.06, "singing"),
        (SpokenPassage(text="a", start=0, end=2, certainty=0.8), 0.5, "noise"),
    ],
)
def test_words_in_noise_or_over_music_or_heard_unsurely_are_said_to_be_in_doubt(said, level, doubt):
    rng = np.random.default_rng(1)
    spoken = rng.normal(0, 0.2, 32_000) * (np.arange(32_000) // 4_000 % 2)
    assert doubt_of(said, (spoken + rng.normal(0, level, 32_000)).astype(np.float32)) == doubt


def test_a_passage_belongs_to_the_voice_that_is_heard_most_in_it():
    nobody = np.zeros(448, np.float32)
    one = SpeakerVoice(nobody, 2.0, Span(start=0, end=1.5), (Span(start=0, end=1.5), Span(start=1, end=2.5)))
    other = SpeakerVoice(nobody, 2.0, Span(start=3, end=5), (Span(start=3, end=5),))
    spans = (Span(start=0, end=3.2), Span(start=2.4, end=5), Span(start=6, end=7))
    assert [who_speaks(at, [one, other]) for at in spans] == [1, 2, 0]
