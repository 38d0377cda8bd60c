"""Example pictures of registered works: who may add, see and remove them, and how well they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from classifiers.image.example_matching import EXAMPLE_MODEL, ExampleStrength, describe_example, example_strength
from classifiers.models import Models
from core.errors import BadInput, Forbidden, NotFound, Unavailable
from core.roles import Principal, Role, Scope, require_scope
from media.container import check_file
from media.sampling import sample_video
from media.sandbox.limits import MIB, InputLimits
from media.still_image import is_image, jpeg_bytes, sample_image
from media.video import Frame
from registry.rights.registered_works import RegisteredWork
from registry.rights.work_images import PostgresWorkImages, WorkImage

MAX_EXAMPLE_BYTES = 32 * MIB
CLIP_PICTURES = 6  # of a clip
_CLIP_SECONDS = 30.0
_KEPT_SIDE = 768  # pixels of the longer side of what is kept
_LIMITS = InputLimits(max_bytes=MAX_EXAMPLE_BYTES, max_side=8192, max_duration=_CLIP_SECONDS, max_frames=1800)


class RegisteredWorks(Protocol):
    """What rights holders registered."""

    def all(self) -> tuple[RegisteredWork, ...]:
        """Every work that is looked for. Raises Unavailable."""

    def with_drafts(self) -> tuple[RegisteredWork, ...]:
        """Also those that are not looked for yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkImages:
    """The example pictures of a work, and what they are good for; None while there are none that can be compared."""

    work: RegisteredWork
    images: tuple[WorkImage, ...]
    strength: ExampleStrength | None

    @property
    def advice(self) -> str:
        """What the holder should do, in a sentence; empty where nothing is lacking."""
        if self.strength is None:
            return "No example picture yet: it is looked for in prompts only."
        if self.strength.too_few:
            return "Too few examples: add pictures from other sides, in other poses and by other hands."
        if self.strength.too_ordinary:
            return (
                "Ordinary pictures are as like these examples as they are like one another: add pictures that show "
                "nothing but the work, and remove those that show something else."
            )
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkImageService:
    """What the holder of a work may do, and operators for them. Moderators may see the pictures."""

    images: PostgresWorkImages
    works: RegisteredWorks
    models: Models

    def add(self, who: Principal, work_id: str, file: Path) -> tuple[WorkImage, ...]:
        """Add a picture, or pictures out of a clip of at most 30 s. The file is decoded in the sandbox and not kept.

        Compared with in the next video, everywhere. Raises BadInput, BadMedia, NotFound, Forbidden, and Unavailable
        where the model that compares is missing.
        """
        self._changeable(who, work_id)
        added = []
        for frame in _frames(file):
            pdq, vectors = describe_example(frame.rgb, self.models)
            if not len(vectors):
                continue
            picture = jpeg_bytes(frame.rgb, max_side=_KEPT_SIDE)
            height, width = frame.rgb.shape[:2]
            scale = min(1.0, _KEPT_SIDE / max(height, width))
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            added.append(
                self.images.add(work_id, picture, size, model=EXAMPLE_MODEL, pdq=pdq, vectors=vectors, added_by=who.id)
            )
        if not added:
            raise BadInput("the picture is of one colour, or what it shows is too small: at least 32 pixels are needed")
        return tuple(added)

    def of_work(self, who: Principal, work_id: str) -> WorkImages:
        """The examples of a work, without the pictures."""
        work = self._changeable(who, work_id)
        images = tuple(self.images.list(work_id))
        known = self.images.examples_of(work, EXAMPLE_MODEL)
        return WorkImages(work=work, images=images, strength=example_strength(known) if known.examples else None)

    def registered(self, who: Principal) -> Sequence[RegisteredWork]:
        """The works whose pictures this person may change."""
        require_scope(who, Scope.MANAGE)
        return [work for work in self.works.with_drafts() if may_change(who, work)]

    def picture(self, who: Principal, work_id: str, image_id: str) -> bytes:
        """An example as a JPEG, for its holder, operators and moderators."""
        if not who.has(Role.MODERATOR):
            self._changeable(who, work_id)
        return self.images.picture(work_id, image_id)

    def remove(self, who: Principal, work_id: str, image_id: str) -> bool:
        """Forget an example; whether it was there."""
        self._changeable(who, work_id)
        return self.images.remove(work_id, image_id)

    def _changeable(self, who: Principal, work_id: str) -> RegisteredWork:
        return changeable_work(self.works, who, work_id)


def changeable_work(works: RegisteredWorks, who: Principal, work_id: str) -> RegisteredWork:
    """A work whose examples this person may change. Raises NotFound for anybody else's, Forbidden."""
    require_scope(who, Scope.MANAGE)
    work = next((one for one in works.with_drafts() if one.id == work_id), None)
    if work is None or not may_change(who, work):
        if who.has(Role.OPERATOR, Role.PLATFORM, Role.RIGHTS_HOLDER):
            raise NotFound(f"no work {work_id} of yours is registered")
        raise Forbidden("examples are for the holder of a work, and for operators")
    return work


def require_work_images(service: WorkImageService | None) -> WorkImageService:
    """The service, where there is one. Raises Unavailable."""
    if service is None:
        raise Unavailable("example pictures of works cannot be kept here")
    return service


def may_change(who: Principal, work: RegisteredWork) -> bool:
    """Whether this is the holder's account, or an operator's."""
    return who.has(Role.OPERATOR) or bool(work.holder and work.holder == who.id)


def _frames(file: Path) -> Sequence[Frame]:
    check_file(file, _LIMITS)
    if is_image(file):
        return sample_image(file, max_side=2048, limits=_LIMITS).frames
    return sample_video(file, count=CLIP_PICTURES, max_side=1280, limits=_LIMITS).frames
