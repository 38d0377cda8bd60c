"""The registrar: who is protected and what is known. Like the service, it asks who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.models import Models
from core.errors import BadInput
from core.roles import Principal, Role, require_role
from media.arrays import Embedding, RgbImage
from media.audio_decode import decode_mono_audio
from media.still_image import sample_image
from media.video import MonoAudio
from registry.rights.registered_works import RegisteredWork

_MAX_VOICE_SECONDS = 120.0


class WritableGallery(Protocol):
    """Protected faces, or voices."""

    def add(self, person: str, kind: str, embedding: NDArray[np.float32]) -> None:
        """Protect a face or a voice."""

    def remove(self, person: str) -> int:
        """Forget a person's templates."""


class WritableWorks(Protocol):
    """What rights holders registered."""

    def all(self) -> tuple[RegisteredWork, ...]:
        """Every work."""

    def put(self, works: list[RegisteredWork]) -> None:
        """Register works."""

    def remove(self, work_id: str) -> bool:
        """Forget a work."""


class ErasableWorkImages(Protocol):
    """Example pictures of works."""

    def destroy(self, work: str) -> int:
        """Erase all of a work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceExtractor:
    """What is kept of a picture or a voice so that it is known again, by the models of this installation."""

    models: Models

    def face(self, picture: RgbImage) -> Embedding | None:
        """The template of the one face in a picture; None where there is not exactly one that can be read."""
        from classifiers.image.frame_faces import enrol_face

        return enrol_face(picture, self.models)

    def voice(self, sound: MonoAudio) -> Embedding | None:
        """The template of the one voice; None where there is too little of it, or another beside it."""
        from classifiers.audio.voices import enrol_voice

        return enrol_voice(sound, self.models)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAdmin:
    """Who is protected and what is known, for operators."""

    gallery: WritableGallery
    voices: WritableGallery
    works: WritableWorks
    work_images: ErasableWorkImages
    extractor: ReferenceExtractor

    def add_protected_face(self, who: Principal, person: str, picture: Path, *, kind: str = "public_figure") -> None:
        """Protect the face in a picture, under an opaque id. The picture is not kept. Raises BadInput, BadMedia."""
        require_role(who, Role.OPERATOR)
        descriptor = self.extractor.face(sample_image(picture).frames[0].rgb)
        if descriptor is None:
            raise BadInput("exactly one face must be readable in the picture: frontal, at least 48 pixels, sharp")
        self.gallery.add(person, kind, descriptor)

    def add_protected_voice(self, who: Principal, person: str, sound: Path, *, kind: str = "public_figure") -> None:
        """Protect the voice in a file, under an opaque id. The file is not kept. Raises BadInput, BadMedia."""
        require_role(who, Role.OPERATOR)
        heard = decode_mono_audio(sound, seconds=_MAX_VOICE_SECONDS)
        descriptor = self.extractor.voice(heard) if heard else None
        if descriptor is None:
            raise BadInput("one voice must be heard for at least 5 seconds, and no other beside it")
        self.voices.add(person, kind, descriptor)

    def remove_protected(self, principal: Principal, person: str) -> int:
        """Forget all faces and voices of a person; returns how many there were."""
        require_role(principal, Role.OPERATOR)
        return self.gallery.remove(person) + self.voices.remove(person)

    def register(self, principal: Principal, work: RegisteredWork) -> None:
        """Look for a character, work, brand, artist or person in prompts from now on; a known id is replaced."""
        require_role(principal, Role.OPERATOR)
        self.works.put([work])

    def unregister(self, principal: Principal, work_id: str) -> bool:
        """Stop looking for it, and erase its example pictures; whether it was there."""
        require_role(principal, Role.OPERATOR)
        self.work_images.destroy(work_id)
        return self.works.remove(work_id)

    def registered(self, principal: Principal) -> tuple[RegisteredWork, ...]:
        """Everything that is looked for."""
        require_role(principal, Role.OPERATOR)
        return self.works.all()
