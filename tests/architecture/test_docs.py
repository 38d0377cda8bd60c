"""What is undocumented fails a test."""

import re
from typing import get_args

from core.case import Phase
from core.events import Event
from tests.conftest import ROOT

DOCS = ROOT / "docs"


def test_every_decision_is_in_the_index():
    index = (DOCS / "adr" / "README.md").read_text()
    pages = [p.name for p in (DOCS / "adr").glob("0*.md") if p.name != "0000-template.md"]
    assert len(pages) >= 10
    assert [p for p in pages if f"({p})" not in index] == []


def test_every_event_and_phase_is_in_the_words():
    words = (DOCS / "concepts.md").read_text()
    missing = [k.__name__ for k in get_args(Event) if f"`{k.__name__}`" not in words]
    missing += [p.value for p in Phase if f"`{p.value}`" not in words]
    assert missing == []


def test_the_pages_made_from_the_code_are_current():
    from pipeline.reference_docs import cli_page, settings_page, transitions_page

    assert (DOCS / "reference" / "settings.md").read_text() == settings_page()
    assert (DOCS / "reference" / "cli.md").read_text() == cli_page()
    assert (DOCS / "reference" / "transitions.md").read_text() == transitions_page()


def test_every_link_between_pages_leads_somewhere():
    broken = []
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_the_readme_names_each_make_target():
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.M)
    readme = (ROOT / "README.md").read_text()
    assert [
        t for t in ("demo", "test", "check", "serve", "bench") if f"make {t}" not in readme or t not in targets
    ] == []
