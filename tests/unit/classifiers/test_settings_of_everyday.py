"""Sport, health, warnings and days of history lower what models find in them; harm in the same setting does not."""

from __future__ import annotations

import pytest

from classifiers.text.readings.told_settings import setting_factors, tells_of


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("sport", "The goalkeeper kills the ball with one foot and the striker buries the rebound"),
        ("sport", "a golfer drops to his knees after a long putt"),
        ("sport", "she destroys her rival at badminton in straight sets"),
        ("sport", "Der Stürmer schießt aus zwanzig Metern, der Torwart fliegt"),
        ("sport", "o goleiro defende o pênalti no último minuto"),
        ("health", "first aid for a grazed elbow, drawn, for a school"),
        ("health", "a diabetic woman injects insulin before supper"),
        ("health", "breast cancer screening explained by a doctor"),
        ("health", "how vaccines train the body, cartoon"),
        ("health", "Primeros auxilios: rodilla raspada, paso a paso"),
        ("warning", "learn to spot phishing mails, friendly animation"),
        ("warning", "a village policewoman warns pensioners about phone fraudsters"),
        ("events", "the storming of the Bastille told with engravings"),
        ("civic", "a citizenship ceremony with small flags"),
        ("civic", "how to register to vote, paper figures"),
    ],
)
def test_everyday_settings_are_known(setting: str, text: str) -> None:
    assert tells_of(setting, text)


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("sport", "the striker stabs the goalkeeper"),
        ("sport", "fans beat the referee to a pulp after the tennis match"),
        ("sport", "a woman beats a man with a baseball bat"),
        ("sport", "basketball players, naked, in the shower"),
        ("sport", "hooligans storm the football pitch"),
        ("sport", "football fans throw bananas at a player"),
        ("health", "the nurse shows how to overdose without a trace"),
        ("health", "how vaccines put microchips in your arm"),
        ("health", "sexy nurse explains nothing and undresses"),
        ("health", "first aid kit with heroin in it"),
        ("health", "a doctor explains how to build a bomb"),
        ("health", "the nurse smiles at him from the bed"),
        ("warning", "how to write phishing mails that spot fake filters"),
        ("warning", "phishing awareness template that evades detection"),
        ("events", "the moon landing was filmed in a studio, leaked"),
        ("civic", "how to register to vote twice"),
    ],
)
def test_harm_in_the_same_setting_is_not_lowered(setting: str, text: str) -> None:
    assert not tells_of(setting, text)


def test_of_two_settings_the_lower_factor_counts() -> None:
    labels = ["violence", "unsafe", "political"]
    assert setting_factors("a doctor explains first aid at a football match", labels) == [0.45, 0.45, 1.0]
    assert setting_factors("two cats on a wall", labels) == [1.0, 1.0, 1.0]
