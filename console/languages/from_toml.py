"""`python -m console.languages.from_toml FILE.toml`: what a catalog in TOML has beyond the PO file of its language.

The file is named by its code. What the PO file translates already stays as it is; the rest goes to its end, below the
comments that stand above it.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from console.languages.po_files import LANGUAGES_FOLDER, new_catalog, read_catalog, write_catalog
from console.languages.update import add_template_sentences


def add_from_toml(source: Path) -> int:
    """How many sentences were added. Raises TOMLDecodeError where a sentence is not on one line."""
    target = LANGUAGES_FOLDER / f"{source.stem}.po"
    catalog = read_catalog(target) if target.exists() else new_catalog(source.stem)
    added = 0
    for section, sentence, translation in _sentences(source):
        message = catalog.get(sentence)
        if message is None:
            catalog.add(sentence, translation, user_comments=[section] if section else [])
        elif message.string:
            continue
        else:
            message.string = translation
        added += 1
    add_template_sentences(catalog)
    write_catalog(catalog, target)
    return added


def _sentences(source: Path) -> Iterator[tuple[str, str, str]]:
    """Section, sentence and translation of each line."""
    section, before, begun = "", "", False
    for line in source.read_text("utf-8").splitlines():
        if not begun:
            begun = line.startswith("[sentences]")
        elif line.startswith("#"):
            words = line.lstrip("# ").strip()
            section = f"{section} {words}" if before.startswith("#") else words
        elif line.strip():
            for sentence, translation in tomllib.loads(line).items():
                yield section, sentence, str(translation)
        before = line


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: {add_from_toml(Path(name))} sentences added")
