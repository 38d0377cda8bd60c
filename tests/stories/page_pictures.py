"""Pictures of the pages, light and dark, on a phone and on a desktop: made by a story, chosen for the docs.

`python -m tests.stories.page_pictures` copies the chosen ones from build/page-pictures, where the story left them, to
docs/pictures.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from tests.conftest import ROOT

BUILT = ROOT / "build" / "page-pictures"
CHOSEN_FOLDER = ROOT / "docs" / "pictures"
SCHEMES = ("light", "dark")
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
ROOMS = {
    "moderator": (
        *("queue", "case-prompt", "case-output", "case-appeal", "case-likeness", "enrolments", "enrolment"),
        *("wordings", "wording", "matches", "match", "likenesses", "quality-own", "holders"),
    ),
    "lead": ("overview", "decisions", "quality"),
    "operator": ("policy", "policy-rule", "policy-preview"),
    "owner": ("portal", "cameo", "use", "takedown", "people"),
    "platform": ("platform",),
    "studio": ("works", "work", "work-draft"),
}
"""The pages that are pictured for who signs in with each role, by their names."""
DONE_THERE = ("case-ladder", "case-strip", "case-keys", "bulk-preview")
"""Pictures of what a moderator did on such a page."""
OF_THEIR_OWN = ("creator", "report", "claims", "claim-form", "claim-status", "claim-queue", "claim-review")
"""Pictures that a page's own story takes."""
CHOSEN = (
    "verifier-answer-desktop-light",
    "verifier-answer-phone-dark",
    "verifier-compare-desktop-dark",
    "verifier-shared-phone-light",
    "sign-in-desktop-light",
    "transparency-desktop-light",  # taken by test_transparency_page
    *(f"{name}-desktop-light" for name in (*DONE_THERE, "queue", "case-prompt", "case-output", "case-appeal")),
    *(f"{name}-desktop-light" for name in ("enrolment", "wording", "match", "likenesses", "quality-own")),
    *(f"{name}-desktop-light" for name in ("overview", "decisions", "policy", "policy-rule", "policy-preview")),
    *(f"{name}-desktop-light" for name in ("portal", "cameo", "use", "takedown", "people", "platform")),
    *(f"{name}-desktop-light" for name in ("works", "work", "work-draft", "holders")),
    *(f"{name}-phone-dark" for name in ("queue", "case-prompt", "case-ladder", "overview", "policy", "cameo")),
    *("creator-desktop-light", "creator-phone-dark", "report-desktop-light"),
    *("queue-desktop-dark", "case-output-desktop-dark", "queue-phone-light"),
    *(f"{name}-desktop-light" for name in ("claim-form", "claim-status", "claim-queue", "claim-review")),
    *("claim-form-phone-dark", "claim-status-phone-dark"),
)


def picture_file(name: str, size: str, scheme: str) -> Path:
    """Where the story leaves a picture of this page."""
    return BUILT / f"{name}-{size}-{scheme}.webp"


def on_each_screen(page) -> Iterator[tuple[str, str]]:
    """(size, scheme) of each screen, with the page shown on it: it is opened and filled once for all of them."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            yield size, scheme


def take_picture(page, name: str, size: str, scheme: str) -> Path:
    """The first screen of a page, as its reader sees it, small enough to be kept in the docs."""
    from PIL import Image

    file = picture_file(name, size, scheme)
    file.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(BytesIO(page.screenshot(animations="disabled"))) as shot:
        shot.convert("RGB").save(file, quality=80, method=6)
    return file


def copy_chosen() -> list[Path]:
    """Copies the chosen pictures into the docs. Raises FileNotFoundError where the story did not run before."""
    CHOSEN_FOLDER.mkdir(exist_ok=True)
    return [Path(shutil.copy2(BUILT / f"{name}.webp", CHOSEN_FOLDER / f"{name}.webp")) for name in CHOSEN]


if __name__ == "__main__":
    for copied in copy_chosen():
        print(copied.relative_to(ROOT))
