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
                descriptions = json.loads(str(stored["said"]))
                for path, template in zip(descriptions, stored["templates"], strict=True):
                    faces = () if np.isnan(template).any() else (template,)
                    self._held[path] = (
                        PersonTemplates(faces=faces, no_face_reason=descriptions[path]["no_face"]),
                        descriptions[path]["groups"],
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
        descriptions = {
            path: {"no_face": person.no_face_reason, "groups": groups} for path, (person, groups) in self._held.items()
        }
        templates = np.stack([person.faces[0] if person.faces else nothing for person, _ in self._held.values()])
        np.savez(self._file, space=FACE_SPACE.name, said=json.dumps(descriptions), templates=templates)
