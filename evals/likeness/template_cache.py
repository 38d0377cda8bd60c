"""Templates kept between runs of an evaluation, outside the repository: they are biometric data of real people."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from classifiers.person_comparison import PersonTemplates
from core.embedding_spaces import FACE_SPACE


class TemplateCache:
    """Impressions of photographs and their groups, by path. Without a file nothing is kept."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._held: dict[str, tuple[PersonTemplates, dict[str, str]]] = {}
        if file and file.is_file():
            with np.load(file, allow_pickle=False) as stored:
                if str(stored["space"]) != FACE_SPACE.name:
                    raise ValueError(f"{file.name} holds templates of {stored['space']}: delete it")
                said = json.loads(str(stored["said"]))
                for path, template in zip(said, stored["templates"], strict=True):
                    faces = () if np.isnan(template).any() else (template,)
                    self._held[path] = (
                        PersonTemplates(faces=faces, no_face_reason=said[path]["no_face"]),
                        said[path]["groups"],
                    )

    def __contains__(self, path: str) -> bool:
        return path in self._held

    def __getitem__(self, path: str) -> tuple[PersonTemplates, dict[str, str]]:
        return self._held[path]

    def put(self, path: str, description: PersonTemplates, groups: dict[str, str]) -> None:
        """Remember."""
        self._held[path] = description, groups

    def write(self) -> None:
        """Write the file, if there is to be one."""
        if self._file is None:
            return
        nothing = np.full(FACE_SPACE.dimensions, np.nan, np.float32)
        said = {path: {"no_face": one.no_face_reason, "groups": groups} for path, (one, groups) in self._held.items()}
        templates = np.stack([one.faces[0] if one.faces else nothing for one, _ in self._held.values()])
        np.savez(self._file, space=FACE_SPACE.name, said=json.dumps(said), templates=templates)
