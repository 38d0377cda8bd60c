"""`python -m console.languages.update [CODE…]`: every catalog gets the sentences that templates ask for and it lacks.

A new one has no translation, and says which templates show it. Nothing is taken away: sentences that are put together
in Python stand in the catalogs too, and no extractor finds those. A code that has no catalog yet gets one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from babel.messages.catalog import Catalog

from console.languages.po_files import LANGUAGES_FOLDER, catalog_files, new_catalog, read_catalog, write_catalog
from console.languages.template_sentences import template_sentences


def update_catalogs(new_codes: Iterable[str] = ()) -> None:
    """Bring the catalogs that are here, and new ones of these codes, in step with the templates."""
    files = {*catalog_files(), *(LANGUAGES_FOLDER / f"{code}.po" for code in new_codes)}
    for file in sorted(files):
        catalog = read_catalog(file) if file.exists() else new_catalog(file.stem)
        add_template_sentences(catalog)
        write_catalog(catalog, file)


def add_template_sentences(catalog: Catalog) -> None:
    """Sentences that it lacks, at its end; and for all of them which templates show them, as they are now."""
    shown: dict[str, list[str]] = {}
    for template, sentences in template_sentences().items():
        for sentence in sentences:
            shown.setdefault(sentence, []).append(f"console/templates/{template}")
    for sentence, templates in shown.items():
        message = catalog.get(sentence)
        if message is None:
            catalog.add(sentence, "")
            message = catalog.get(sentence)
        if message is not None:
            message.locations = [(template, 0) for template in templates]
    for message in catalog:
        if message.id and str(message.id) not in shown:
            message.locations = []


if __name__ == "__main__":
    update_catalogs(sys.argv[1:])
