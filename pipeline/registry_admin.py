"""The registrar: who is protected and what is known. Like the service, it asks who is asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.roles import Principal, Role, require_role
from media.arrays import RgbImage
from media.audio_decode import decode_mono_audio
from media.still_image import sample_image
from media.video import MonoAudio
from registry.near_duplicates.hamming_index import KnownHash
from registry.rights.registered_works import RegisteredWork

_MAX_VOICE_SECONDS = 120.0


class WritableGallery(Protocol):
    """Protected faces, or voices."""

    def add(self, person: str, kind: str, embedding: NDArray[np.float32]) -> None:
        """Protect a face or a voice."""

    def remove(self, person: str) -> int:
        """Forget a person's templates."""


class WritableHashBank(Protocol):
    """Hashes of known pictures."""

    def add(self, known: list[KnownHash]) -> None:
        """Bank hashes."""

    def remove(self, known_id: str) -> int:
        """Forget a picture's hashes."""


class WritableWorks(Protocol):
    """What rights holders registered."""

    def all(self) -> tuple[RegisteredWork, ...]:
        """Every work."""

    def put(self, works: list[RegisteredWork]) -> None:
        """Register works."""

    def remove(self, work_id: str) -> bool:
        """Forget a work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAdmin:
    """`embed_face` gives the template of the one face of a picture, or None; `embed_voice` that of the one voice.

    `hash_image` gives what a bank keeps of a picture.
    """

    gallery: WritableGallery
    voices: WritableGallery
    bank: WritableHashBank
    works: WritableWorks
    embed_face: Callable[[RgbImage], NDArray[np.float32] | None]
    embed_voice: Callable[[MonoAudio], NDArray[np.float32] | None]
    hash_image: Callable[[RgbImage], list[tuple[str, bytes]]]

    def add_protected_face(self, who: Principal, person: str, picture: Path, *, kind: str = "public_figure") -> None:
        """Protect the face in a picture, under an opaque id. The picture is not kept. Raises BadInput, BadMedia."""
        require_role(who, Role.OPERATOR)
        descriptor = self.embed_face(sample_image(picture).frames[0].rgb)
        if descriptor is None:
            raise BadInput("exactly one face must be readable in the picture: frontal, at least 48 pixels, sharp")
        self.gallery.add(person, kind, descriptor)

    def add_protected_voice(self, who: Principal, person: str, sound: Path, *, kind: str = "public_figure") -> None:
        """Protect the voice in a file, under an opaque id. The file is not kept. Raises BadInput, BadMedia."""
        require_role(who, Role.OPERATOR)
        heard = decode_mono_audio(sound, seconds=_MAX_VOICE_SECONDS)
        descriptor = self.embed_voice(heard) if heard else None
        if descriptor is None:
            raise BadInput("one voice must be heard for at least 5 seconds, and no other beside it")
        self.voices.add(person, kind, descriptor)

    def remove_protected(self, principal: Principal, person: str) -> int:
        """Forget all faces and voices of a person; returns how many there were."""
        require_role(principal, Role.OPERATOR)
        return self.gallery.remove(person) + self.voices.remove(person)

    def add_known_image(self, who: Principal, known_id: str, picture: Path, *, kind: str = "known_work") -> int:
        """Bank the hashes of a picture, under an opaque id; returns how many. The picture is not kept."""
        require_role(who, Role.OPERATOR)
        found = self.hash_image(sample_image(picture).frames[0].rgb)
        if not found:
            raise BadInput("the picture has too little detail to be recognised again")
        self.bank.add([KnownHash(id=known_id, kind=kind, algorithm=name, bits=bits) for name, bits in found])
        return len(found)

    def remove_known_image(self, principal: Principal, known_id: str) -> int:
        """Forget a picture's hashes; returns how many there were."""
        require_role(principal, Role.OPERATOR)
        return self.bank.remove(known_id)

    def register(self, principal: Principal, work: RegisteredWork) -> None:
        """Look for a character, work, brand, artist or person in prompts from now on; a known id is replaced."""
        require_role(principal, Role.OPERATOR)
        self.works.put([work])

    def unregister(self, principal: Principal, work_id: str) -> bool:
        """Stop looking for it; whether it was there."""
        require_role(principal, Role.OPERATOR)
        return self.works.remove(work_id)

    def registered(self, principal: Principal) -> tuple[RegisteredWork, ...]:
        """Everything that is looked for."""
        require_role(principal, Role.OPERATOR)
        return self.works.all()
