"""Writes the digest of what was trained into classifiers/models/weights.toml."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

WEIGHTS = Path("classifiers/models/weights.toml")


def record_digest(file: Path) -> None:
    """The file's digest, beside its name and that of its folder: models of others have files of the same name."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    text = WEIGHTS.read_text(encoding="utf-8")
    line = re.compile(rf'({re.escape(file.parent.name)}/{re.escape(file.name)}", sha256 = ")[^"]*')
    WEIGHTS.write_text(line.sub(rf"\g<1>{digest}", text), encoding="utf-8")
