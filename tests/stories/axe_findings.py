"""What axe finds wrong with a page as it stands in a real browser."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe


def axe_findings(page) -> list[str]:
    """Each thing that axe finds wrong, with its place. [] where nothing is.

    The page is loaded first: between its first words and its stylesheet a page has the browser's own colours, and on
    a busy machine axe is quick enough to see them.
    """
    page.wait_for_load_state("load")
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
