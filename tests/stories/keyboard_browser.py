"""A real browser in which somebody has signed in, and works by keyboard."""

from __future__ import annotations


def signed_in_page(chromium, at, token, path="/login", **options):
    """A page at this path for whoever has the token, and what its console complains of from then on."""
    page, complaints = chromium.new_context(**options).new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(at.url + path)
    page.locator("#token").fill(token)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return page, complaints


class KeyboardBrowser:
    """A browser that somebody works with by keyboard alone."""

    def __init__(self, page, at):
        self.page, self.at = page, at

    def open(self, address):
        self.page.goto(self.at.url + address)

    def tab_to(self, selector):
        """Press the tab key until this has the focus."""
        for _ in range(150):
            if self.page.evaluate("(it) => document.activeElement.matches(it)", selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"nobody gets to {selector} with the tab key")

    def press(self, selector, key="Enter"):
        self.tab_to(selector)
        self.page.keyboard.press(key)

    def write(self, selector, text):
        self.tab_to(selector)
        self.page.keyboard.type(text)

    def submit(self, selector):
        """Press a button or link, and wait for the page that it leads to."""
        self.tab_to(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    @property
    def text(self):
        return self.page.locator("main").inner_text()
