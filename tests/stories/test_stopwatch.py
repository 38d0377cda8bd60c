"""The stopwatch: twenty mixed cases by keys alone in a real browser, with the presses and pages that are written down."""

import json
import re
from collections import deque
from dataclasses import dataclass, replace

import pytest

from core.case import Phase
from core.signals import Signal, Span, Subject
from pipeline.moderation.exposure import Step
from pipeline.stages.stage_context import Measurements
from tests.conftest import ROOT
from tests.stories.http_installation import FINE, HELD, REFUSED, memory_installation, serve_installation
from tests.stories.test_http_browser import CHROMIUM, chromium

__all__ = ["chromium"]

PAGE = ROOT / "docs" / "reference" / "keys-per-case.md"
PAGES_OF = {"w", "n", "c", "g"}  # keys after which the browser opens a page
SHOWN = {"nudity": "nudity", "likeness": "protected_person", "words on the screen": "seen_fraud"}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]


@dataclass(frozen=True)
class Row:
    """A row of the page: `keys` are pressed for each of `cases`, which then end in the phase `ends`."""

    kind: str
    cases: int
    keys: list[str]
    presses: int
    pages: int
    ends: Phase


def rows():
    table = re.findall(r"^\| (.+?) \| (\d+) \| `(.+?)` \| (\d+) \| (\d+) \| (\w+) \|$", PAGE.read_text(), re.M)
    return [Row(k, int(n), keys.split(), int(p), int(s), Phase(end)) for k, n, keys, p, s, end in table]


class Footage:
    """Measures the next video as a test says: what a real classifier would find in it."""

    def __init__(self):
        self.next = deque()

    def video(self, _file, subject, _leased, _is_certain=None):
        where = Span(start=1.0, end=2.5)
        found = [Signal(subject=subject, label="calm", score=0.04, source="story_frames/1", at=where)]
        words = ""
        if self.next and subject is Subject.VIDEO:
            label = self.next.popleft()
            found.append(Signal(subject=subject, label=label, score=0.9, source="story_frames/1", at=where))
            if label == "seen_fraud":
                passage = {"kind": "seen", "text": "Send money", "at": {"start": 1, "end": 2}, "certainty": 0.9}
                words = json.dumps([passage])
        return Measurements(signals=tuple(found), seconds={}, words=words)


@pytest.fixture
def footage():
    return Footage()


@pytest.fixture
def at(tmp_path, footage):
    made = memory_installation(tmp_path)
    measure = replace(made.service.context.measure, video=footage.video)
    object.__setattr__(made.service.context, "measure", measure)  # the route is bound to this very context
    with serve_installation(made) as serving:
        yield serving


def prepare(at, footage, kind, monkeypatch):
    """A case of this kind, as it comes into the queue."""
    label = next((label for words, label in SHOWN.items() if words in kind), None)
    if label:
        footage.next.append(label)
    prompt = REFUSED if "appeal" in kind else FINE if label or "broke" in kind else HELD
    case_id = at.submit(prompt)
    with monkeypatch.context() as broken:
        if "broke" in kind:
            shelf = type(at.installation.service.context.public_store)
            broken.setattr(shelf, "publish", lambda *_: (_ for _ in ()).throw(OSError("full")))
        case = at.settle(case_id)
    if "appeal" in kind:
        case = at.installation.service.appeal(at.platform.person, case_id, note="it is a toy")
    assert case.phase is Phase.HELD, kind
    return case_id


def test_twenty_mixed_cases_take_the_presses_and_pages_that_are_written_down(chromium, at, footage, monkeypatch):
    table = rows()
    work = [(row, prepare(at, footage, row.kind, monkeypatch)) for row in table for _ in range(row.cases)]
    assert len(work) == 20
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{at.url}/queue")
    page.get_by_label("Token").fill(at.moderator.token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/queue")
    page.wait_for_load_state()
    presses, pages = 0, 0
    presses += press(page, "n")  # of the queue: opens the one that waits longest
    pages += 1
    kinds, done = {case_id: row for row, case_id in work}, []
    while (opened := re.search(r"/cases/(\w+)", page.url)) and len(done) < len(work):  # in the queue's own order
        case_id, row = opened[1], kinds[opened[1]]
        before = presses, pages
        for key in row.keys:
            presses += press(page, key)
            pages += key in PAGES_OF
        assert (presses - before[0], pages - before[1]) == (row.presses, row.pages), row.kind
        assert at.settle(case_id).phase is row.ends, row.kind
        done.append(case_id)
    assert sorted(done) == sorted(kinds)
    assert page.url.endswith("/queue?done=empty")
    page.close()
    assert f"{len(work)} cases: {presses} presses, {pages} pages." in PAGE.read_text()
    replied = [case_id for row, case_id in work if "with a reply" in row.kind]
    for case_id in replied:
        with at.client(at.platform) as author:
            assert author.get(f"/v1/videos/{case_id}").json()["assay"]["reply"]
    seen = at.installation.service.exposure.mine(at.moderator.person)
    assert {Step.WORDS, Step.STILL, Step.GREY_CLIP} <= set(seen.by_step) and seen.severe_cases == 12


def press(page, key):
    """One press; where it opens a page, until that page has its script."""
    if key in PAGES_OF:
        with page.expect_navigation(wait_until="load"):
            page.keyboard.press(key)
    else:
        page.keyboard.press(key)
    return 1


def test_no_case_needs_more_than_seven_presses_and_the_common_ones_four():
    table = rows()
    assert max(row.presses for row in table) <= 7
    assert sorted(p for row in table for p in [row.presses] * row.cases)[10] <= 4
    assert all(row.presses == len(row.keys) and row.pages == len(PAGES_OF & set(row.keys)) for row in table)
