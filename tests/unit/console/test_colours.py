"""The colours of the pages: every text stands out from its ground by the 4.5 : 1 that WCAG asks for, light and dark."""

from __future__ import annotations

import re

import pytest

from console.web.rendering import CONSOLE_FOLDER

SHEET = (CONSOLE_FOLDER / "static" / "assay.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", SHEET, re.S)
)
GROUNDS = {
    "paper": ("ink", "soft", "accent", "refuse"),
    "card": ("ink", "soft", "accent", "hold"),
    "plain-bg": ("plain", "ink"),
    "allow-bg": ("allow",),
    "hold-bg": ("hold",),
    "refuse-bg": ("refuse",),
    "accent": ("on-accent",),
    "refuse": ("paper",),
}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(theme):
    pairs = [(text, ground) for ground, texts in GROUNDS.items() for text in texts if text in theme]
    assert len(pairs) > 12
    assert [pair for pair in pairs if contrast(theme[pair[0]], theme[pair[1]]) < 4.5] == []


def test_contrast_is_reckoned_as_the_standard_does():
    assert (contrast("#000000", "#ffffff"), round(contrast("#777777", "#ffffff"), 2)) == (21.0, 4.48)
