"""The registrar: who is protected and what is known. Like the desk, it asks who is asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from media.hearing import listen
from media.still import still
from media.video import Heard
from pipeline.people import Person, Role, require
from registry.hashes import KnownHash
from registry.works import Work

Picture = NDArray[np.uint8]

_ENROLLED_SECONDS = 120.0


class Gallery(Protocol):
    """Protected faces, or voices."""

    def add(self, person: str, kind: str, embedding: NDArray[np.float32]) -> None:
        """Protect a face or a voice."""

    def remove(self, person: str) -> int:
        """Forget a person's templates."""


class Bank(Protocol):
    """Hashes of known pictures."""

    def add(self, known: list[KnownHash]) -> None:
        """Bank hashes."""

    def remove(self, known_id: str) -> int:
        """Forget a picture's hashes."""


class Works(Protocol):
    """What rights holders registered."""

    def all(self) -> tuple[Work, ...]:
        """Every work."""

    def put(self, works: list[Work]) -> None:
        """Register works."""

    def remove(self, work_id: str) -> bool:
        """Forget a work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrar:
    """`describe` gives the template of the one face of a picture, or None; `describe_voice` that of the one voice.

    `hash_picture` gives what a bank keeps of a picture.
    """

    gallery: Gallery
    voices: Gallery
    bank: Bank
    works: Works
    describe: Callable[[Picture], NDArray[np.float32] | None]
    describe_voice: Callable[[Heard], NDArray[np.float32] | None]
    hash_picture: Callable[[Picture], list[tuple[str, bytes]]]

    def protect(self, who: Person, person: str, picture: Path, *, kind: str = "public_figure") -> None:
        """Protect the face in a picture, under an opaque id. The picture is not kept. Raises BadInput, BadMedia."""
        require(who, Role.OPERATOR)
        descriptor = self.describe(still(picture).frames[0].rgb)
        if descriptor is None:
            raise BadInput("exactly one face must be readable in the picture: frontal, at least 48 pixels, sharp")
        self.gallery.add(person, kind, descriptor)

    def protect_voice(self, who: Person, person: str, sound: Path, *, kind: str = "public_figure") -> None:
        """Protect the voice in a file, under an opaque id. The file is not kept. Raises BadInput, BadMedia."""
        require(who, Role.OPERATOR)
        heard = listen(sound, seconds=_ENROLLED_SECONDS)
        descriptor = self.describe_voice(heard) if heard else None
        if descriptor is None:
            raise BadInput("one voice must be heard for at least 5 seconds, and no other beside it")
        self.voices.add(person, kind, descriptor)

    def unprotect(self, who: Person, person: str) -> int:
        """Forget all faces and voices of a person; returns how many there were."""
        require(who, Role.OPERATOR)
        return self.gallery.remove(person) + self.voices.remove(person)

    def know(self, who: Person, known_id: str, picture: Path, *, kind: str = "known_work") -> int:
        """Bank the hashes of a picture, under an opaque id; returns how many. The picture is not kept."""
        require(who, Role.OPERATOR)
        found = self.hash_picture(still(picture).frames[0].rgb)
        if not found:
            raise BadInput("the picture has too little detail to be recognised again")
        self.bank.add([KnownHash(id=known_id, kind=kind, algorithm=name, bits=bits) for name, bits in found])
        return len(found)

    def forget(self, who: Person, known_id: str) -> int:
        """Forget a picture's hashes; returns how many there were."""
        require(who, Role.OPERATOR)
        return self.bank.remove(known_id)

    def register(self, who: Person, work: Work) -> None:
        """Look for a character, work, brand, artist or person in prompts from now on; a known id is replaced."""
        require(who, Role.OPERATOR)
        self.works.put([work])

    def unregister(self, who: Person, work_id: str) -> bool:
        """Stop looking for it; whether it was there."""
        require(who, Role.OPERATOR)
        return self.works.remove(work_id)

    def registered(self, who: Person) -> tuple[Work, ...]:
        """Everything that is looked for."""
        require(who, Role.OPERATOR)
        return self.works.all()
