"""Sessions and form tokens, signed with a secret that is in the home folder and nowhere else.

A session holds the id of the key that began it, whether a second factor was given, and the time. Its signature also
covers the digest of that key. The key is looked up anew each time: when it is revoked or expires, or the account is
closed, its sessions end at once. One that was signed out is remembered until it would have ended by itself, so that a
copy of it opens nothing. A sign-in that waits for its second factor is signed too, and is no session.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from itsdangerous import BadSignature, Signer, TimestampSigner, URLSafeTimedSerializer

from core.errors import Unavailable
from core.key_files import create_key_file
from core.roles import Principal, Role
from pipeline.accounts import AccountKey, Accounts, admit, authenticate

SESSION_SECONDS = 12 * 3600  # seconds
PENDING_SECONDS = 600  # seconds in which the second factor has to follow the first
_TWO_FACTORS = "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Makes sessions and looks at them. `secret` is 32 random bytes in hex.

    No session that began without a second factor is one of an account with a role of `second_factor_roles`.
    """

    accounts: Accounts
    secret: str
    second_factor_roles: frozenset[Role]

    def create(self, token: str) -> str | None:
        """A session for whoever has this token, without a second factor; None for an unknown or closed account."""
        person = authenticate(self.accounts, token)
        found = self.accounts.by_key_id(person.key) if person else None
        return self.begin(found[1], second_factor=False) if found else None

    def begin(self, key: AccountKey, *, second_factor: bool) -> str:
        """A session for whoever has this key, and gave a second factor or did not."""
        # Two sessions that begin within a second are two, so that the end of one is not that of the other.
        marked = f"{key.id}~{secrets.token_hex(8)}~{_TWO_FACTORS if second_factor else ''}"
        return self._signer(key).sign(marked).decode()

    def hold(self, key: AccountKey) -> str:
        """What a page carries from the first factor to the second."""
        return self._signer(key, "pending").sign(f"{key.id}~{secrets.token_hex(8)}").decode()

    def held_key(self, pending: str) -> AccountKey | None:
        """Whose second factor is waited for. None if it is forged or too old, or the key lets nobody in any more."""
        found = self.accounts.by_key_id(pending.rsplit(".", 2)[0].partition("~")[0])
        if found is None or admit(self.accounts, *found) is None:
            return None
        try:
            self._signer(found[1], "pending").unsign(pending, max_age=PENDING_SECONDS)
        except BadSignature:
            return None
        return found[1]

    def person(self, session: str) -> Principal | None:
        """Whose session this is. None if it is forged, older than twelve hours, or its key lets nobody in any more."""
        found = self.accounts.by_key_id(session.rsplit(".", 2)[0].partition("~")[0])
        if found is None:
            return None
        try:
            self._signer(found[1]).unsign(session, max_age=SESSION_SECONDS)
        except BadSignature:
            return None
        if self.accounts.is_session_ended(_digest(session)):
            return None
        person = admit(self.accounts, *found)
        if person is not None and self.needs_second_factor(person) and not self.has_second_factor(session):
            return None
        return person

    def has_second_factor(self, session: str) -> bool:
        """Whether a second factor was given when this session, which `person` knows, began."""
        return session.rsplit(".", 2)[0].split("~")[2:] == [_TWO_FACTORS]

    def needs_second_factor(self, person: Principal) -> bool:
        """Whether this person's roles require one."""
        return bool(self.second_factor_roles) and person.has(*self.second_factor_roles)

    def end(self, session: str) -> None:
        """Let the session open nothing any more, in whichever browser it is. Nothing happens for a forged one."""
        if self.person(session) is not None:
            self.accounts.end_session(_digest(session), datetime.now(UTC) + timedelta(seconds=SESSION_SECONDS))

    def csrf_token(self, seed: str) -> str:
        """The token that forms must carry for this session, or for this visitor who has none yet.

        Masked anew each time, so that a page that is compressed never has the same secret in it twice.
        """
        signature = Signer(self.secret, salt="assay.form").get_signature(seed)
        mask = secrets.token_bytes(len(signature))
        return (mask + _xor(mask, signature)).hex()

    def is_valid_csrf_token(self, seed: str, token: str) -> bool:
        """Whether the form was made here, for this session or visitor."""
        try:
            masked = bytes.fromhex(token)
        except ValueError:
            return False
        signature, half = Signer(self.secret, salt="assay.form").get_signature(seed), len(masked) // 2
        return bool(seed) and secrets.compare_digest(_xor(masked[:half], masked[half:]), signature)

    def timed_serializer(self, salt: str) -> URLSafeTimedSerializer:
        """Signs what a page carries and gives back, with the time."""
        return URLSafeTimedSerializer(self.secret, salt=salt)

    def _signer(self, key: AccountKey, kind: str = "session") -> TimestampSigner:
        return TimestampSigner(self.secret, salt=f"assay.{kind}.{key.digest}")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


def _digest(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()


def load_session_secret(folder: Path) -> str:
    """The secret of this home folder, made at first use and readable by its owner only. Raises Unavailable."""
    file = folder / "session.secret"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            create_key_file(file, secrets.token_hex(32).encode("ascii"))
        if file.stat().st_mode & 0o077:
            raise Unavailable(f"{file.name} can be read by others: chmod 600 it, or delete it to end all sessions")
        secret = file.read_text("ascii").strip()
    except OSError as error:
        raise Unavailable(f"the session secret cannot be kept: {error.strerror}") from None
    if len(secret) != 64:
        raise Unavailable(f"{file.name} is damaged: delete it, and everyone signs in again")
    return secret
