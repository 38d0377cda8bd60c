"""Passkeys in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pipeline.access.passkeys import Passkey


class MemoryPasskeys:
    """Passkeys for as long as the process lives."""

    def __init__(self) -> None:
        self._passkeys: dict[str, Passkey] = {}
        self._used: dict[str, datetime] = {}

    def add(self, passkey: Passkey) -> bool:
        """See PasskeyStore."""
        if self.by_credential(passkey.credential) is not None:
            return False
        self._passkeys[passkey.key] = passkey
        return True

    def by_credential(self, credential: bytes) -> Passkey | None:
        """See PasskeyStore."""
        return next((one for one in self._passkeys.values() if one.credential == credential), None)

    def of_key(self, key: str) -> Passkey | None:
        """See PasskeyStore."""
        return self._passkeys.get(key)

    def count(self, key: str, before: int, now: int) -> bool:
        """See PasskeyStore."""
        known = self._passkeys.get(key)
        if known is None or known.sign_count != before:
            return False
        self._passkeys[key] = replace(known, sign_count=now)
        return True

    def remove(self, key: str) -> None:
        """See PasskeyStore."""
        self._passkeys.pop(key, None)

    def use_challenge(self, digest: str, until: datetime) -> bool:
        """See PasskeyStore."""
        if digest in self._used:
            return False
        self._used[digest] = until
        return True
