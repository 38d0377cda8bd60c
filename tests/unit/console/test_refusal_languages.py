"""Whatever a public page refuses, it refuses in the reader's language: no sentence that is raised passes by the catalogs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from console.web.translations import available_languages
from tests.conftest import ROOT

PUBLIC = ("console/verify", "console/creator", "console/login", "pipeline/creator", "media/sandbox")
PUBLIC_FILES = (
    *(f"console/web/{name}.py" for name in ("uploads", "multipart", "raw_upload")),
    *(
        f"media/{name}.py"
        for name in ("container", "frame_index", "isobmff", "picture_conversion", "pixel_format", "probe")
    ),
)
REFUSALS = {"BadInput", "BadMedia", "OverBudget", "NotFound", "NotNow", "Forbidden", "Erased", "NotOffered", "TooLarge"}
FILLED = "xyz"  # what stands for a value that is filled in


def raised(file: Path):
    """Every sentence that a file raises as a refusal, with something filled in where it has values."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSALS and node.args:
            match node.args[0]:
                case ast.Constant(value=str() as text):
                    yield text
                case ast.JoinedStr(values=parts):
                    yield "".join(part.value if isinstance(part, ast.Constant) else FILLED for part in parts)


def public_files():
    found = [file for folder in PUBLIC for file in sorted((ROOT / folder).glob("*.py"))]
    return found + [ROOT / name for name in PUBLIC_FILES]


PUT_TOGETHER = {"xyz has xyz": ("xyz has no video", "xyz has sound but no video")}  # of a value that is itself words
FOUND = {text for file in public_files() for text in raised(file)}
SENTENCES = sorted(one for text in FOUND for one in PUT_TOGETHER.get(text, (text,)))


@pytest.mark.parametrize("code", sorted(set(available_languages()) - {"en"}))
def test_every_refusal_of_a_public_page_is_said_in_every_language(code):
    assert len(SENTENCES) > 30
    language = available_languages()[code]
    assert [text for text in SENTENCES if language.translation(text) is None] == []
