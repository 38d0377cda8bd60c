"""Reads the prompt data sets, which lie outside the repository: the folder is named by ASSAY_DATA."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRow:
    """A prompt that people labelled. `unsafe` is their word on the whole of it."""

    id: str
    corpus: str
    text: str
    labels: frozenset[str]
    unsafe: bool
    lang: str
    style: str


@cache
def load_split(split: str, folder: Path | None = None) -> tuple[DatasetRow, ...]:
    """All rows of `train` or `dev`, in a folder of data or ASSAY_DATA. Raises BadInput where they are not there."""
    path = (folder or data_folder()) / "prompts" / f"{split}.jsonl.gz"
    if not path.is_file():
        raise BadInput(f"set ASSAY_DATA to the folder that holds prompts/{split}.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        read = [json.loads(line) for line in lines]
    return tuple(DatasetRow(**{**row, "labels": frozenset(row["labels"])}) for row in read)


def load_split_third(split: str, corpora: Sequence[str], third: int) -> tuple[DatasetRow, ...]:
    """All rows of a split, but of each of these corpora every third one, beginning with number `third`."""
    kept = [row for row in load_split(split) if row.corpus not in corpora]
    return (*kept, *(row for name in corpora for row in [r for r in load_split(split) if r.corpus == name][third::3]))


def data_folder() -> Path:
    """The folder named by ASSAY_DATA; the working folder if it names none."""
    return Path(os.environ.get("ASSAY_DATA", "."))
