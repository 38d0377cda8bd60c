"""Example sounds of registered works: who may add, see and remove them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput, BadMedia
from core.roles import Principal, Role, Scope, require_scope
from media.audio_decode import decode_mono_audio
from media.lookup.sound_hashes import MIN_SOUND_QUALITY, hashed_seconds
from media.sandbox.limits import MIB, InputLimits
from media.sound.listening_copy import listening_copy
from pipeline.rights.work_image_service import RegisteredWorks, changeable_work
from registry.rights.work_sounds import MAX_SOUND_NAME, PostgresWorkSounds, WorkSound

MAX_SOUND_BYTES = 32 * MIB
MAX_SOUND_SECONDS = 600
MIN_SOUND_SECONDS = 3
"""Seconds that have to be clear: fewer could be anything."""

_LIMITS = InputLimits(max_bytes=MAX_SOUND_BYTES, max_duration=float(MAX_SOUND_SECONDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSoundService:
    """What the holder of a work may do, and operators for them, as with its pictures."""

    sounds: PostgresWorkSounds
    works: RegisteredWorks

    def add(self, who: Principal, work_id: str, file: Path, *, name: str = "") -> WorkSound:
        """Add a recording, or the sound of a clip, of 3 s to 10 minutes, under a name that tells it from others.

        It is decoded in the sandbox; a fingerprint is kept and a small copy to listen to, and the file is not. Compared
        with in the next video, everywhere. Raises BadInput, BadMedia, NotFound, Forbidden, and Unavailable.
        """
        changeable_work(self.works, who, work_id)
        name = " ".join(name.split())
        if len(name) > MAX_SOUND_NAME or not name.isprintable():
            raise BadInput(f"a sound's name has one line of up to {MAX_SOUND_NAME} characters", param="name")
        heard = decode_mono_audio(file, seconds=float(MAX_SOUND_SECONDS), limits=_LIMITS)
        if heard is None:
            raise BadMedia("there is no sound in it")
        if not heard.complete:
            raise BadInput(f"a sound has at most {MAX_SOUND_SECONDS // 60} minutes: give the part that matters")
        clear = [(second, bits) for second, bits, quality in hashed_seconds(heard) if quality >= MIN_SOUND_QUALITY]
        if len(clear) < MIN_SOUND_SECONDS:
            raise BadInput(f"at least {MIN_SOUND_SECONDS} s of sound that changes are needed to know it again")
        return self.sounds.add(work_id, name, clear, added_by=who.id, recording=listening_copy(heard))

    def of_work(self, who: Principal, work_id: str) -> Sequence[WorkSound]:
        """The sounds of a work, by what they are called."""
        return self.sounds.list(changeable_work(self.works, who, work_id).id)

    def recording(self, who: Principal, work_id: str, sound_id: str) -> bytes:
        """An example to listen to, as an MP3, for its holder, operators and moderators. Raises NotFound, Forbidden."""
        if who.has(Role.MODERATOR):
            require_scope(who, Scope.MODERATE)
        else:
            changeable_work(self.works, who, work_id)
        return self.sounds.recording(work_id, sound_id)

    def can_be_heard(self, sounds: Sequence[str]) -> frozenset[str]:
        """Those of these sounds that can be listened to. Says nothing of what they are."""
        return self.sounds.heard(sounds) if sounds else frozenset()

    def remove(self, who: Principal, work_id: str, sound_id: str) -> bool:
        """Forget a sound; whether it was there."""
        return self.sounds.remove(changeable_work(self.works, who, work_id).id, sound_id)
